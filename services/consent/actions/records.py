"""Records: making them known, opening them, letting them be disposed of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import attrs

from common.errors import InvalidFields, NotAvailable, WrongState
from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.opening import Opened, Wrapped, unwrap
from services.consent.actions.parts import Parts
from services.consent.domain.facts import KEPT_BY, Record, Who
from services.consent.domain.name_requests import NameRequest
from services.consent.domain.names import bare, is_name
from services.consent.domain.texts import LONDON
from services.consent.policies import questions
from services.consent.storage.work import Work

_LOOKING = ("disclosure:preview", "access_copy:preview")
"""Before something is let go, somebody has looked at it: found by what it was."""


def register_record(parts: Parts, record: Record, through: str) -> None:
    """
    Make a record known: its kind, whom it is about, and what it belongs to. It never changes.

    A case belongs to the enquiry that it grew from, which is about nobody by name.

    Raises:
        InvalidFields: a name is not of the right form.
        NotAvailable: *through* does not keep such records, or there is no such parent.
        WrongState: it is known already, and as something else or about somebody else.
    """
    wrong = {
        field: "is not a name"
        for field, name, collection in (
            ("record", record.name, "records"),
            ("student", record.student, "students"),
            ("parent", record.parent, "records"),
        )
        if (name or field == "record") and not is_name(name, collection)
    }
    if wrong:
        raise InvalidFields(wrong)
    if KEPT_BY.get(record.kind) != through:
        raise NotAvailable
    kind = record.kind
    with parts.new_change() as work:
        if record.parent:
            parent = work.records.find(record.parent)
            if not parent.known:
                raise NotAvailable
            if parent.kind != "enquiry" and parent.student != record.student:
                # Or its lines would stand in somebody else's list.
                raise WrongState("A record is about the same student as the one it belongs to.")
        known = work.records.register(record, parts.clock())
        if (known.kind, known.student, known.parent) != (kind, record.student, record.parent):
            raise WrongState("This record is known as another.")
        work.commit()


@attrs.frozen(kw_only=True)
class Opening:
    """What is to be opened, why, and by which service."""

    record: str
    action: str
    purpose: str
    items: Sequence[Wrapped]
    about: str
    through: str


def open_record(parts: Parts, who: Who, asked: Opening) -> Opened:
    """
    Open items of one record: decide, commit why, and only then unwrap their data keys.

    A record that nobody registered takes the same way and is written down too.

    Raises:
        InvalidFields: the names of the items are none, or the action is none of those that open.
        NotAvailable: they may not, or there is nothing there.
        SecondFactorNeeded: staff of the Service, without a second factor in this session.
        TryAgain: Vault can't be reached; the entry stands, and nothing was opened.
    """
    items = tuple(each.item for each in asked.items)
    if asked.action not in questions.OPENING:
        raise InvalidFields({"action": "is not a way to open a record"})
    if not all(map(is_name, items)):
        raise InvalidFields({"items": "must be resource names"})
    if asked.about and not is_name(asked.about):
        raise InvalidFields({"about": "must be a resource name"})
    preview = asked.action == "disclosure:preview"

    def ask(work: Work, _: datetime) -> Asked:
        record = work.records.find(asked.record)
        consent = work.consents.of_disclosure(asked.about) if preview else None
        question = questions.to_open(
            who,
            asked.action,
            record,
            asked.purpose,
            frozenset(items),
            asked.through,
            consent,
            name_request_of(work, record),
        )
        return question, Line(
            purpose=asked.purpose,
            about=asked.about,
            items=items,
            consent=consent,
            disclosure=asked.about if asked.action in _LOOKING else "",
            breach=breach_of(work, record),
            payload_digest=consent.asked.payload_digest if consent else "",
        )

    return unwrap(parts, decide_and_commit(parts, ask), asked.items)


def authorise_disposal(parts: Parts, who: Who, name: str, dispose_from: date) -> int:
    """
    Decide whether a record may be disposed of, and give the place of the entry.

    The date is cases', who keeps the last involvement; the comparison with today is ours.

    Raises:
        NotAvailable: they may not, or there is nothing there.
        RefusedByPolicy: with every reason.
    """
    begins = datetime.combine(dispose_from, time(), LONDON)

    def ask(work: Work, now: datetime) -> Asked:
        record = work.records.find(name)
        line = Line(
            breach=breach_of(work, record), details={"dispose_from": dispose_from.isoformat()}
        )
        return questions.to_dispose(who, record, begins, now), line

    return decide_and_commit(parts, ask).or_refuse().index


def breach_of(work: Work, record: Record) -> str:
    """
    Give the breach that a record is of, for each line about it.

    A line that does not say so would stay in the student's list while others are hidden (R35).
    """
    if record.kind == "breach":
        return f"breaches/{bare(record.name)}"
    name_request = name_request_of(work, record)
    return name_request.line.breach if name_request else ""


def name_request_of(work: Work, record: Record) -> NameRequest | None:
    """Give the request for a name that a record is of."""
    if record.kind != "name_request":
        return None
    return work.name_requests.find(f"nameRequests/{bare(record.name)}")
