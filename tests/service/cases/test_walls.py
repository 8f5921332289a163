"""
R10: walls only for a conflict of interest. To whoever is behind one, nothing is there.

The attacker is an adviser with a wall around one case, who calls all that staff can call: with
the names of that case and of all that belongs to it, and, for lists, page by page. The calls come
from the protos, so a new one is tried at once; a new list has to be shown something to hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import attrs
import pytest
from sas.cases.v1 import (
    access_requests_pb2,
    breaches_pb2,
    cases_pb2,
    enquiries_pb2,
    incidents_pb2,
)
from sas.consent.v1 import breach_procedure_pb2, walls_pb2

from common.errors import NotAvailable, TryAgain
from common.rpc.client import Peer
from deploy.gateway.rpcs import Rpc
from services.identity.domain.roles import PERMISSIONS
from tests.kit import all_calls
from tests.kit.all_calls import Answer, absent, requests
from tests.kit.house import Person
from tests.kit.servers.session import Servers
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import Office, timestamp
from tests.system.calls import CALLS, Json

OURS = [each for each in CALLS if each.service in ("cases", "consent") and not each.anyone]
LISTS = [each for each in OURS if each.method.startswith("List")]
HIDES_NOTHING = {
    "consent.ListGrounds": "published law",
    "consent.ListNameGrounds": "published law",
    "consent.ListAccesses": "for the student only",
    "consent.ListNameRequests": "for the student only",
    "consent.ListLedgerEntries": "for who verifies the whole; docs/policy.md says what it tells",
    "cases.CheckCaseForConflict": "says whether to pass it on, which is what it is for",
    "consent.DeclareWall": "tried in tests/service/consent/test_walls.py: it hides the student",
}
"""Calls whose answer does not depend on walls, or must, and why."""
SHOWN_ELSEWHERE = {
    "consent.ListAdviceRequests": "tests/service/consent/test_breach_tasks.py",
    "consent.ListBreachReviews": "tests/service/consent/test_breach_tasks.py",
    "consent.ListEmbargoes": "tests/service/consent/test_embargoes.py",
    "consent.ListNameTasks": "tests/service/consent/test_name_requests.py",
}
"""Lists that show something only once a procedure has got far enough, and who takes it there."""


@attrs.frozen(kw_only=True)
class Behind:
    """A case with everything that can belong to it."""

    case: str
    names: Mapping[str, str]
    """By collection: one of each."""

    @property
    def ids(self) -> Sequence[bytes]:
        """The ids that no answer may have in it."""
        return [
            name.rpartition("/")[2].encode()
            for kind, name in self.names.items()
            if kind not in ("students", "thirdParties", "staffMembers")
        ]


def asks_for_a_copy(sas: House, zoe: Person) -> str:
    """Ask, as the student, for a copy of what is held about her."""
    request = access_requests_pb2.RequestAccessRequest(request_id=str(uuid4()))
    return str(sas.call(zoe, sas.access.RequestAccess, request).name)


def with_everything(office: Office, zoe: Person, asked: Person, access_request: str = "") -> Behind:
    """
    Open a case from an enquiry, with one of each thing; *asked* is asked for advice.

    There is a copy of it, for a request that the student made or makes.
    """
    sas, who = office.sas, office.who
    enquiry = sas.call(
        who,
        sas.enquiries.RecordEnquiry,
        enquiries_pb2.RecordEnquiryRequest(words="w", topic="t", request_id=str(uuid4())),
    ).name
    case = office.opens_case(zoe, from_enquiry=enquiry).name
    note, document = office.writes_note(case).name, office.attaches_letter(case).name
    redaction = office.redacts(note, "Somebody").name
    printed = office.prints(case, note, document).print.name
    disclosure = office.proposes(document, "tutor@example.org")
    sas.sql(
        "insert into mails values (%s, 'link', 'unsure', '', now(), now(), null)", disclosure.name
    )
    contact = office.names(case)
    access_request = access_request or asks_for_a_copy(sas, zoe)
    # As if she asked now, whenever it was: only what was there then is still to be copied.
    sas.sql(
        "update access_requests set created_at = now() where id = %s",
        access_request.partition("/")[2],
    )
    copy = sas.call(
        who,
        sas.access.PrepareAccessCopy,
        access_requests_pb2.PrepareAccessCopyRequest(
            access_request=access_request, items=[document], request_id=str(uuid4())
        ),
    ).name
    breach = sas.call(
        who,
        sas.breaches.DraftBreach,
        breaches_pb2.DraftBreachRequest(
            parent=case, parts=breaches_pb2.BreachParts(outline="o"), request_id=str(uuid4())
        ),
    ).name
    sas.sql(
        "insert into staff_roles values (%s, 1, 'adviser', now(), now() + interval '1 day')"
        " on conflict do nothing",
        asked.name,
        database="consent",
    )
    sas.call(
        who,
        sas.procedure.AskForAdvice,
        breach_procedure_pb2.AskForAdviceRequest(name=breach, colleague=asked.name),
    )
    incident = sas.call(
        who,
        sas.incidents.RecordIncident,
        incidents_pb2.RecordIncidentRequest(
            parent=case,
            kind="incident",
            what="wrong_recipient",
            known_at=timestamp(datetime.now(UTC) - timedelta(hours=1)),
            decider=asked.name,
            happened="h",
            request_id=str(uuid4()),
        ),
    ).name
    return Behind(
        case=case,
        names={
            "cases": case,
            "records": case.replace("cases/", "records/"),
            "notes": note,
            "redactions": redaction,
            "documents": document,
            "prints": printed,
            "disclosures": disclosure.name,
            "consents": disclosure.consent,
            "contacts": contact.name,
            "accessCopies": copy,
            "breaches": breach,
            "incidents": incident,
            "enquiries": enquiry,
            "students": zoe.name,
        },
    )


def wall_off(sas: House, by: Person, who: Person, **around: str) -> None:
    """Put up a wall between a colleague and a case (by its record) or a student."""
    request = walls_pb2.DeclareWallRequest(staff_member=who.name, request_id=str(uuid4()), **around)
    sas.call(by, sas.walls.DeclareWall, request)


def call(sas: House, who: Person, rpc: Rpc, body: Json) -> Answer:
    """Call what cases or consent answers."""
    token = sas.token_of(who)
    assert token is not None
    return all_calls.call(_peer(sas, rpc), token, rpc, body)


def pages(sas: House, who: Person, rpc: Rpc, body: Json, size: int) -> list[bytes]:
    """Give all pages of a list."""
    token = sas.token_of(who)
    assert token is not None
    return all_calls.pages(_peer(sas, rpc), token, rpc, body, size)


def _peer(sas: House, rpc: Rpc) -> Peer:
    return sas.cases_peer if rpc.service == "cases" else sas.consent_peer


@pytest.fixture(scope="module")
def sas(servers: Servers) -> Iterator[House]:
    """Run services of this file's own: nothing that other tests set going changes a list."""
    with House.open(servers) as running:
        yield running


@pytest.fixture(scope="module")
def ada() -> Person:
    """Give the attacker: an adviser who may do all that advisers may."""
    return adviser(permissions=PERMISSIONS["adviser"])


@pytest.fixture(scope="module")
def bob() -> Person:
    """Give their colleague, who has no wall."""
    return adviser(permissions=PERMISSIONS["adviser"])


@attrs.frozen(kw_only=True)
class Scene:
    """What the attacker saw before there was anything to hide, and what is hidden now."""

    behind: Behind
    zoe: Person
    lists_before: Mapping[str, list[bytes]]
    other_case: str
    other_before: Answer


def all_lists(sas: House, who: Person, student_name: str) -> dict[str, list[bytes]]:
    """Give all pages of all lists that name no parent, and of those about a student."""
    found = {}
    for rpc in LISTS:
        for body in requests(rpc, {"students": student_name}):
            if "parent" not in body and rpc.name not in HIDES_NOTHING:
                for size in (1, 3, 200):
                    found[f"{rpc.name} {sorted(body)} {size}"] = pages(sas, who, rpc, body, size)
    return found


@pytest.fixture(scope="module")
def scene(sas: House, ada: Person, bob: Person) -> Scene:
    """Let the attacker look, then open a case of the same student, and wall the attacker off."""
    zoe = student()
    other = Office(sas, bob).opens_case(zoe, contact_date="2026-01-05").name
    get = next(each for each in OURS if each.name == "cases.GetCase")
    access_request = asks_for_a_copy(sas, zoe)
    lists, seen = all_lists(sas, ada, zoe.name), call(sas, ada, get, {"name": other})
    behind = with_everything(Office(sas, bob), zoe, ada, access_request)
    wall_off(sas, bob, ada, record=behind.names["records"])
    return Scene(behind=behind, zoe=zoe, lists_before=lists, other_case=other, other_before=seen)


# Before all that is tried further down, which leaves things of the attacker's own behind.


def test_every_list_is_as_if_the_case_had_never_been(sas: House, ada: Person, scene: Scene) -> None:
    """Rows, order, sizes of pages and their tokens: byte by byte as before it was opened."""
    assert all_lists(sas, ada, scene.zoe.name) == scene.lists_before


def test_another_case_of_the_student_tells_nothing_of_it(
    sas: House, ada: Person, scene: Scene
) -> None:
    """One date of last involvement for the person would tell that there was another contact."""
    get = next(each for each in OURS if each.name == "cases.GetCase")
    assert call(sas, ada, get, {"name": scene.other_case}) == scene.other_before


@pytest.mark.parametrize("rpc", OURS, ids=lambda rpc: rpc.name)
def test_a_walled_adviser_learns_nothing_by_any_call(
    sas: House, ada: Person, scene: Scene, rpc: Rpc
) -> None:
    """The same answer, to the byte, as for what never was; and none of it anywhere in it."""
    if rpc.name in HIDES_NOTHING:
        pytest.skip(HIDES_NOTHING[rpc.name])
    there = list(requests(rpc, scene.behind.names))
    never = list(requests(rpc, absent(scene.behind.names)))
    for one, other in zip(there, never, strict=True):
        given, expected = call(sas, ada, rpc, one), call(sas, ada, rpc, other)
        assert given.code == expected.code, one
        assert not [each for each in scene.behind.ids if each in given.said], one
        if given.code != "OK":
            assert given == expected, one


@pytest.mark.parametrize(
    "rpc", [each for each in LISTS if each.name not in HIDES_NOTHING], ids=lambda rpc: rpc.name
)
def test_a_colleague_without_a_wall_is_shown_it(
    sas: House, ada: Person, bob: Person, scene: Scene, rpc: Rpc
) -> None:
    """The test above is worth something: in every list there was something to hide."""
    if rpc.name in SHOWN_ELSEWHERE:
        pytest.skip(SHOWN_ELSEWHERE[rpc.name])
    shown = [
        page
        for body in requests(rpc, scene.behind.names)
        for page in pages(sas, bob, rpc, body, 200)
    ]
    assert any(each in page for page in shown for each in scene.behind.ids)


def test_a_wall_around_the_student_hides_what_is_still_to_come(sas: House, bob: Person) -> None:
    ada, zoe = adviser(), student()
    Office(sas, bob).opens_case(zoe)
    wall_off(sas, bob, ada, student=zoe.name)
    Office(sas, bob).opens_case(zoe)
    of_zoe = cases_pb2.ListCasesRequest(student=zoe.name)
    assert len(sas.call(bob, sas.cases.ListCases, of_zoe).cases) == 2
    assert not sas.call(ada, sas.cases.ListCases, of_zoe).cases
    with pytest.raises(NotAvailable):
        Office(sas, ada).opens_case(zoe)


def test_a_wall_works_at_once_and_until_it_is_taken_down(sas: House, bob: Person) -> None:
    ada = adviser()
    case = Office(sas, bob).opens_case(student()).name
    get = cases_pb2.GetCaseRequest(name=case)
    sas.call(ada, sas.cases.GetCase, get)
    declared = walls_pb2.DeclareWallRequest(
        record=case.replace("cases/", "records/"), request_id=str(uuid4())
    )
    wall = sas.call(ada, sas.walls.DeclareWall, declared)
    with pytest.raises(NotAvailable):
        sas.call(ada, sas.cases.GetCase, get)
    manager = adviser(roles=frozenset({"manager"}))
    sas.call(manager, sas.walls.LiftWall, walls_pb2.LiftWallRequest(name=wall.name))
    sas.call(ada, sas.cases.GetCase, get)


def test_the_staff_member_involved_keeps_their_breach_behind_a_colleagues_wall(
    sas: House, bob: Person
) -> None:
    """R37: no veto. They reach what they began, and nothing else of the case."""
    ada = adviser(permissions=PERMISSIONS["adviser"])
    behind = with_everything(Office(sas, ada), student(), bob)
    wall_off(sas, bob, ada, record=behind.names["records"])
    name = behind.names["breaches"]
    amend = breaches_pb2.AmendBreachRequest(name=name, parts=breaches_pb2.BreachParts(reason="r"))
    sas.call(ada, sas.breaches.AmendBreach, amend)
    read = breaches_pb2.GetBreachRequest(name=name)
    assert sas.call(ada, sas.breaches.GetBreach, read).reason == "r"
    with pytest.raises(NotAvailable):
        sas.call(ada, sas.cases.GetCase, cases_pb2.GetCaseRequest(name=behind.case))


def test_an_adviser_asks_before_they_look(
    sas: House, ada: Person, bob: Person, scene: Scene
) -> None:
    """And is told only that; what is not there is nothing to pass on."""
    for who, about, answer in (
        (ada, scene.behind.case, True),
        (ada, scene.behind.names["enquiries"], True),
        (ada, scene.other_case, True),  # another case of the same student
        (ada, f"cases/{uuid4()}", False),
        (bob, scene.behind.case, False),
    ):
        asked = cases_pb2.CheckCaseForConflictRequest(about=about)
        found = sas.call(who, sas.cases.CheckCaseForConflict, asked)
        assert found.pass_to_a_colleague is answer, about


def test_while_consent_is_away_the_staff_see_nothing(sas: House, bob: Person) -> None:
    """When nobody can say what is behind a wall, everything is."""
    case = Office(sas, bob).opens_case(student()).name
    with sas.without("consent-serve"):
        for method, request in (
            (sas.cases.GetCase, cases_pb2.GetCaseRequest(name=case)),
            (sas.cases.ListCases, cases_pb2.ListCasesRequest()),
            (sas.enquiries.ListEnquiries, enquiries_pb2.ListEnquiriesRequest()),
        ):
            with pytest.raises(TryAgain):
                sas.call(bob, method, request)


NOT_BEHIND_WALLS = {
    "incident_decisions": "joined to incidents, and never read without one",
    "incident_reminders": "the worker's alone, who reminds for nobody",
}


def test_every_table_about_a_case_hides_what_is_behind_walls(sas: House) -> None:
    """Row by row in the database, so that no query can forget it."""
    about = sas.sql(
        "select distinct table_name from information_schema.columns where table_schema = 'public'"
        " and column_name in ('case_id', 'enquiry_id', 'breach_id', 'incident_id',"
        " 'name_request_id', 'student_id', 'copy_id')"
    )
    hides = sas.sql(
        "select tablename from pg_policies where policyname = 'not_hidden'"
        " and roles = '{cases_serve}'"
    )
    tables = {"cases"} | {name for (name,) in about}
    assert tables - {name for (name,) in hides} == set(NOT_BEHIND_WALLS)
