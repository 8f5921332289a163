"""Freezing, reading and listing reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, NotPublishable, TryAgain
from common.pages import decode_token, encode_token, page_size
from common.requests import earlier_result, remember_request
from services.reports.actions.tools import Tools
from services.reports.domain.facts import Codes, together
from services.reports.domain.publication import freeze, publishable
from services.reports.domain.report import Report, id_of, name_of
from services.reports.domain.tables import TABLES, Table
from services.reports.domain.years import Period
from services.reports.storage.reports import Cube

log = structlog.get_logger()

NOT_OVER = "The last of these academic years is not over yet."
OVERLAPS = "A report with some of these years is frozen already: ask for exactly its years."
NOTHING_LEFT = "Every number would be withheld: ask for more years."


def freeze_report(
    tools: Tools,
    who: Caller,
    *,
    table: str,
    purpose: str,
    first_year: int,
    last_year: int,
    request_id: str,
) -> Report:
    """
    Count, withhold, round and freeze a report.

    Consent writes down who asks and what for, before any fact is opened, and also when it refuses.
    What was frozen for the same table and years is taken as it is. Nothing is ever counted twice,
    since the difference between two counts can be a person.

    Raises:
        InvalidFields: the years are in the wrong order.
        NotAvailable, SecondFactorNeeded, RefusedByPolicy: *who* may not.
        NotPublishable: these years can't be published without coming too close to somebody.
        TryAgain: consent or Vault can't answer; nothing was frozen.
    """
    asked = TABLES[table]
    try:
        period = Period(first_year, last_year)
    except ValueError:
        raise InvalidFields({"until_year": "is before from_year"}) from None
    id_ = id_of(_name_once(tools, who, request_id))
    with tools.begin() as work:
        there = work.reports.find(id_) or work.reports.same(table, period, purpose)
    ledger_index = tools.consent.authorise_release(
        there.name if there else name_of(id_), table, purpose, period.code
    )
    if there is not None:
        return there
    cube = _cube(tools, asked, period, ledger_index)
    smallest = tools.smallest_published[purpose]
    if not publishable(cube, smallest):
        raise NotPublishable(NOTHING_LEFT)
    report = _keep(tools, cube, asked, period, id_=id_, purpose=purpose, ledger_index=ledger_index)
    log.info("report_frozen", report=report.name, table=table, period=period.code, purpose=purpose)
    return report


def get_report(tools: Tools, name: str) -> Report:
    """
    Give a frozen report.

    Raises:
        NotAvailable: there is none of this name.
    """
    with tools.begin() as work:
        report = work.reports.find(id_of(name))
    if report is None:
        raise NotAvailable
    return report


def list_reports(tools: Tools, *, asked: int, page_token: str) -> tuple[Sequence[Report], str]:
    """
    Give a page of the frozen reports, newest first, and the token of the next page.

    Raises:
        InvalidFields: we never gave out such a token.
    """
    size = page_size(asked)
    last = _position(page_token)
    with tools.begin() as work:
        found = work.reports.page(size + 1, last)
    page = found[:size]
    if len(found) <= size:
        return page, ""
    return page, encode_token(f"{page[-1].frozen_at.isoformat()}|{page[-1].id}")


def _cube(tools: Tools, table: Table, period: Period, ledger_index: int) -> Cube:
    """Give the table as it was frozen for these years, or count and round it now."""
    if not period.is_over(tools.now()):
        raise NotPublishable(NOT_OVER)
    with tools.begin() as work:
        if work.cubes.overlaps_another(table.code, period):
            raise NotPublishable(OVERLAPS)
        there = work.cubes.find(table.code, period)
        if there is not None:
            return there
        of_records = work.facts.of_records(period)
        of_students = work.facts.of_students({facts.pseudonym for facts in of_records})
    opened = tools.opening.open([*of_records, *of_students], ledger_index)
    counted = together(
        (sealed.record, sealed.pseudonym, known)
        for sealed, known in zip(of_records, opened, strict=False)
        if known is not None
    )
    students: dict[str, Codes] = {
        sealed.pseudonym: known
        for sealed, known in zip(of_students, opened[len(of_records) :], strict=True)
        if known is not None
    }
    counts = table.count(counted, period, students)
    return freeze(counts, frozenset(tools.smallest_published.values()))


def _keep(
    tools: Tools,
    cube: Cube,
    table: Table,
    period: Period,
    *,
    id_: str,
    purpose: str,
    ledger_index: int,
) -> Report:
    """Freeze, unless somebody else has just done it; then theirs is the one."""
    with tools.begin() as work:
        work.cubes.one_freeze_at_a_time(table.code)
        there = work.reports.same(table.code, period, purpose)
        if there is not None:
            return there
        if work.cubes.overlaps_another(table.code, period):
            raise NotPublishable(OVERLAPS)
        first = work.cubes.find(table.code, period)
        if first is None:
            work.cubes.add(table.code, period, cube, tools.now())
        report = Report.of(
            cube if first is None else first,
            table,
            period,
            id_=id_,
            purpose=purpose,
            smallest=tools.smallest_published[purpose],
            ledger_index=ledger_index,
            now=tools.now(),
        )
        work.reports.add(report)
        work.commit()
    return report


def _name_once(tools: Tools, who: Caller, request_id: str) -> str:
    """
    Give the name of the report that this call makes: a fresh one, or that of the earlier try.

    Raises:
        RequestIdReused: somebody else used this `request_id`.
    """
    fresh = name_of(str(uuid4()))
    try:
        with tools.begin() as work:
            earlier = earlier_result(work.connection, request_id, who.person, "FreezeReport")
            if earlier is not None:
                return earlier
            remember_request(work.connection, request_id, who.person, "FreezeReport", fresh)
            work.commit()
    except TryAgain:
        # The same call came at the same moment and was first: its name is committed now. Or the
        # database is away; then asking again, which takes a fresh connection, says so.
        with tools.begin() as work:
            first = earlier_result(work.connection, request_id, who.person, "FreezeReport")
        if first is None:
            raise
        return first
    return fresh


def _position(page_token: str) -> tuple[datetime, str] | None:
    position = decode_token(page_token)
    if not position:
        return None
    moment, _, id_ = position.partition("|")
    try:
        return datetime.fromisoformat(moment), str(UUID(id_))
    except ValueError:
        raise InvalidFields({"page_token": "is not one of ours"}) from None
