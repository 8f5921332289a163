"""
R18: what a staff member needs on paper is printed through the one gate, and accounted for.

Paper leaves the system like a disclosure does: with a pass for exactly it, and a line in the
ledger. What has no words is kept about each copy until somebody says that it was destroyed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import attrs
import pytest
from pypdf import PdfReader
from sas.cases.v1 import prints_pb2
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import ledger_pb2, walls_pb2

from common import caller
from common.config import load
from common.db import Database
from common.errors import (
    InvalidFields,
    NotAvailable,
    RefusedByPolicy,
    SecondFactorNeeded,
    WrongState,
)
from services.cases.__main__ import tools as put_together
from services.cases.actions.prints import Wanted, print_items
from services.cases.actions.tools import Tools
from services.cases.config import Settings
from services.cases.domain.prints import Print
from services.cases.storage.consent import Consent, Keys
from tests.kit.house import Person, eventually, login
from tests.service.cases.house import House, adviser
from tests.service.cases.office import CANARY, LONG_AGO, Office, dispose

PRINT = "PrintsService/PrintItems"


def lines(sas: House, about: str) -> list[tuple[str, str, str]]:
    """Give what the ledger says about a print, in order: action, effect, actor."""
    return [
        tuple(row)
        for row in sas.sql(
            "select action, effect, actor from entries"
            " where convert_from(entry, 'UTF8')::jsonb ->> 'about' = %s order by idx",
            about,
            database="consent",
        )
    ]


def register(sas: House, who: Person, **asked: Any) -> list[prints_pb2.Print]:
    """List prints."""
    request = prints_pb2.ListPrintsRequest(**asked)
    return list(sas.call(who, sas.prints.ListPrints, request).prints)


def destroys(sas: House, who: Person, name: str) -> prints_pb2.Print:
    """Say that a print was destroyed."""
    request = prints_pb2.AttestDestructionRequest(name=name)
    return sas.call(who, sas.prints.AttestDestruction, request)


def test_what_a_staff_member_refers_to_is_printed_and_says_whose_copy_it_is(
    sas: House, office: Office, zoe: Person
) -> None:
    """R18: paperwork that is required for a staff member to refer to; R14: print watermark."""
    case = office.opens_case(zoe).name
    note, letter = office.writes_note(case).name, office.attaches_letter(case).name
    printed = office.prints(case, letter, note)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages]
    assert len(pages) == 2
    for page in pages:
        assert office.who.name in page
        assert printed.print.name in page
        assert zoe.name not in page
    assert f"{CANARY} situation" in pages[1]
    assert register(sas, office.who, case=case) == [printed.print]
    assert printed.print.kept_in == "B2"
    assert lines(sas, printed.print.name) == [("paper:print", "allow", office.who.name)]


def test_the_student_sees_that_it_was_printed(sas: House, office: Office, zoe: Person) -> None:
    """R23: who has seen my record, as what, and why: on paper, too."""
    case = office.opens_case(zoe).name
    printed = office.prints(case, office.writes_note(case).name)
    destroys(sas, office.who, printed.print.name)
    found = sas.call(zoe, sas.ledger.ListAccesses, ledger_pb2.ListAccessesRequest()).accesses
    assert [(each.action, each.purpose, each.allowed) for each in found] == [
        ("paper:destroy", "", True),
        ("paper:print", "advice", True),
        ("case_note:read", "advice", True),
    ]


class MixedUp(Consent):
    """The consent service, asked about something else than what lies here."""

    sas: House
    person: Person
    change: dict[str, Any]

    def authorise_print(self, printed: Print, file_sha256: str, *, intact: bool) -> Keys:
        """Ask for another pass; a refusal is asked for as it is."""
        if not intact:
            return super().authorise_print(printed, file_sha256, intact=False)
        change = dict(self.change)
        who = adviser() if change.pop("another_person", False) else self.person
        digest = change.pop("digest", file_sha256)
        with caller.calling(self.sas.token_of(who)):
            return super().authorise_print(attrs.evolve(printed, **change), digest, intact=True)


@contextmanager
def mixed_up(sas: House, who: Person, change: dict[str, Any]) -> Iterator[Tools]:
    """Give what actions work with, on the same servers, with passes for something else."""
    vault = login(sas.state, "cases-serve")
    database = Database(sas.settings("cases-serve"), vault)
    config = load(sas.state / "etc/cases-serve.toml", Settings)
    consent = MixedUp(sas.peer("consent", "cases-serve"))
    consent.sas, consent.person, consent.change = sas, who, change
    try:
        with caller.calling(sas.token_of(who)):
            yield attrs.evolve(put_together(config, vault, database), consent=consent)
    finally:
        database.close()
        vault.close()


@pytest.mark.parametrize(
    "change",
    [
        {"another_person": True},
        {"purpose": "PURPOSE_SAFETY"},
        {"items": ["documents/00000000-0000-4000-8000-000000000000"]},
        {"digest": "0" * 64},
        {"id": "00000000-0000-4000-8000-000000000000"},
    ],
    ids=["recipient", "purpose", "items", "payload hash", "print"],
)
def test_change_any_one_and_it_stays_and_the_ledger_says_so(
    sas: House, office: Office, zoe: Person, change: dict[str, Any]
) -> None:
    """R3: one gate. A pass for anything else prints nothing, enters nothing, and is told."""
    case = office.opens_case(zoe).name
    wanted = Wanted(
        case=case,
        items=[office.writes_note(case).name],
        purpose=purpose_pb2.PURPOSE_ADVICE,
        kept_in="B2",
    )
    token = sas.token_of(office.who)
    assert token is not None
    with mixed_up(sas, office.who, change) as tools, pytest.raises(RefusedByPolicy) as refused:
        print_items(tools, token, wanted, request_id=str(uuid4()))
    assert set(refused.value.reasons) == {"not_what_was_decided"}
    assert register(sas, office.who, case=case) == []
    record = case.replace("cases/", "records/")
    (last,) = sas.sql(
        "select action, effect from entries where record = %s order by idx desc limit 1",
        record,
        database="consent",
    )
    assert last == ("paper:print", "deny")


def test_with_nothing_changed_the_same_way_prints(sas: House, office: Office, zoe: Person) -> None:
    """The test above is worth something."""
    case = office.opens_case(zoe).name
    items, purpose = [office.writes_note(case).name], purpose_pb2.PURPOSE_ADVICE
    wanted = Wanted(case=case, items=items, purpose=purpose, kept_in="B2")
    token = sas.token_of(office.who)
    assert token is not None
    with mixed_up(sas, office.who, {}) as tools:
        _, released = print_items(tools, token, wanted, request_id=str(uuid4()))
    assert released.content.startswith(b"%PDF-")


def test_a_repeated_call_prints_no_second_copy_under_one_name(
    sas: House, office: Office, zoe: Person
) -> None:
    """R18: one name in the register is one copy on paper."""
    case = office.opens_case(zoe).name
    note, request_id = office.writes_note(case).name, str(uuid4())
    office.prints(case, note, request_id=request_id)
    with pytest.raises(WrongState):
        office.prints(case, note, request_id=request_id)
    assert len(register(sas, office.who, case=case)) == 1


def test_who_may_not_print_is_told_nothing(sas: House, office: Office, zoe: Person) -> None:
    """R9: refused, of another case, and absent are the same bytes."""
    case, other = office.opens_case(zoe).name, office.opens_case(zoe).name
    note = office.writes_note(case).name

    def request(parent: str, item: str) -> prints_pb2.PrintItemsRequest:
        return prints_pb2.PrintItemsRequest(
            parent=parent,
            items=[item],
            purpose=purpose_pb2.PURPOSE_ADVICE,
            kept_in="B2",
            request_id=str(uuid4()),
        )

    never = sas.refusal(office.who, PRINT, request(case, f"notes/{uuid4()}"))
    assert sas.refusal(office.who, PRINT, request(other, note)) == never
    walled = adviser()
    declared = walls_pb2.DeclareWallRequest(
        record=case.replace("cases/", "records/"), request_id=str(uuid4())
    )
    sas.call(walled, sas.walls.DeclareWall, declared)
    for who in (walled, adviser(roles=frozenset({"trustee"})), zoe):
        assert sas.refusal(who, PRINT, request(case, note)) == never
    for item in (note, f"notes/{uuid4()}"):
        alone = adviser(second_factor=False)
        with pytest.raises(SecondFactorNeeded):
            sas.call(alone, sas.prints.PrintItems, request(case, item))
    assert register(sas, office.who, case=case) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"kept_in": "Zoe"},
        {"kept_in": "zoe-1"},
        {"kept_in": ""},
        {"purpose": purpose_pb2.PURPOSE_DISCLOSURE},
        {"purpose": purpose_pb2.PURPOSE_ACCESS_REQUEST},
    ],
    ids=["a name", "a name and a number", "nowhere", "to give out", "for the student"],
)
def test_a_drawer_has_no_name_and_a_purpose_is_from_the_list(
    office: Office, zoe: Person, wrong: dict[str, Any]
) -> None:
    case = office.opens_case(zoe).name
    note = office.writes_note(case).name
    with pytest.raises(InvalidFields):
        office.prints(case, note, **wrong)


def test_paper_is_accounted_for_until_somebody_says_it_is_destroyed(
    sas: House, office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe).name
    note = office.writes_note(case).name
    first, second = office.prints(case, note).print, office.prints(case, note).print
    colleague = adviser()
    gone = destroys(sas, colleague, first.name)
    assert gone.destroyed_by == colleague.name
    assert register(sas, office.who, case=case, only_kept=True) == [second]
    assert [each.name for each in register(sas, office.who, case=case)] == [second.name, first.name]
    assert lines(sas, first.name)[-1] == ("paper:destroy", "allow", colleague.name)
    with pytest.raises(WrongState):
        destroys(sas, office.who, first.name)


def test_nobody_outside_says_that_paper_is_destroyed(
    sas: House, office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe).name
    printed = office.prints(case, office.writes_note(case).name).print
    attest = "PrintsService/AttestDestruction"
    never = prints_pb2.AttestDestructionRequest(name=f"prints/{uuid4()}")
    there = prints_pb2.AttestDestructionRequest(name=printed.name)
    for who in (adviser(roles=frozenset({"trustee"})), zoe):
        assert sas.refusal(who, attest, there) == sas.refusal(who, attest, never)
    with pytest.raises(NotAvailable):
        destroys(sas, office.who, never.name)
    assert register(sas, office.who, case=case, only_kept=True) == [printed]


def test_a_case_is_disposed_of_when_its_paper_is(sas: House, office: Office, zoe: Person) -> None:
    """R18, R27: and no longer, on paper neither; the refusal names what is still there."""
    case = office.opens_case(zoe, contact_date=LONG_AGO).name
    note = office.writes_note(case, contact_date=LONG_AGO).name
    printed = office.prints(case, note).print
    assert dispose(sas, office.who, case, really=False).open_prints == [printed.name]
    with pytest.raises(WrongState) as refused:
        dispose(sas, office.who, case, really=True)
    assert printed.name in refused.value.message
    destroys(sas, office.who, printed.name)
    record = dispose(sas, office.who, case, really=True).record
    counted = "select count(*) from disposals where record = %s"
    eventually(lambda: sas.sql(counted, record) == [(1,)])
