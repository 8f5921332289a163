"""The procedure for breaching confidentiality: every version of its facts, advice, decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.consent.domain.breach import (
    Advice,
    Breach,
    BreachFacts,
    Decided,
    Reviewed,
    StudentFirst,
)
from services.consent.domain.staff import StaffRole
from services.consent.storage.embargoes import Embargoes
from services.consent.storage.tables import (
    advice_answers,
    advice_requests,
    breach_decisions,
    breach_facts,
    breach_reviews,
    staff_roles,
)


@attrs.frozen
class Breaches:
    """The tables of the procedure."""

    connection: Connection

    def record(self, facts: BreachFacts) -> None:
        """Keep a new version of the facts."""
        row = attrs.asdict(facts, recurse=False)
        row["recipients"] = sorted(map(list, facts.recipients))
        row["student_first"] = _student_first_json(facts.student_first)
        self.connection.execute(insert(breach_facts).values(row))

    def find(self, name: str) -> Breach | None:
        """Give a breach by its newest facts; whoever recorded the first is the one involved."""
        versions = self._versions(name)
        if not versions:
            return None
        return Breach(
            facts=versions[-1],
            involved=versions[0].recorded_by,
            advice=self._advice(name, versions),
            decided=self._decided(name),
            reviewed=self._reviewed(name),
            embargoed=Embargoes(self.connection).standing(name) is not None,
        )

    def ask(self, breach: str, colleague: str, by: str, at: datetime) -> bool:
        """Keep that a colleague is asked for advice; False if they were asked before."""
        row = {"breach": breach, "colleague": colleague, "asked_by": by, "asked_at": at}
        asked = self.connection.execute(
            upsert(advice_requests)
            .values(row)
            .on_conflict_do_nothing()
            .returning(advice_requests.c.colleague)
        )
        return asked.one_or_none() is not None

    def answer(
        self, breach: str, colleague: str, *, against: bool, at: datetime, ledger_index: int
    ) -> None:
        """Keep a colleague's answer; of several, the last counts."""
        self.connection.execute(
            insert(advice_answers).values(
                breach=breach,
                colleague=colleague,
                against=against,
                answered_at=at,
                ledger_index=ledger_index,
            )
        )

    def decide(self, breach: str, decided: Decided) -> None:
        """Keep the decision; there is only one."""
        self.connection.execute(
            insert(breach_decisions).values(
                breach=breach,
                decided_by=decided.by,
                decided_at=decided.at,
                ledger_index=decided.ledger_index,
                emergency=decided.emergency,
                by_consent=decided.by_consent,
            )
        )

    def review(self, breach: str, reviewed: Reviewed) -> None:
        """Keep a colleague's review; there is only one."""
        self.connection.execute(
            insert(breach_reviews).values(
                breach=breach,
                reviewed_by=reviewed.by,
                reviewed_at=reviewed.at,
                against=reviewed.against,
                ledger_index=reviewed.ledger_index,
            )
        )

    def asked_of(self, colleague: str) -> list[str]:
        """Give the undecided breaches on which a colleague is asked, the longest waiting first."""
        answered = select(advice_answers.c.breach).where(advice_answers.c.colleague == colleague)
        query = (
            select(advice_requests.c.breach)
            .where(
                advice_requests.c.colleague == colleague,
                advice_requests.c.breach.not_in(select(breach_decisions.c.breach)),
                advice_requests.c.breach.not_in(answered),
            )
            .order_by(advice_requests.c.asked_at, advice_requests.c.breach)
        )
        return list(self.connection.scalars(query))

    def _versions(self, name: str) -> list[BreachFacts]:
        query = (
            select(breach_facts)
            .where(breach_facts.c.breach == name)
            .order_by(breach_facts.c.position)
        )
        return [_facts(row) for row in self.connection.execute(query)]

    def _advice(self, name: str, versions: Sequence[BreachFacts]) -> tuple[Advice, ...]:
        theirs = staff_roles.c.staff_member == advice_requests.c.colleague
        asked = (
            select(advice_requests.c.colleague, advice_requests.c.asked_at, staff_roles)
            .outerjoin(staff_roles, theirs)
            .where(advice_requests.c.breach == name)
            .order_by(advice_requests.c.asked_at, advice_requests.c.colleague)
        )
        advice = {
            colleague: Advice(
                colleague, asked_at, role=StaffRole(*role) if role[0] is not None else None
            )
            for colleague, asked_at, *role in self.connection.execute(asked)
        }
        answers = (
            select(advice_answers)
            .where(advice_answers.c.breach == name)
            .order_by(advice_answers.c.position)
        )
        for row in self.connection.execute(answers):
            earlier = advice[row.colleague]
            about = [facts for facts in versions if facts.recorded_at <= row.answered_at]
            advice[row.colleague] = attrs.evolve(
                earlier,
                answered_at=row.answered_at,
                against=row.against,
                outdated=not about or not about[-1].same_gist(versions[-1]),
            )
        return tuple(advice.values())

    def _decided(self, name: str) -> Decided | None:
        query = select(breach_decisions).where(breach_decisions.c.breach == name)
        row = self.connection.execute(query).one_or_none()
        if row is None:
            return None
        return Decided(
            row.decided_by, row.decided_at, row.ledger_index, row.emergency, row.by_consent
        )

    def _reviewed(self, name: str) -> Reviewed | None:
        query = select(breach_reviews).where(breach_reviews.c.breach == name)
        row = self.connection.execute(query).one_or_none()
        if row is None:
            return None
        return Reviewed(row.reviewed_by, row.reviewed_at, row.against, row.ledger_index)


def _student_first_json(said: StudentFirst) -> dict[str, str]:
    at = said.attempted_at.isoformat() if said.attempted_at else ""
    return {**attrs.asdict(said), "attempted_at": at}


def _student_first(kept: dict[str, str]) -> StudentFirst:
    if not kept:  # a version from before it was asked
        return StudentFirst()
    at = kept["attempted_at"]
    return StudentFirst(
        attempted_at=datetime.fromisoformat(at) if at else None,
        channel=kept["channel"],
        result=kept["result"],
        why_not=kept["why_not"],
    )


def _facts(row: Row[Any]) -> BreachFacts:
    known = {key: value for key, value in row._mapping.items() if key != "position"}
    pairs = frozenset((name, kind) for name, kind in row.recipients)
    first = _student_first(row.student_first)
    return BreachFacts(**{**known, "recipients": pairs, "student_first": first})
