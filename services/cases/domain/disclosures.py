"""
Disclosures: one file, to one third party, for one purpose, until one day (R3, R4, R8).

The file is rendered when the disclosure is proposed, from documents and notes of one case. The
consent binds a digest of exactly these bytes and of where they go. It is made again from what was
opened before anything is shown or sent: one byte more or another address, and nothing leaves.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import attrs

from services.cases.domain.days import NotADay, end_of_day, parse_day
from services.cases.domain.names import name_of
from services.cases.domain.states import DisclosureState

LONGEST = timedelta(days=365)
"""From the day of the proposal to its last day."""

LINK_LIVES = timedelta(days=14)
"""A link dies then, or at the end of the disclosure's last day, whichever comes first."""

SALT_BYTES = 32


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@attrs.frozen
class Particulars:
    """What the student is asked to agree to, beside the file; sealed with it, as one item."""

    items: tuple[str, ...] = attrs.field(converter=_in_order)
    """The documents and notes that the file was made of, in order."""
    titles: tuple[str, ...] = attrs.field(converter=_in_order, repr=False)
    """What each of them is called."""
    recipient: str
    recipient_name: str = attrs.field(repr=False)
    recipient_address: str = attrs.field(repr=False)
    purpose: str
    ends_on: str
    redactions: tuple[str, ...] = attrs.field(converter=_in_order, default=())
    """Those with which it was made; not written if there are none, as before there were any."""

    def canonical(self) -> bytes:
        """Write the one form that is sealed and digested: JSON, keys in order, no blanks, ASCII."""
        said = attrs.asdict(self)
        if not self.redactions:
            del said["redactions"]
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_canonical(cls, opened: bytes) -> Particulars:
        """Read what `canonical` wrote."""
        return cls(**json.loads(opened))


def payload_digest(salt: bytes, particulars: Particulars, content: bytes) -> str:
    """
    Give the digest that the consent binds: SHA-256(salt || particulars || SHA-256(file)), in hex.

    The first and the last part are 32 bytes long, so no two payloads give the same input.
    """
    file = hashlib.sha256(content).digest()
    return hashlib.sha256(salt + particulars.canonical() + file).hexdigest()


def watermark(recipient_name: str, disclosure: str) -> str:
    """Give what is written over each page: who finds it elsewhere knows whose copy it was."""
    return f"For {recipient_name} \u00b7 {disclosure}"


def same_digest(one: str, other: str) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def last_day(text: str, today: date) -> date:
    """
    Read the last day of a disclosure.

    Raises:
        NotADay: it is no date, over already, or more than a year away.
    """
    day = parse_day(text)
    if day < today:
        raise NotADay("must be today or later")
    if day - today > LONGEST:
        raise NotADay("must be within a year from today")
    return day


def link_expires(ends_on: date, now: datetime) -> datetime:
    """Give the first moment at which a link made *now* is dead."""
    return min(end_of_day(ends_on), now + LINK_LIVES)


@attrs.frozen
class Disclosure:
    """A disclosure, without words."""

    id: str
    case_id: str
    items: tuple[str, ...] = attrs.field(converter=_in_order)
    recipient: str
    purpose: str
    """The code, as the enum `DisclosurePurpose` names it."""
    ends_on: date
    consent: str
    """Empty until the student has been asked; it counts as proposed from then on."""
    state: DisclosureState
    version: int
    payload_digest: str
    redactions: tuple[str, ...] = attrs.field(converter=_in_order, default=())
    """The redactions with which the file was made."""
    openings: int = 0
    """How often the third party has seen it; the ledger has a line for each."""
    first_opened_at: datetime | None = None

    @property
    def name(self) -> str:
        """The resource name, which is also the item's name for its data key."""
        return name_of("disclosures", self.id)

    @property
    def document(self) -> str:
        """The name of the first document in it; empty if it is made of notes."""
        return next((each for each in self.items if each.startswith("documents/")), "")


def unknown(name: str) -> Disclosure:
    """Stand in for a disclosure that is not there, so that consent is asked about it as well."""
    same = name.partition("/")[2]
    return Disclosure(
        id=same,
        case_id=same,
        items=(),
        recipient=name_of("thirdParties", same),
        purpose="DISCLOSURE_PURPOSE_CONFIRM_USE",
        ends_on=date.min,
        consent="",
        state=DisclosureState.ENDED,
        version=0,
        payload_digest="0" * 64,
    )
