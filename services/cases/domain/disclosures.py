"""
Disclosures: one document, to one third party, for one purpose, until one day (R3, R4, R8).

The consent binds a digest of exactly what would leave. It is made when the disclosure is proposed,
and made again from what was opened before anything is shown or sent: one byte more or another
address, and nothing leaves.
"""

from __future__ import annotations

import hashlib
import hmac
import json
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


@attrs.frozen
class Particulars:
    """What the student is asked to agree to, beside the document itself. Sealed as one item."""

    document: str
    recipient: str
    recipient_name: str = attrs.field(repr=False)
    recipient_address: str = attrs.field(repr=False)
    purpose: str
    ends_on: str

    def canonical(self) -> bytes:
        """Write the one form that is sealed and digested: JSON, keys in order, no blanks, ASCII."""
        return json.dumps(attrs.asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_canonical(cls, opened: bytes) -> Particulars:
        """Read what `canonical` wrote."""
        return cls(**json.loads(opened))


def payload_digest(salt: bytes, particulars: Particulars, content_digest: bytes) -> str:
    """
    Give the digest that the consent binds: SHA-256(salt || particulars || content digest), in hex.

    The first and the last part are 32 bytes long, so no two payloads give the same input.
    """
    return hashlib.sha256(salt + particulars.canonical() + content_digest).hexdigest()


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
    document_id: str
    case_id: str
    recipient: str
    purpose: str
    """The code, as the enum `DisclosurePurpose` names it."""
    ends_on: date
    consent: str
    """Empty until the student has been asked; it counts as proposed from then on."""
    state: DisclosureState
    version: int
    payload_digest: str

    @property
    def name(self) -> str:
        """The resource name, which is also the item's name for the key of its particulars."""
        return name_of("disclosures", self.id)

    @property
    def document(self) -> str:
        """The name of the document."""
        return name_of("documents", self.document_id)


def unknown(name: str) -> Disclosure:
    """Stand in for a disclosure that is not there, so that consent is asked about it as well."""
    same = name.partition("/")[2]
    return Disclosure(
        id=same,
        document_id=same,
        case_id=same,
        recipient=name_of("thirdParties", same),
        purpose="DISCLOSURE_PURPOSE_CONFIRM_USE",
        ends_on=date.min,
        consent="",
        state=DisclosureState.ENDED,
        version=0,
        payload_digest="0" * 64,
    )
