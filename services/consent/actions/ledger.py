"""The ledger, to those who look at it: students at their own lines, verifiers at all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs

from services.consent.actions.deciding import Asked, Line, decide_and_commit
from services.consent.actions.parts import Parts
from services.consent.actions.receipts import Proven, prove
from services.consent.actions.signing import sign_checkpoint
from services.consent.domain.facts import Who
from services.consent.domain.ledger.fsck import Row
from services.consent.domain.witnesses import Witness
from services.consent.policies import questions
from services.consent.policies.questions import OPENING
from services.consent.storage.ledger import Access, Shown
from services.consent.storage.work import Work

SHOWN = Shown(
    actions=OPENING
    | {
        "paper:print",
        "paper:destroy",
        "consent:request",
        "consent:give",
        "consent:confirm",
        "consent:refuse",
        "consent:withdraw",
        "consent:record_verbal",
        "consent:witness",
        "consent:record_withdrawal",
        "consent:export",
        "use:confirm",
        "disclosure:send",
        "disclosure:collect",
        "disclosure:recall",
        "access_copy:release",
        "access_copy:recall",
        "access_copy:collect",
        "breach:advise",
        "breach:decide",
        "breach:disclose",
        "breach:review",
        "breach:add",
        "embargo:review",
        "embargo:lift",
        "incident:decide",
        "name_request:make",
        "name_request:give_view",
        "name_request:decide",
        "staff_name:release",
        "record:dispose",
        "decision:explain",
        "decision:foresee",
    },
    # Other students' attempts would show more about them than about care with this record.
    refused_roles=("adviser", "manager", "trustee", "operator", "staff", "third_party"),
)
"""The lines of the list."""


def list_accesses(parts: Parts, who: Who, *, after: str | None, count: int) -> list[Access]:
    """
    List who has seen the caller's own records, or tried to, newest first.

    Lines about a breach of confidentiality stay out as long as telling the student may be an
    offence (R35); the ledger holds them all the same. That there are such lines must not show
    either: not in the length of a page, the number of questions to the database, nor in places in
    the ledger, which is why none is told here.

    Raises:
        NotAvailable: the caller is no student.
    """
    accesses: list[Access] = []

    def ask(work: Work, _: datetime) -> Asked:
        accesses[:] = work.ledger.accesses(
            who.name,
            SHOWN,
            visibilities=work.embargoes.visibilities(who.name),
            after=after,
            count=count,
        )
        return questions.to_list_accesses(who), Line(purpose="own_record")

    decide_and_commit(parts, ask).or_refuse()
    return accesses


@attrs.frozen
class SignedCheckpoint:
    """A checkpoint of the whole ledger, and what it is verified with."""

    note: str
    verifier_key: str
    size: int
    witnessed: str
    """The largest checkpoint that a witness has signed, with the lines; empty if there is none."""
    witnesses: Sequence[Witness]
    """Where each stands."""


def get_checkpoint(parts: Parts) -> SignedCheckpoint:
    """
    Give the signed checkpoint of the whole ledger as it is now.

    Raises:
        TryAgain: Vault can't be reached.
    """
    with parts.new_work() as work:
        frontier = work.ledger.frontier()
        note = sign_checkpoint(work.ledger, parts.ledger_key, frontier, parts.clock())
        note = work.witnesses.under(frontier.size, note)
        witnessed = work.witnesses.newest()
        witnesses = work.witnesses.all()
        work.commit()
    return SignedCheckpoint(
        note,
        str(parts.ledger_key.public),
        frontier.size,
        witnessed=witnessed[1] if witnessed else "",
        witnesses=witnesses,
    )


def list_entries(parts: Parts, *, start: int, count: int) -> tuple[Sequence[Row], int]:
    """List entries as committed, and say how many there are in all."""
    with parts.new_reads() as work:
        size = work.ledger.frontier().size
        return work.ledger.rows(start, count), size


def get_proof(parts: Parts, index: int) -> Proven:
    """
    Prove one entry.

    Raises:
        NotAvailable: there is no such entry.
        TryAgain: Vault can't be reached.
    """
    with parts.new_work() as work:
        return prove(parts, work, index)
