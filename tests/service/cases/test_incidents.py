"""The register of inadvertent breaches (R14)."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sas.cases.v1 import incidents_pb2 as pb
from sas.common.v1.purpose_pb2 import PURPOSE_RECORD_KEEPING
from sas.consent.v1 import walls_pb2

from common.errors import InvalidFields, NotAvailable, RefusedByPolicy
from tests.kit.house import Person
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import CANARY, Office, timestamp


def recorded(office: Office, case: str, decider: Person, **said: Any) -> pb.Incident:
    known = timestamp(said.pop("known_at", datetime.now(UTC) - timedelta(hours=1)))
    fields: dict[str, Any] = {
        "kind": "incident",
        "what": "wrong_recipient",
        "happened": f"{CANARY} the letter went astray",
        "request_id": str(uuid4()),
    }
    request = pb.RecordIncidentRequest(
        parent=case, decider=decider.name, known_at=known, **fields | said
    )
    return office.sas.call(office.who, office.sas.incidents.RecordIncident, request)


def decided(sas: House, who: Person, name: str) -> pb.Incident:
    request = pb.DecideIncidentRequest(
        name=name, outcome="not_reportable", done=f"{CANARY} it came back unopened"
    )
    return sas.call(who, sas.incidents.DecideIncident, request)


def read(sas: House, who: Person, name: str) -> pb.IncidentRecord:
    request = pb.GetIncidentRequest(name=name, purpose=PURPOSE_RECORD_KEEPING)
    return sas.call(who, sas.incidents.GetIncident, request)


def test_an_accident_is_recorded_decided_and_read(sas: House, office: Office, zoe: Person) -> None:
    """R14: 72 hours from when it was known; who decides is named; what was done is sealed."""
    decider = adviser()
    found = recorded(office, office.opens_case(zoe).name, decider)
    within = found.report_by.ToDatetime() - found.known_at.ToDatetime()
    assert (within, found.overdue, found.decider) == (timedelta(hours=72), False, decider.name)
    for other in (adviser(), office.who):
        with pytest.raises(RefusedByPolicy) as refused:
            decided(sas, other, found.name)
        assert refused.value.reasons == ("not_the_one_to_decide",)
    assert decided(sas, decider, found.name).decided_by == decider.name
    decisions = "select entry from entries where action = 'incident:decide' order by idx desc"
    line = json.loads(bytes(sas.sql(decisions, database="consent")[0][0]))
    assert (line["about"], line["actor"]) == (found.name, decider.name)
    assert line["details"] == {"outcome": "not_reportable", "decider": decider.name}
    with pytest.raises(RefusedByPolicy) as refused:
        decided(sas, decider, found.name)
    assert refused.value.reasons == ("accident_already_decided",)
    lines = "select effect from entries where record = %s and action = 'incident:decide'"
    record = found.case.replace("cases/", "records/")
    effects = [effect for (effect,) in sas.sql(lines, record, database="consent")]
    assert sorted(effects) == ["allow", "deny", "deny", "deny"]
    opened = read(sas, adviser(), found.name)
    assert opened.happened == f"{CANARY} the letter went astray"
    assert opened.done == f"{CANARY} it came back unopened"
    assert CANARY.encode() not in sas.dump()


def test_a_manager_decides_when_the_one_named_can_not(
    sas: House, office: Office, zoe: Person
) -> None:
    found = recorded(office, office.opens_case(zoe).name, adviser())
    manager = adviser(roles=frozenset({"manager"}))
    assert decided(sas, manager, found.name).outcome == "not_reportable"


def test_the_clock_of_an_accident_runs_out_and_a_near_miss_has_none(
    sas: House, office: Office, zoe: Person
) -> None:
    """UK GDPR, article 33."""
    case = office.opens_case(zoe).name
    known_at = datetime.now(UTC) - timedelta(hours=73)
    late = recorded(office, case, office.who, known_at=known_at)
    assert late.overdue
    assert not decided(sas, office.who, late.name).overdue
    near = recorded(office, case, office.who, kind="near_miss", known_at=known_at)
    assert not near.overdue
    assert not near.HasField("report_by")
    listed = sas.call(office.who, sas.incidents.ListIncidents, pb.ListIncidentsRequest())
    assert {late.name, near.name} <= {each.name for each in listed.incidents}


def test_nothing_is_known_before_it_happened(office: Office, zoe: Person) -> None:
    case, later = office.opens_case(zoe).name, datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(InvalidFields):
        recorded(office, case, office.who, known_at=later)


def test_who_is_outside_or_behind_a_wall_reads_nothing(
    sas: House, office: Office, zoe: Person
) -> None:
    found = recorded(office, office.opens_case(zoe).name, office.who)
    for outsider in (student(), zoe):
        for name in (found.name, f"incidents/{uuid4()}"):
            with pytest.raises(NotAvailable):
                read(sas, outsider, name)


def test_an_accident_of_which_no_case_is_known_has_a_record_of_its_own(
    sas: House, office: Office
) -> None:
    """R14: a letter left on a printer is an accident, whoever it was about."""
    found = recorded(office, "cases/-", office.who)
    assert found.case == ""
    assert found.report_by.ToDatetime() > found.known_at.ToDatetime()
    uuid = found.name.partition("/")[2]
    known = "select kind, student, parent from records where record = %s"
    assert sas.sql(known, f"records/{uuid}", database="consent") == [("incident", "", "")]
    assert read(sas, adviser(), found.name).happened == f"{CANARY} the letter went astray"
    decided(sas, office.who, found.name)
    assert read(sas, adviser(), found.name).done == f"{CANARY} it came back unopened"
    assert CANARY.encode() not in sas.dump()


def test_recording_it_twice_records_it_once(sas: House, office: Office) -> None:
    request_id = str(uuid4())
    first = recorded(office, "cases/-", office.who, request_id=request_id)
    assert recorded(office, "cases/-", office.who, request_id=request_id) == first


def test_a_case_that_is_not_there_is_no_accident_without_a_case(office: Office) -> None:
    """A name typed wrong must not lead to words in a place where nobody looks for them."""
    with pytest.raises(NotAvailable):
        recorded(office, f"cases/{uuid4()}", office.who)


def test_of_two_who_decide_at_once_one_decides(sas: House, office: Office, zoe: Person) -> None:
    """R14: decided once, also by a manager and the one named at the same moment."""
    found = recorded(office, office.opens_case(zoe).name, office.who)
    answers: list[str] = []

    def decide(who: Person) -> None:
        try:
            answers.append(decided(sas, who, found.name).decided_by)
        except RefusedByPolicy as refused:
            answers.append(refused.reasons[0])

    two = (office.who, adviser(roles=frozenset({"manager"})))
    threads = [threading.Thread(target=decide, args=(who,)) for who in two]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    assert "accident_already_decided" in answers
    assert {each.name for each in two} & set(answers)


def test_nobody_decides_behind_a_wall(sas: House, office: Office, zoe: Person) -> None:
    """R10: and it looks as if there were nothing."""
    case, decider = office.opens_case(zoe).name, adviser()
    found = recorded(office, case, decider)
    record = case.replace("cases/", "records/")
    request = walls_pb2.DeclareWallRequest(record=record, request_id=str(uuid4()))
    sas.call(decider, sas.walls.DeclareWall, request)
    requests = [
        pb.DecideIncidentRequest(name=name, outcome="not_reportable", done="-")
        for name in (found.name, f"incidents/{uuid4()}")
    ]
    refusals = {sas.refusal(decider, "IncidentsService/DecideIncident", each) for each in requests}
    assert len(refusals) == 1
