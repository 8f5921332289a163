"""
Releases: the ledger's line for a report, before reports opens any fact, and the pass to let it out.

R29, R30.
"""

from __future__ import annotations

from datetime import datetime

import attrs

from common.passes import Bound
from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.parts import Parts
from services.consent.domain.facts import Who
from services.consent.domain.ledger.entry import parse
from services.consent.policies import questions
from services.consent.storage.work import Work


def authorise_release(
    parts: Parts, who: Who, *, report: str, table: str, purpose: str, period: str
) -> int:
    """
    Decide whether a report may be frozen, and give the place of the entry.

    Raises:
        NotAvailable: they are not staff of the Service.
        SecondFactorNeeded: they are, without a second factor in this session.
    """
    asked = (
        questions.to_freeze(who, report),
        Line(purpose=purpose, details={"table": table, "period": period}),
    )
    return decide_and_commit(parts, lambda _, __: asked).or_refuse().index


@attrs.frozen(kw_only=True)
class Publishing:
    """What would leave, and to whom, as reports says it."""

    report: str
    frozen_index: int
    """Where the ledger says that it was frozen."""
    recipient: str
    file_sha256: str


@attrs.frozen
class Passed:
    """It may leave: where the ledger says so, and the gate's pass."""

    ledger_index: int
    gate_pass: str = attrs.field(repr=False)


def authorise_publication(parts: Parts, who: Who, asked: Publishing) -> Passed:
    """
    Decide whether a report may leave the Service, and sign a pass for exactly that.

    That it was frozen, and what for, is read from the ledger, not taken from reports.

    Raises:
        NotAvailable: they are not staff of the Service.
        SecondFactorNeeded: they are, without a second factor in this session.
        RefusedByPolicy: with every reason.
        TryAgain: Vault can't be reached; the entry stands, and nothing leaves.
    """

    def ask(work: Work, _: datetime) -> Asked:
        frozen_for = _frozen_for(work, asked)
        return questions.to_publish(who, asked.report, frozen_for), Line(
            purpose=frozen_for,
            payload_digest=asked.file_sha256,
            details={"recipient": asked.recipient},
        )

    recorded = decide_and_commit(parts, ask).or_refuse()
    bound = Bound(
        action="report:publish",
        about=asked.report,
        recipient=asked.recipient,
        purpose=recorded.entry.purpose,
        items=frozenset({asked.report}),
        payload=asked.file_sha256,
    )
    return Passed(recorded.index, parts.passes.issue(bound, recorded.entry.entry_id))


def _frozen_for(work: Work, asked: Publishing) -> str:
    """Give what the ledger says that it was frozen for; empty if it does not say so there."""
    entry = work.ledger.entry(asked.frozen_index)
    said = {} if entry is None else parse(entry)
    frozen = (said.get("action"), said.get("effect"), said.get("about"))
    return said["purpose"] if frozen == ("report:freeze", "allow", asked.report) else ""
