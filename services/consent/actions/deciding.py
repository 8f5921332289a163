"""
Decide, and write it down: the one way to a decision, for everything consent is asked.

The entry is made here from the question and the answer, refusals included, and is committed with
what it decides: by the action's own transaction where that changes facts (`decide`), else together
with other callers' entries if the facts are still what they were (`decide_and_commit`). Only after
that may an action hand anything out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NoReturn

import attrs
import structlog
from opentelemetry import trace

from common.caller import Caller
from common.errors import NotAvailable, RefusedByPolicy, SecondFactorNeeded
from common.telemetry import current_trace
from services.consent.actions.parts import Parts
from services.consent.domain.consent import Consent, digest_of
from services.consent.domain.decision import Decision, Question
from services.consent.domain.facts import ANONYMOUS, AccessList, Record, Report, Who
from services.consent.domain.ledger.entry import Entry
from services.consent.domain.names import categories_of
from services.consent.domain.obligations import NOT_DISCHARGED, Obligation
from services.consent.domain.reasons import in_words
from services.consent.policies.questions import OPENING
from services.consent.storage.group_commit import FactsChanged
from services.consent.storage.ledger import Appended
from services.consent.storage.work import Change, Work

log = structlog.get_logger(__name__)

_LIKE_ABSENCE = frozenset(
    {
        "no_such_record",
        "no_such_breach",
        "no_such_name_request",
        "conflict_of_interest",
        "asked_by_another_service",
    }
)
"""Reasons that would confirm that something is there, or that there is a wall around it."""

_LIKE_ABSENCE_TO_STUDENTS = _LIKE_ABSENCE | {"no_such_line", "line_hidden"}
"""What would confirm to a student that something is hidden from them (R35)."""

_TOLD_NOTHING = OPENING | {"decision:explain"}
"""What is refused as if there were nothing there, whatever the reason."""

_STUDENTS_OWN = frozenset(
    {
        "consent:give",
        "consent:confirm",
        "consent:refuse",
        "consent:withdraw",
        "name_request:make",
        "staff_name:release",
    }
)
"""What only the student themselves can do, who then may know what is amiss."""


def who_is(caller: Caller) -> Who:
    """Give the caller as the policy sees them: from the verified token and nothing else."""
    return Who(caller.person, caller.kind, caller.roles, caller.second_factor, caller.passkeys)


@attrs.frozen(kw_only=True)
class Line:
    """What an entry says beyond the question and the answer; ids, codes and digests only."""

    purpose: str = ""
    about: str = ""
    items: tuple[str, ...] = ()
    consent: Consent | None = None
    disclosure: str = ""
    breach: str = ""
    payload_digest: str = ""
    details: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Recorded:
    """A decision and its entry. It counts from the commit on."""

    question: Question
    line: Line
    decision: Decision
    entry: Entry
    appended: Appended

    @property
    def allowed(self) -> bool:
        """Whether the policy allows it."""
        return self.decision.allowed

    @property
    def index(self) -> int:
        """The place of the entry in the ledger."""
        return self.appended.index

    def or_refuse(self) -> Recorded:
        """
        Go on if it is allowed; after the commit, so that the refusal is in the ledger.

        Raises:
            NotAvailable: refused, and the caller may not know why, or that there is anything.
            SecondFactorNeeded: refused to staff of the Service who have none in this session.
            RefusedByPolicy: refused, with every reason, to those who may know.
        """
        if not self.allowed:
            _refuse(self)
        return self


def decide(
    parts: Parts,
    work: Change,
    question: Question,
    line: Line,
    now: datetime,
    *,
    discharges: frozenset[Obligation] = frozenset(),
    changes_facts: bool = True,
) -> Recorded:
    """
    Decide and append the entry in the caller's transaction, which changes facts and then commits.

    Args:
        parts: what actions work with.
        work: the transaction, which holds the ledger.
        question: what is asked.
        line: what the entry says beside question and answer.
        now: by our clock.
        discharges: what the action sees to if the answer is yes. What has to follow a yes and is
            not among it makes it a no.
        changes_facts: whether other decisions rest on this one or on what is done in the same
            transaction.
    """
    decision = parts.policy.decide(question).seen_to(discharges)
    entry = entry_of(question, decision, line, now)
    appended = work.ledger.append(entry, changes_facts=changes_facts)
    _show(question, entry, appended, decision)
    return Recorded(question, line, decision, entry, appended)


Asked = tuple[Question, Line]
"""A question with all its facts, and what is to be written down beside it."""


def decide_and_commit(
    parts: Parts,
    ask: Callable[[Work, datetime], Asked],
    *,
    discharges: frozenset[Obligation] = frozenset(),
) -> Recorded:
    """
    Decide where the entry is all there is to write, and commit it; *discharges* as in `decide`.

    The entry is committed only if no fact has changed since *ask* read them. If one has, it is
    asked again, this time while nothing can change.

    Args:
        parts: what actions work with.
        ask: reads the facts and gives the question; it is given the time by our clock, and is
            called a second time if what it read is no longer so.
        discharges: as in `decide`.

    Raises:
        TryAgain: nothing may be handed out. The entry may stand: a line too many is harmless.
    """
    now = parts.clock()
    with parts.new_reads() as work:
        facts = parts.group_commit.facts(work.ledger)
        question, line = ask(work, now)
    decision = parts.policy.decide(question).seen_to(discharges)
    entry = entry_of(question, decision, line, now)
    try:
        appended = parts.group_commit.append(entry, facts)
    except FactsChanged:
        with parts.new_change() as work:
            now = parts.clock()
            recorded = decide(
                parts, work, *ask(work, now), now, discharges=discharges, changes_facts=False
            )
            work.commit()
        return recorded
    _show(question, entry, appended, decision)
    return Recorded(question, line, decision, entry, appended)


def entry_of(question: Question, decision: Decision, line: Line, now: datetime) -> Entry:
    """Put into an entry what was asked, by whom, with which answer and why."""
    who, resource = question.who, question.resource
    trace_id, span_id = current_trace()
    record, student, about = "", "", line.about
    match resource:
        case Record():
            record, student = resource.name, resource.student
        case AccessList():
            student = who.name if who.kind == "student" else ""
        case Report():
            about = resource.name
    return Entry(
        action=question.action,
        effect=decision.effect,
        actor=who.name,
        role=who.role,
        at=now,
        policy_set=decision.policy_set,
        record=record,
        student=student,
        purpose=line.purpose,
        about=about,
        items=line.items,
        categories=tuple(categories_of(line.items)),
        policies=tuple(decision.policies),
        clauses=tuple(decision.clauses),
        reasons=tuple(decision.reasons),
        obligations=tuple(decision.obligations),
        consent=line.consent.asked.consent if line.consent else "",
        consent_sha256=digest_of(line.consent) if line.consent else "",
        disclosure=line.disclosure,
        breach=line.breach,
        payload_digest=line.payload_digest,
        details=line.details,
        trace=trace_id,
        span=span_id,
    )


def _show(question: Question, entry: Entry, appended: Appended, decision: Decision) -> None:
    if NOT_DISCHARGED in decision.reasons:
        log.error(NOT_DISCHARGED, action=question.action)
    span = trace.get_current_span()
    span.set_attribute("sas.decision", entry.entry_id)
    span.set_attribute("sas.ledger_index", appended.index)
    span.set_attribute("sas.effect", "permit" if decision.allowed else "forbid")
    if entry.record:
        span.set_attribute("sas.record", entry.record)
    log.info(
        "decided",
        action=question.action,
        effect=decision.effect,
        because=",".join(sorted(decision.reasons)),
        ledger_index=appended.index,
    )


def _refuse(recorded: Recorded) -> NoReturn:
    question, reasons = recorded.question, recorded.decision.reasons
    who = question.who
    if who.name == ANONYMOUS or isinstance(question.resource, AccessList):
        raise NotAvailable
    if who.is_staff_of_service:
        if not who.second_factor:
            # The same for every name, so it says nothing about this one.
            raise SecondFactorNeeded
        if question.action in _TOLD_NOTHING or reasons & _LIKE_ABSENCE or _walled(question):
            raise NotAvailable
        raise _refusal(recorded)
    if _acts_for_themselves(question) and not reasons & _LIKE_ABSENCE_TO_STUDENTS:
        raise _refusal(recorded)
    raise NotAvailable


def _refusal(recorded: Recorded) -> RefusedByPolicy:
    reasons = recorded.decision.reasons
    words = {code: in_words(code) for code in reasons}
    return RefusedByPolicy(reasons, words, f"decisions/{recorded.entry.entry_id}")


def _walled(question: Question) -> bool:
    """Whether there is a wall around it, whatever the reason of the refusal."""
    resource = question.resource
    if not isinstance(resource, Record) or question.action.startswith("wall:"):
        return False
    return resource.walls_off(question.who.name)


def _acts_for_themselves(question: Question) -> bool:
    """Whether it is the student whose record it is, doing what is theirs to do."""
    resource = question.resource
    return (
        question.action in _STUDENTS_OWN
        and question.who.kind == "student"
        and isinstance(resource, Record)
        and resource.student == question.who.name
    )
