"""
The gate for a student's own copy of what is in a case, on an access request (R24).

A staff member who has looked at it releases it, and from then on the student whose case it is may
collect it, in a session of their own: that session is the check of who they are. What was released
is read from the ledger, so there is nothing else that could say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from common.errors import InvalidFields
from services.consent.actions.deciding import Asked, Line, decide, decide_and_commit
from services.consent.actions.opening import Opened, Wrapped, unwrap
from services.consent.actions.parts import Parts
from services.consent.actions.passes import Leaving, with_pass
from services.consent.domain.access_copies import (
    PURPOSE,
    RECALL,
    RELEASE,
    ReleasedCopy,
    released_copy,
)
from services.consent.domain.facts import Who
from services.consent.domain.ledger.entry import parse
from services.consent.domain.names import is_name
from services.consent.domain.obligations import Obligation
from services.consent.policies import questions
from services.consent.storage.work import Work

_PREVIEW = "access_copy:preview"


@attrs.frozen(kw_only=True)
class Copy:
    """A copy, as cases says it."""

    name: str
    record: str
    payload_digest: str
    redacted: bool
    """Whether whoever is marked in it is blacked out in it."""


def release(parts: Parts, who: Who, copy: Copy, *, recipient: str, items: Sequence[str]) -> int:
    """
    Let the student have a copy: to whom, which items and which bytes. Gives the entry's place.

    Raises:
        InvalidFields: the items are no names.
        NotAvailable: they may not know, or there is nothing there.
        RefusedByPolicy: to staff of the Service, with every reason.
    """
    _must_be_names(items)

    def ask(work: Work, _: datetime) -> Asked:
        previewed = work.ledger.was_allowed(_PREVIEW, copy.name, who.name)
        record = work.records.find(copy.record)
        question = questions.to_release_copy(who, record, recipient=recipient, previewed=previewed)
        return question, _line(copy, items, {"recipient": recipient})

    recorded = decide_and_commit(parts, ask, discharges=_discharges(copy))
    return recorded.or_refuse().index


def collect(parts: Parts, who: Who, copy: Copy, items: Sequence[Wrapped]) -> Opened:
    """
    Decide whether the student may have it now, commit that, and only then unwrap and sign a pass.

    The pass is for the student whose record it is and for what was released, whatever cases says.

    Raises:
        InvalidFields: the items are no names.
        NotAvailable: whatever the reason.
        TryAgain: Vault can't be reached; nothing was opened.
    """
    names = [each.item for each in items]
    _must_be_names(names)

    def ask(work: Work, _: datetime) -> Asked:
        record = work.records.find(copy.record)
        released = _released(work, copy)
        question = questions.to_collect_copy(who, record, released, frozenset(names))
        return question, _line(copy, names, {})

    recorded = decide_and_commit(parts, ask, discharges=_discharges(copy))
    opened = unwrap(parts, recorded, items)
    leaving = Leaving(recipient=who.name, purpose=PURPOSE, payload_digest=copy.payload_digest)
    return with_pass(parts, recorded, opened, leaving)


def recall(parts: Parts, who: Who, name: str, record_name: str) -> int:
    """
    Take back a copy: nobody collects it any more. Gives the entry's place.

    Collecting rests on this entry, so it changes the facts: a look that was decided first stands,
    and one that comes at the same moment is decided anew and refused.

    Raises:
        NotAvailable: they may not know, or there is nothing there.
        RefusedByPolicy: to staff of the Service, with every reason.
    """
    with parts.new_change() as work:
        record = work.records.find(record_name)
        line = Line(purpose=PURPOSE, about=name, disclosure=name)
        question = questions.to_recall(who, record, RECALL)
        recorded = decide(parts, work, question, line, parts.clock())
        work.commit()
    return recorded.or_refuse().index


def _released(work: Work, copy: Copy) -> ReleasedCopy | None:
    entry = work.ledger.newest_allowed((RELEASE, RECALL), copy.name)
    if entry is None:
        return None
    return released_copy(parse(entry), record=copy.record, payload_digest=copy.payload_digest)


def _line(copy: Copy, items: Sequence[str], details: dict[str, str]) -> Line:
    return Line(
        purpose=PURPOSE,
        about=copy.name,
        items=tuple(items),
        disclosure=copy.name,
        payload_digest=copy.payload_digest,
        details=details,
    )


def _discharges(copy: Copy) -> frozenset[Obligation]:
    return frozenset({Obligation.REDACT} if copy.redacted else ())


def _must_be_names(items: Sequence[str]) -> None:
    if not all(map(is_name, items)):
        raise InvalidFields({"items": "must be resource names"})
