"""
The register of inadvertent breaches (R14): what happened, who decides, what was done.

Not the procedure for breaching confidentiality: nobody decided that this should happen. The words
are sealed in the record of the case that they concern, and go with it; where no case is known, in a
record of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import structlog
from sas.cases.v1.events_pb2 import IncidentAwaited
from sas.common.v1.purpose_pb2 import Purpose

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, WrongState
from common.pages import page_size
from services.cases.actions.fields import cut, position_after
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.incidents import Decision, Incident
from services.cases.domain.names import id_of, record_of

log = structlog.get_logger(__name__)


@attrs.frozen(kw_only=True)
class Happened:
    """What is to be recorded."""

    kind: str
    what: str
    known_at: datetime
    decider: str
    words: str = attrs.field(repr=False)


NO_CASE = "cases/-"
"""In the place of a case's name: none is known."""


def record_incident(
    tools: Tools, who: Caller, case: str, happened: Happened, *, request_id: str
) -> Incident:
    """
    Record an accident or a near miss. For an accident the 72 hours run from when it was known.

    A letter left on a printer, or a word overheard, is an accident also where nobody can say whose
    case it was: then it has a record and a key of its own.

    Raises:
        InvalidFields: it is said to be known from a time still to come.
        NotAvailable: there is no such case.
        WrongState: the case is being disposed of.
    """
    if happened.known_at > tools.now():
        raise InvalidFields({"known_at": "must not be in the future"})
    name = name_once(tools, who, "RecordIncident", request_id, "incidents")
    incident_id = id_of(name, "incidents") or ""
    with tools.begin() as work:
        there = work.incidents.find(incident_id)
        found = work.cases.find(id_of(case, "cases"))
    if there is not None:
        return there
    if found is None and case != NO_CASE:
        raise NotAvailable
    incident = Incident(
        incident_id,
        found.id if found else None,
        happened.kind,
        happened.what,
        happened.known_at,
        happened.decider,
    )
    if found is None:
        tools.consent.register(incident.record, incident.record_kind)
        tools.sealing.begin(incident.record_kind, incident.record_id)
    sealed = tools.sealing.seal(
        incident.record_kind, incident.record_id, incident.name, happened.words.encode()
    )
    with tools.begin() as work:
        held = work.cases.hold(incident.case_id) if incident.case_id else None
        if found is not None and (held is None or not held.state.takes_more):
            raise WrongState("This case is being disposed of.")
        added = work.incidents.add(incident, sealed, author=who.person, created_at=tools.now())
        if added and incident.decider != who.person and incident.report_by is not None:
            work.tell(IncidentAwaited(record=incident.record, decider=incident.decider))
        work.commit()
    log.info("incident_recorded", incident=name)
    return incident


def decide_incident(tools: Tools, who: Caller, name: str, *, outcome: str, done: str) -> Incident:
    """
    Decide what is done about it: report it, or say why no risk to anybody is likely.

    Consent decides whether the caller may, and writes it down, before anything is kept; the words
    wait for that in this transaction, so that of two who decide at once the second is told.

    Raises:
        NotAvailable: the caller may not know, or there is no such entry.
        RefusedByPolicy: somebody else is named in it, or it is decided.
    """
    with tools.begin() as work:
        incident = work.incidents.find(id_of(name, "incidents"))
        first = False
        decision = Decision(outcome, who.person, tools.now())
        if incident is not None:
            sealed = tools.sealing.seal(
                incident.record_kind, incident.record_id, incident.decision_item, done.encode()
            )
            first = work.incidents.decide(incident, decision, sealed)
        tools.consent.authorise_incident_decision(
            incident.record if incident else record_of(name.partition("/")[2]),
            name,
            decider=incident.decider if incident else "",
            decided=incident is not None and not first,
            outcome=outcome,
        )
        if incident is None:
            raise NotAvailable
        work.commit()
    log.info("incident_decided", incident=name)
    return attrs.evolve(incident, decision=decision)


@attrs.frozen
class OpenedIncident:
    """One entry with its words."""

    incident: Incident
    happened: str = attrs.field(repr=False)
    done: str = attrs.field(repr=False)


def read_incident(tools: Tools, name: str, purpose: Purpose.ValueType) -> OpenedIncident:
    """
    Open one entry. A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: the caller may not read it, or there is no such entry.
    """
    with tools.look() as reads:
        incident = reads.incidents.find(id_of(name, "incidents"))
        happened, done = reads.incidents.sealed(incident) if incident else (None, None)
    keys = tools.consent.open(
        incident.record if incident else record_of(name.partition("/")[2]),
        [each for each in (happened, done) if each is not None],
        action="incident:read",
        purpose=purpose,
        about=name,
    )
    if incident is None or happened is None:
        raise NotAvailable
    log.info("incident_read", incident=name)
    return OpenedIncident(
        incident,
        keys.open(happened).decode(),
        keys.open(done).decode() if done is not None else "",
    )


def list_incidents(tools: Tools, *, asked: int, page_token: str) -> tuple[Sequence[Incident], str]:
    """Give a page of the register, what was known last first, and the token of the next page."""
    size = page_size(asked)
    last = position_after(page_token, datetime.fromisoformat)
    with tools.begin() as work:
        found = work.incidents.page(size + 1, last)
    return cut(found, size, lambda each: (each.known_at.isoformat(), each.id))
