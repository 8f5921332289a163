"""A breach of confidentiality under consideration, in one line for each deed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import attrs
from sas.consent.v1 import breach_procedure_pb2, records_pb2
from sas.consent.v1 import breach_tasks_pb2 as tasks
from sas.consent.v1 import embargoes_pb2 as embargoes

from tests.kit.house import Person
from tests.service.consent.deeds import Case, stamp
from tests.service.consent.house import House, in_days, staff

FOR = breach_procedure_pb2.ADVICE_ANSWER_FOR
AGAINST = breach_procedure_pb2.ADVICE_ANSWER_AGAINST
RISK = "grounds/serious-imminent-risk"
S38B = "grounds/terrorism-act-2000-s38b"
EVERYTHING: dict[str, Any] = {
    "ground": RISK,
    "serious": True,
    "imminent": True,
    "has_outline": True,
    "has_reason": True,
    "has_intended_outcome": True,
    "whose_safety": "student",
    "has_student_spoken_to": True,
    "student_first": breach_procedure_pb2.BreachFactsStudentFirst(why_not="no_time"),
    "words_digest": "a" * 64,
}

UNDER_38B: dict[str, Any] = {
    "ground": S38B,
    "serious": False,
    "imminent": False,
    "whose_safety": "",
    "has_student_spoken_to": False,
    "student_first": None,
}


@attrs.frozen
class Breach:
    """A breach under consideration, as its staff member sees it."""

    sas: House
    case: Case
    ada: Person
    uuid: str
    doctor: str = attrs.field(factory=lambda: f"thirdParties/{uuid4()}")

    @classmethod
    def begin(cls, sas: House, of: Case | None = None) -> Breach:
        """Make a breach of a case, a new one if not said, known to consent."""
        case, uuid = of or Case.open(sas), str(uuid4())
        sas.cases.records.RegisterRecord(
            records_pb2.RegisterRecordRequest(
                record=f"records/{uuid}",
                kind=records_pb2.RECORD_KIND_BREACH,
                student=case.student.name,
                parent=case.record,
            )
        )
        return cls(sas, case, staff(), uuid)

    @property
    def name(self) -> str:
        """The breach's name."""
        return f"breaches/{self.uuid}"

    def told(self, who: Person | None = None, kind: str = "health", **facts: Any) -> list[str]:
        """Tell the facts, and give what is missing."""
        asked: dict[str, Any] = {
            "name": self.name,
            "record": f"records/{self.uuid}",
            "case_record": self.case.record,
        }
        if kind:
            recipient = breach_procedure_pb2.BreachFactsRecipient
            asked["recipients"] = [recipient(third_party=self.doctor, kind=kind)]
        request = breach_procedure_pb2.RecordBreachFactsRequest(**asked | facts)
        method = self.sas.cases.procedure.RecordBreachFacts
        return list(self.sas.call(who or self.ada, method, request).missing)

    def asks(self, colleague: Person) -> breach_procedure_pb2.BreachProcedure:
        """Ask a colleague, who is of the staff unless consent knows better."""
        self.sas.knows(colleague)
        request = breach_procedure_pb2.AskForAdviceRequest(name=self.name, colleague=colleague.name)
        return self.sas.call(self.ada, self.sas.gateway.procedure.AskForAdvice, request)

    def advised(
        self, colleague: Person, answer: breach_procedure_pb2.AdviceAnswer.ValueType = FOR
    ) -> breach_procedure_pb2.BreachProcedure:
        """Give advice, as the colleague."""
        request = breach_procedure_pb2.GiveAdviceRequest(name=self.name, answer=answer)
        return self.sas.call(colleague, self.sas.gateway.procedure.GiveAdvice, request)

    def decided(
        self, who: Person | None = None, despite_advice: bool = False, emergency: bool = False
    ) -> int:
        """Decide."""
        request = breach_procedure_pb2.AuthoriseBreachRequest(
            name=self.name, despite_advice=despite_advice, emergency=emergency
        )
        method = self.sas.cases.procedure.AuthoriseBreach
        return self.sas.call(who or self.ada, method, request).ledger_index

    def disclosed(self, recipient: str = "", told_at: datetime | None = None) -> int:
        """Record what was told."""
        request = breach_procedure_pb2.AuthoriseBreachDisclosureRequest(
            name=self.name,
            recipient=recipient or self.doctor,
            payload_digest="b" * 64,
            told_at=stamp(told_at or in_days(0)),
        )
        method = self.sas.cases.procedure.AuthoriseBreachDisclosure
        return self.sas.call(self.ada, method, request).ledger_index

    def advised_and_decided(self) -> int:
        """Let a colleague advise, and decide."""
        bob = staff()
        self.asks(bob)
        self.advised(bob)
        return self.decided()

    def decided_in_an_emergency(self) -> int:
        """Decide with nobody to ask."""
        self.told(**EVERYTHING | {"has_nobody_reachable": True})
        return self.decided(emergency=True)

    def under_38b(self) -> None:
        """Choose a ground under which telling the student may be an offence."""
        self.told(kind="police", **EVERYTHING | UNDER_38B)

    def reviewed(self, who: Person, answer: Any = tasks.REVIEW_ANSWER_FOR) -> tasks.BreachReview:
        """Review it, as a colleague."""
        request = tasks.ReviewBreachRequest(name=self.name, answer=answer)
        return self.sas.call(who, self.sas.gateway.tasks.ReviewBreach, request)

    def waits_for_review_by(self, who: Person) -> list[tasks.BreachReview]:
        """Give the task, as a colleague sees it in their list; empty if they do not."""
        request = tasks.ListBreachReviewsRequest()
        found = self.sas.call(who, self.sas.gateway.tasks.ListBreachReviews, request)
        return [each for each in found.reviews if each.breach == self.name]

    def waits_for_advice_of(self, who: Person) -> list[tasks.AwaitedAdvice]:
        """Give the request, as a colleague sees it in their list; empty if they do not."""
        request = tasks.ListAdviceRequestsRequest()
        found = self.sas.call(who, self.sas.gateway.tasks.ListAdviceRequests, request)
        return [each for each in found.requests if each.breach == self.name]

    def added(self, who: Person | None = None) -> int:
        """Add to the record."""
        request = breach_procedure_pb2.AuthoriseBreachAddendumRequest(
            name=self.name, addendum=f"{self.name}/addenda/{uuid4()}", payload_digest="c" * 64
        )
        method = self.sas.cases.procedure.AuthoriseBreachAddendum
        return self.sas.call(who or self.ada, method, request).ledger_index

    def embargo_in_the_list_of(self, who: Person) -> list[embargoes.Embargo]:
        """Give the embargo, as a colleague sees it in their list; empty if they do not."""
        request = embargoes.ListEmbargoesRequest()
        found = self.sas.call(who, self.sas.gateway.embargoes.ListEmbargoes, request)
        return [each for each in found.embargoes if each.breach == self.name]

    def embargo_stays(self, who: Person | None = None) -> embargoes.Embargo:
        """Look at the embargo, and leave it."""
        request = embargoes.ReviewEmbargoRequest(name=self.name)
        return self.sas.call(who or self.ada, self.sas.gateway.embargoes.ReviewEmbargo, request)

    def lifted(self, who: Person | None = None) -> embargoes.Embargo:
        """Lift the embargo."""
        request = embargoes.LiftEmbargoRequest(
            name=self.name, reason=embargoes.LIFT_REASON_INVESTIGATION_OVER
        )
        return self.sas.call(who or self.ada, self.sas.gateway.embargoes.LiftEmbargo, request)
