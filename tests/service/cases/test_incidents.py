"""The register of inadvertent breaches (R14)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sas.cases.v1 import incidents_pb2 as pb
from sas.common.v1.purpose_pb2 import PURPOSE_RECORD_KEEPING

from common.errors import InvalidFields, NotAvailable, WrongState
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
        with pytest.raises(NotAvailable):
            decided(sas, other, found.name)
    assert decided(sas, decider, found.name).decided_by == decider.name
    with pytest.raises(WrongState):
        decided(sas, decider, found.name)
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
