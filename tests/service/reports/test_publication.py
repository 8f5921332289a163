"""R3, R30: a report leaves by the one gate, with a pass for exactly what lies frozen."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.reports.v1.reports_pb2 import PublishedReport, PublishReportRequest, Report

from common.errors import NotAvailable, RefusedByPolicy, SecondFactorNeeded, TryAgain
from common.passes import Passes, PassOffice
from services.reports.actions import egress
from services.reports.domain.report import Report as Frozen
from services.reports.domain.report import Row
from services.reports.domain.years import Period
from tests.kit.house import Person
from tests.service.reports.house import House, freeze, staff, student
from tests.unit.common.test_passes import Signer


def publish(
    sas: House, who: Person, report: Report, recipient: str = "publication"
) -> PublishedReport:
    request = PublishReportRequest(name=report.name, recipient=recipient)
    return sas.call(who, sas.reports.PublishReport, request)


def test_what_leaves_is_what_was_frozen_and_the_ledger_says_so(sas: House) -> None:
    sas.happens(*sas.students_with_cases(1991, 23, "kings"))
    who = staff()
    report = sas.call(who, sas.reports.FreezeReport, freeze(1991, purpose="annual-report"))
    published = publish(sas, who, report)
    lines = published.content.decode().split("\r\n")
    for row in report.rows:
        assert ",".join([row.code, *row.cells]) in lines
    assert published.file_sha256 == hashlib.sha256(published.content).hexdigest()
    assert publish(sas, who, report).content == published.content
    third_party = f"thirdParties/{uuid4()}"
    publish(sas, who, report, third_party)
    noted = sas.sql("select recipient, file_sha256 from publications order by published_at")
    assert noted[-3:] == [
        ("publication", published.file_sha256),
        ("publication", published.file_sha256),
        (third_party, published.file_sha256),
    ]


def test_what_is_for_the_service_does_not_leave(sas: House) -> None:
    """R29: the finer numbers, from five people on, are for trends that the staff look at."""
    sas.happens(*sas.students_with_cases(1992, 7, "kings"))
    who = staff()
    report = sas.call(who, sas.reports.FreezeReport, freeze(1992))
    with pytest.raises(RefusedByPolicy) as refused:
        publish(sas, who, report)
    assert refused.value.reasons == ("report_for_the_service",)
    assert sas.sql("select count(*) from publications where report = %s", report.name[8:]) == [(0,)]


def test_who_lets_nothing_leave(sas: House) -> None:
    sas.happens(*sas.students_with_cases(1993, 23, "kings"))
    report = sas.call(staff(), sas.reports.FreezeReport, freeze(1993, purpose="research"))
    outsider = staff(roles=frozenset({"trustee"}), permissions=frozenset({"report:read"}))
    for who in (student(), outsider):
        with pytest.raises(NotAvailable):
            publish(sas, who, report)
    with pytest.raises(SecondFactorNeeded):
        publish(sas, staff(second_factor=False), report)
    with sas.without_consent(), pytest.raises(TryAgain):
        publish(sas, staff(), report)


def test_nobody_publishes_what_was_put_there_without_being_frozen(sas: House) -> None:
    """Whoever writes into reports' tables has no line of the ledger that it was frozen."""
    sas.happens(*sas.students_with_cases(1994, 23, "kings"))
    who = staff()
    true = sas.call(who, sas.reports.FreezeReport, freeze(1994, purpose="annual-report"))
    planted = str(uuid4())
    sas.sql(
        "insert into reports select %s, table_code, first_year, last_year, 'research', unit,"
        " 1, rounding_base, column_codes, rows, ledger_index, frozen_at from reports where id = %s",
        planted,
        true.name[8:],
    )
    with pytest.raises(RefusedByPolicy) as refused:
        publish(sas, who, Report(name=f"reports/{planted}"))
    assert refused.value.reasons == ("report_not_frozen",)


# The door

REPORT = Frozen(
    id=str(uuid4()),
    table="enquiries-by-topic",
    period=Period(2020, 2020),
    purpose="annual-report",
    unit="enquiries",
    smallest_published=10,
    rounding_base=5,
    columns=("total",),
    rows=(Row("total", ("15",)),),
    ledger_index=7,
    frozen_at=datetime(2026, 1, 1, tzinfo=UTC),
)
SHA256 = hashlib.sha256(REPORT.file).hexdigest()


@attrs.frozen
class Door:
    """The door, with what the gate would sign."""

    signed: dict[str, Any] = attrs.field(factory=dict)
    decision: str = "entry-1"
    used: set[str] = attrs.field(factory=set)

    def opens(self) -> bytes:
        """Try to let the report out."""
        signer = Signer()
        bound = attrs.evolve(egress.bound(REPORT, "publication", SHA256), **self.signed)
        gate_pass = PassOffice(signer).issue(bound, self.decision)
        tools: Any = SimpleNamespace(
            passes=Passes(signer),
            now=lambda: datetime.now(UTC),
            consent=SimpleNamespace(authorise_publication=lambda *asked: gate_pass),
            begin=lambda: self,
        )
        return egress.publish_report(tools, REPORT.name, "publication").content

    def __enter__(self) -> Any:
        return SimpleNamespace(reports=self, commit=lambda: None)

    def __exit__(self, *error: object) -> None:
        return None

    def find(self, id_: str) -> Frozen:
        """Give the report, whatever is asked for."""
        return REPORT

    def publish(self, decision: str, *noted: object) -> bool:
        """Use a decision; False the second time."""
        fresh = decision not in self.used
        self.used.add(decision)
        return fresh


def test_a_pass_that_fits_lets_it_out_once() -> None:
    door = Door()
    assert door.opens() == REPORT.file
    with pytest.raises(NotAvailable):
        door.opens()


@pytest.mark.parametrize(
    "other",
    [
        {"action": "report:freeze"},
        {"about": f"reports/{uuid4()}"},
        {"recipient": f"thirdParties/{uuid4()}"},
        {"purpose": "internal-trends"},
        {"items": frozenset({"reports/1"})},
        {"payload": "0" * 64},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_pass_for_anything_else_does_not(other: dict[str, Any]) -> None:
    with pytest.raises(NotAvailable):
        Door(other).opens()
