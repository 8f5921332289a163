"""
Paper: whether something may be printed, for whom, and that a print is no more (R18).

Printing is a way out of the system like any other, so the gate decides it and signs a pass. Whoever
prints is the recipient: nobody prints for somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from common.errors import InvalidFields
from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.opening import Opened
from services.consent.actions.parts import Parts
from services.consent.actions.passes import Leaving, with_pass
from services.consent.domain.facts import Who
from services.consent.domain.names import is_name
from services.consent.policies import questions
from services.consent.storage.work import Work


@attrs.frozen(kw_only=True)
class Printing:
    """What would be printed, and what for, as cases says it."""

    name: str
    record: str
    purpose: str
    items: Sequence[str]
    file_sha256: str
    through: str
    intact: bool


def authorise_print(parts: Parts, who: Who, asked: Printing) -> Opened:
    """
    Decide whether items may be printed, commit that, and sign a pass for exactly that file.

    It gives no keys: what is printed was opened before, by decisions of its own.

    Raises:
        InvalidFields: the names of the items are none.
        NotAvailable: they may not know, or there is nothing there.
        RefusedByPolicy: to staff of the Service, with every reason.
        TryAgain: Vault can't be reached; the entry stands, and nothing leaves.
    """
    if not all(map(is_name, asked.items)):
        raise InvalidFields({"items": "must be resource names"})

    def ask(work: Work, _: datetime) -> Asked:
        question = questions.to_print(
            who,
            work.records.find(asked.record),
            asked.purpose,
            frozenset(asked.items),
            asked.through,
            intact=asked.intact,
        )
        return question, Line(
            purpose=asked.purpose,
            about=asked.name,
            items=tuple(asked.items),
            payload_digest=asked.file_sha256,
        )

    recorded = decide_and_commit(parts, ask).or_refuse()
    leaving = Leaving(recipient=who.name, purpose=asked.purpose, payload_digest=asked.file_sha256)
    return with_pass(parts, recorded, Opened(recorded.index, ()), leaving)


def record_destruction(parts: Parts, who: Who, name: str, record: str) -> int:
    """
    Keep that somebody says a print was destroyed, and give the place of the entry.

    Raises:
        NotAvailable: they may not know, or there is nothing there.
        RefusedByPolicy: to staff of the Service, with every reason.
    """

    def ask(work: Work, _: datetime) -> Asked:
        question = questions.to_attest_destruction(who, work.records.find(record))
        return question, Line(about=name)

    return decide_and_commit(parts, ask).or_refuse().index
