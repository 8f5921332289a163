"""Deciding that a case is disposed of (R26, R27). The worker does it: `disposal.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import attrs
import structlog
from sas.cases.v1.events_pb2 import RecordDisposalAuthorised

from common.caller import Caller
from common.errors import NotAvailable, SecondFactorNeeded, StaleEtag, WrongState
from services.cases.actions.tools import Tools
from services.cases.domain import retention
from services.cases.domain.cases import Case
from services.cases.domain.names import id_of, record_of
from services.cases.domain.states import CaseState, RecordKind
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)


@attrs.frozen
class Prospect:
    """What happens to a case at disposal, or would."""

    record: str
    dispose_from: date
    due: bool
    authorised: bool
    open_prints: Sequence[str] = ()
    """Paper that nobody says was destroyed: until then the case stays."""


class PaperLeft(WrongState):
    """There is paper of it that nobody says was destroyed."""

    def __init__(self, prints: Sequence[str]) -> None:
        super().__init__(
            f"There is paper of this case: {', '.join(prints)}. Destroy it, say so"
            " (sas print destroyed), and dispose of the case then."
        )


def show_disposal(tools: Tools, who: Caller, name: str) -> Prospect:
    """
    Show from when a case may be disposed of. Nothing is decided, so nothing is written down.

    Raises:
        NotAvailable: the caller may not list cases, or there is no such case.
        SecondFactorNeeded: the session has none.
    """
    if "case:list" not in who.permissions:
        raise NotAvailable
    if not who.second_factor:
        raise SecondFactorNeeded
    with tools.begin() as work:
        case = work.cases.find(id_of(name, "cases"))
        if case is None:
            raise NotAvailable
        open_prints = work.prints.kept_of_case(case.id)
    return attrs.evolve(_prospect(case, tools.today()), open_prints=open_prints)


def dispose_case(tools: Tools, who: Caller, name: str) -> Prospect:
    """
    Dispose of a case whose time has passed, with its breaches and the enquiries it grew from,
    and what the student has asked about who has seen what.

    consent decides for each record and writes it down; the worker then destroys the keys, which
    this process can't. A repeat of what is under way shows it, and changes nothing.

    Raises:
        RefusedByPolicy: the time has not passed, or another reason.
        NotAvailable: the caller may not know, or there is no such case.
        StaleEtag: the student came back while this was being decided.
        WrongState: it is not due after all, or there is paper of it (R18).
    """
    with tools.look() as reads:
        case = reads.cases.find(id_of(name, "cases"))
        records = _records(reads, case) if case else []
    if case is None:
        unknown = record_of(name.partition("/")[2])
        tools.consent.authorise_disposal(unknown, tools.today())
        raise NotAvailable
    if not case.state.takes_more:
        return show_disposal(tools, who, name)
    for record_id, _ in records:
        tools.consent.authorise_disposal(record_of(record_id), case.dispose_from)
    with tools.begin_whole() as work:
        held = work.cases.hold(case.id)
        if held is None:
            raise NotAvailable
        if held.state.takes_more:
            # Held until commit: a contact made from now on waits, and then finds the case gone.
            last = work.cases.hold_involvement(case.student)
            if last != case.last_involvement or _records(work, case) != records:
                raise StaleEtag
            if not retention.is_due(last, tools.today()):
                raise WrongState("The time for its disposal has not come.")
            if open_prints := work.prints.kept_of_case(case.id):
                raise PaperLeft(open_prints)
            work.cases.disposal_due(case.id)
            for record_id, kind in records:
                work.tell(RecordDisposalAuthorised(record=record_of(record_id), kind=kind))
            work.commit()
            log.info("case_disposal_authorised", case=name)
    return attrs.evolve(_prospect(case, tools.today()), authorised=True)


def _records(work: Work, case: Case) -> list[tuple[str, RecordKind]]:
    """List the records that go with a case, the case's own last."""
    breaches = [(each, RecordKind.BREACH) for each in work.breaches.of_case(case.id)]
    enquiries = [(each, RecordKind.ENQUIRY) for each in work.enquiries.of_case(case.id)]
    with_them = [*breaches, *enquiries, (case.id, RecordKind.CASE)]
    # Involvement is one date for the person: what is due of one case is due of all they asked.
    asked = work.name_requests.left_of(case.student)
    return [*((each, RecordKind.NAME_REQUEST) for each in asked), *with_them]


def _prospect(case: Case, today: date) -> Prospect:
    return Prospect(
        record=case.record,
        dispose_from=case.dispose_from,
        due=retention.is_due(case.last_involvement, today),
        authorised=case.state in (CaseState.DISPOSAL_DUE, CaseState.DISPOSED),
    )
