"""R3, R4: the door opens for a pass that fits what lies here, and opens once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import attrs
import pytest

from common.passes import Passes, PassOffice, PassRefused
from common.seal import seal
from services.cases.actions.access_copies import SealedCopy
from services.cases.actions.egress import bound, let_out
from services.cases.actions.payloads import SealedPayload
from services.cases.domain.access_copies import AccessCopy, CopyParticulars
from services.cases.domain.disclosures import Disclosure, Particulars, payload_digest
from services.cases.domain.names import record_of
from services.cases.domain.payload import PayloadChanged
from services.cases.domain.states import DisclosureState
from services.cases.storage.consent import Keys
from services.cases.storage.disclosures import CONTENT
from services.cases.storage.sealed import WORDS, SealedItem
from tests.unit.common.test_passes import Signer

Found = SealedPayload | SealedCopy
KEY, SALT, FILE = b"k" * 32, b"s" * 32, b"%PDF- the file"


class UsedPasses:
    """Remembers which passes were used, as the table does."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def use(self, decision: str, now: datetime) -> bool:
        """Use a pass; False the second time."""
        fresh = decision not in self.used
        self.used.add(decision)
        return fresh


@attrs.frozen
class Door:
    """The door, with the gate's key beside it."""

    signer: Signer = attrs.field(factory=Signer)
    used: UsedPasses = attrs.field(factory=UsedPasses)

    def opens(self, found: Found, gate_pass: str, action: str = "disclosure:send") -> bytes:
        """Let out what is found here."""
        tools: Any = SimpleNamespace(passes=Passes(self.signer), now=lambda: datetime.now(UTC))
        work: Any = SimpleNamespace(passes=self.used)
        keys = Keys({found.sealed.item: KEY}, gate_pass)
        return let_out(tools, work, found, keys, action).content

    def pass_for(self, found: Found, action: str = "disclosure:send", **other: Any) -> str:
        """Sign a pass for what is found here, or for something else."""
        parcel = found.parcel(Keys({found.sealed.item: KEY}))
        said = attrs.evolve(bound(parcel, action), **other)
        return PassOffice(self.signer).issue(said, "entry-1")


def letter() -> SealedPayload:
    """Seal a letter as it lies in the tables."""
    what = Particulars(
        items=[f"documents/{uuid4()}"],
        titles=["A letter"],
        recipient=f"thirdParties/{uuid4()}",
        recipient_name="Dr Example",
        recipient_address="tutor@example.org",
        purpose="DISCLOSURE_PURPOSE_WELFARE_SUPPORT",
        ends_on="2026-12-01",
    )
    disclosure = Disclosure(
        id=str(uuid4()),
        case_id=str(uuid4()),
        items=what.items,
        recipient=what.recipient,
        purpose=what.purpose,
        ends_on=date(2026, 12, 1),
        consent="consents/1",
        state=DisclosureState.PROPOSED,
        version=1,
        payload_digest=payload_digest(SALT, what, FILE),
    )
    record = record_of(disclosure.case_id)
    fields = {WORDS: what.canonical(), CONTENT: FILE}
    sealed = SealedItem(
        record,
        disclosure.name,
        "wrapped",
        {
            name: seal(KEY, words, record=record, item=disclosure.name, field=name)
            for name, words in fields.items()
        },
    )
    return SealedPayload(disclosure, sealed, SALT)


def own_copy() -> SealedCopy:
    """Seal a student's own copy as it lies in the tables."""
    what = CopyParticulars(
        request=f"accessRequests/{uuid4()}",
        recipient=f"students/{uuid4()}",
        items=[f"notes/{uuid4()}"],
        redactions=[],
    )
    copy = AccessCopy(
        id=str(uuid4()),
        request=what.request,
        student=what.recipient,
        case_id=str(uuid4()),
        items=what.items,
        redactions=[],
        left_out=[],
        payload_digest=what.digest(SALT, FILE),
    )
    record = record_of(copy.case_id)
    fields = {WORDS: what.canonical(), CONTENT: FILE}
    ciphertexts = {
        name: seal(KEY, words, record=record, item=copy.name, field=name)
        for name, words in fields.items()
    }
    sealed = SealedItem(record, copy.name, "wrapped", ciphertexts)
    return SealedCopy(copy, sealed, SALT, redacted=True)


each_kind = pytest.mark.parametrize("kind", [letter, own_copy], ids=lambda kind: kind.__name__)


@each_kind
def test_a_pass_that_fits_opens_the_door_once(kind: Callable[[], Found]) -> None:
    door, found = Door(), kind()
    gate_pass = door.pass_for(found)
    assert door.opens(found, gate_pass) == FILE
    with pytest.raises(PassRefused) as refused:
        door.opens(found, gate_pass)
    assert refused.value.because == "used"


@each_kind
@pytest.mark.parametrize(
    "other",
    [
        {"action": "disclosure:collect"},
        {"about": f"disclosures/{uuid4()}"},
        {"recipient": f"students/{uuid4()}"},
        {"purpose": "safety"},
        {"items": frozenset({"disclosures/1"})},
        {"payload": "0" * 64},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_pass_for_anything_else_does_not(
    other: dict[str, Any], kind: Callable[[], Found]
) -> None:
    door, found = Door(), kind()
    with pytest.raises(PassRefused) as refused:
        door.opens(found, door.pass_for(found, **other))
    assert refused.value.because == "for_something_else"
    assert door.used.used == set()


@each_kind
def test_no_pass_no_letter(kind: Callable[[], Found]) -> None:
    """Keys alone are not enough: a preview's keys come without a pass."""
    door, found = Door(), kind()
    with pytest.raises(PassRefused):
        door.opens(found, "")
    with pytest.raises(PassRefused):
        door.opens(found, Door().pass_for(found))


def test_what_was_changed_here_stays_whatever_the_pass() -> None:
    door, found = Door(), letter()
    gate_pass = door.pass_for(found)
    moved = attrs.evolve(found.disclosure, purpose="DISCLOSURE_PURPOSE_SAFETY")
    with pytest.raises(PayloadChanged):
        door.opens(attrs.evolve(found, disclosure=moved), gate_pass)


def test_a_copy_in_another_students_place_stays_whatever_the_pass() -> None:
    door, found = Door(), own_copy()
    gate_pass = door.pass_for(found)
    moved = attrs.evolve(found.copy, student=f"students/{uuid4()}")
    with pytest.raises(PayloadChanged):
        door.opens(attrs.evolve(found, copy=moved), gate_pass)
