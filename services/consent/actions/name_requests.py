"""
The name behind a line of a student's list: asked, balanced, told (R24).

The words are sealed in cases; here are names, codes and digests. A manager balances whose name it
is not. The staff member may say what they think, which is weighed and no veto.
"""

from __future__ import annotations

from datetime import datetime

import attrs
from sas.consent.v1.events_pb2 import StaffAwaited

from common.errors import NotAvailable
from services.consent.actions.deciding import Asked, Line, decide, decide_and_commit
from services.consent.actions.ledger import SHOWN
from services.consent.actions.parts import Parts
from services.consent.domain.balancing import sides
from services.consent.domain.facts import Record, Who
from services.consent.domain.name_requests import (
    AccessLine,
    NameDecision,
    NameRequest,
    View,
    due_at,
)
from services.consent.domain.names import bare
from services.consent.policies import questions
from services.consent.storage.name_requests import NewNameRequest
from services.consent.storage.work import Work

_KIND = "name_request"


@attrs.frozen
class Made:
    """A request that was made."""

    record: str
    """What the line is about."""
    due_at: datetime


def make(parts: Parts, who: Who, name: str, *, line: str, payload_digest: str) -> Made:
    """
    Let a student ask for the name behind a line of their own list. Repeating it changes nothing.

    A line of somebody else's, one that is hidden and one that never was are looked for in the same
    way and are the same to the policy, to the caller, and in the ledger.

    Raises:
        NotAvailable: there is no such line in their list.
        RefusedByPolicy: nobody of the staff is behind it, or it was asked already.
    """
    with parts.new_change() as work:
        if (earlier := work.name_requests.find(name)) is not None:
            if earlier.student != who.name or earlier.line.name != line:
                raise NotAvailable
            return Made(_about(work, earlier.line), earlier.due_at)
        record, found = _looked_up(work, who, line)
        now = parts.clock()
        asked = found is not None and work.name_requests.stands(bare(line))
        recorded = decide(
            parts,
            work,
            questions.to_ask_for_name(who, record, found, asked=asked),
            Line(
                purpose="own_record",
                about=line,
                items=(name,),
                breach=found.breach if found else "",
                payload_digest=payload_digest,
            ),
            now,
        )
        made = Made(_about(work, found) if found else "", due_at(now))
        if recorded.allowed:
            own = Record(_record_name(name), _KIND, who.name, parent=made.record)
            work.records.register(own, now)
            work.name_requests.add(
                NewNameRequest(
                    name=name,
                    record=own.name,
                    line=bare(line),
                    student=who.name,
                    asked_at=now,
                    due_at=made.due_at,
                    words_digest=payload_digest,
                    ledger_index=recorded.index,
                )
            )
            if found is not None:
                _notify(work, record, found.actor, now)
        work.commit()
    recorded.or_refuse()
    return made


def _notify(work: Work, record: Record, named: str, now: datetime) -> None:
    """
    Let those know for whom it waits: who may decide, and whose name it is.

    Nobody behind a wall, and not what it is: a mail says no more than that something waits.
    """
    team = work.staff.team(now)
    may_say = {named} & team.members
    for staff_member in sorted((team.managers | may_say) - record.walled):
        work.tell(StaffAwaited(staff_member=staff_member))


def give_view(
    parts: Parts, who: Who, name: str, view: str, *, about: str, payload_digest: str
) -> None:
    """
    Hear the staff member whose name it is. Of several views the last counts.

    Raises:
        NotAvailable: they may not know, or there is no such request.
        RefusedByPolicy: it is another's name, or decided.
    """
    with parts.new_change() as work:
        record, found = _find(parts, work, name)
        if work.name_requests.said(about):
            return
        now = parts.clock()
        recorded = decide(
            parts,
            work,
            questions.on_name_request(who, "name_request:give_view", record, found),
            _line_of(found, about, payload_digest, {"view": view}),
            now,
        )
        if recorded.allowed:
            work.name_requests.note_view(
                name,
                View(view, now),
                about=about,
                words_digest=payload_digest,
                ledger_index=recorded.index,
            )
        work.commit()
    recorded.or_refuse()


@attrs.frozen(kw_only=True)
class Answer:
    """What a manager decides."""

    released: bool
    grounds: frozenset[str]
    not_heard: str = ""


def decide_name(
    parts: Parts, who: Who, name: str, answer: Answer, *, about: str, payload_digest: str
) -> None:
    """
    Decide whether the student is told. Once; repeating the same call changes nothing.

    Raises:
        NotAvailable: they may not know, or there is no such request.
        RefusedByPolicy: with every reason.
    """
    with parts.new_change() as work:
        record, found = _find(parts, work, name)
        if work.name_requests.decided(about):
            return
        now = parts.clock()
        details = sides(answer.grounds) | {"answer": "release" if answer.released else "withhold"}
        if found is not None:
            details["view"] = found.view.code if found.view else answer.not_heard or "not_heard"
        recorded = decide(
            parts,
            work,
            questions.to_decide_name(
                who,
                record,
                found,
                release=answer.released,
                grounds=answer.grounds,
                not_heard=answer.not_heard,
            ),
            _line_of(found, about, payload_digest, details),
            now,
        )
        if recorded.allowed:
            decision = NameDecision(
                answer.released, answer.grounds, answer.not_heard, who.name, now, recorded.index
            )
            work.name_requests.decide(name, decision, about=about, words_digest=payload_digest)
        work.commit()
    recorded.or_refuse()


def release(parts: Parts, who: Who, name: str) -> str:
    """
    Give whose name it is, to identity, which tells the student.

    Raises:
        NotAvailable: it is not theirs, there is no such request, or its line is hidden.
        RefusedByPolicy: it was not decided so.
    """

    def ask(work: Work, _: datetime) -> Asked:
        record = work.records.find(_record_name(name))
        found = work.name_requests.find(name, work.embargoes.visibilities(record.student))
        question = questions.on_name_request(who, "staff_name:release", record, found)
        return question, _line_of(found, name, "", {}, purpose="own_record")

    decide_and_commit(parts, ask).or_refuse()
    with parts.new_reads() as work:
        found = work.name_requests.find(name)
    if found is None:
        raise NotAvailable
    return found.named


def own(parts: Parts, who: Who) -> list[NameRequest]:
    """
    Give the caller's own requests, the newest first; none about a line that is hidden now.

    Raises:
        NotAvailable: the caller is no student.
    """
    if who.kind != "student":
        raise NotAvailable
    with parts.new_reads() as work:
        visibilities = work.embargoes.visibilities(who.name)
        return work.name_requests.of_student(who.name, visibilities)


def tasks(parts: Parts, who: Who) -> list[NameRequest]:
    """
    Give the requests that wait for the caller, the one due first before the others.

    Everybody sees those for their own name, managers all of them; nobody, what is behind a wall.
    """
    found = []
    with parts.new_reads() as work:
        for name, record_name in work.name_requests.undecided():
            record = work.records.find(record_name)
            visibilities = work.embargoes.visibilities(record.student)
            each = work.name_requests.find(name, visibilities)
            if each is None or record.walls_off(who.name) or record.disposed_at is not None:
                continue
            if each.named == who.name or "manager" in who.roles:
                found.append(each)
    return found


def _looked_up(work: Work, who: Who, line: str) -> tuple[Record, AccessLine | None]:
    """Find a line of the caller's list, and what it is about."""
    visibilities = work.embargoes.visibilities(who.name)
    found = work.ledger.line(who.name, SHOWN, bare(line), visibilities)
    return (work.records.find(found.record), found) if found else (Record(""), None)


def _about(work: Work, line: AccessLine) -> str:
    """
    Give the record that a request goes with, in walls and when its time is over.

    A line can be about another request for a name; then it is what that one is about, so that
    records never lie deeper than their walls are looked for.
    """
    record = work.records.find(line.record)
    return record.parent if record.kind == _KIND else record.name


def _find(parts: Parts, work: Work, name: str) -> tuple[Record, NameRequest | None]:
    """Find a request, with the walls around it, its embargo, and whether they are of the staff."""
    record = work.records.find(_record_name(name))
    visibilities = work.embargoes.visibilities(record.student)
    found = work.name_requests.find(name, visibilities)
    if found is not None:
        of_the_service = work.staff.is_of_the_service(found.named, parts.clock())
        found = attrs.evolve(found, of_the_service=of_the_service)
    return record, found


def _line_of(
    found: NameRequest | None,
    about: str,
    payload_digest: str,
    details: dict[str, str],
    purpose: str = "access_request",
) -> Line:
    return Line(
        purpose=purpose,
        about=about,
        items=(found.line.name,) if found else (),
        breach=found.line.breach if found else "",
        payload_digest=payload_digest,
        details=details,
    )


def _record_name(name: str) -> str:
    return f"records/{bare(name)}"
