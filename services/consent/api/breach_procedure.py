"""The procedure for breaching confidentiality, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import breach_procedure_pb2, breach_procedure_pb2_grpc

from services.consent.actions import breaches
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, moment, timestamp
from services.consent.domain.breach import Advice, BreachFacts, StudentFirst
from services.consent.domain.consent import Consent
from services.consent.domain.grounds import Ground, listed
from services.consent.domain.texts import LONDON


class BreachProcedureServicer(breach_procedure_pb2_grpc.BreachProcedureServiceServicer):
    """Facts, advice and the decision; the words are sealed in cases."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def RecordBreachFacts(
        self,
        request: breach_procedure_pb2.RecordBreachFactsRequest,
        context: grpc.ServicerContext,
    ) -> breach_procedure_pb2.BreachProcedure:
        who = caller()
        facts = BreachFacts(
            breach=request.name,
            record=request.record,
            case_record=request.case_record,
            ground=request.ground,
            serious=request.serious,
            imminent=request.imminent,
            has_outline=request.has_outline,
            has_reason=request.has_reason,
            has_intended_outcome=request.has_intended_outcome,
            has_student_spoken_to=request.has_student_spoken_to,
            whose_safety=request.whose_safety,
            student_first=_student_first(request.student_first),
            has_nobody_reachable=request.has_nobody_reachable,
            recipients=frozenset((each.third_party, each.kind) for each in request.recipients),
            words_digest=request.words_digest,
            recorded_by=who.name,
            recorded_at=self._parts.clock(),
        )
        return _procedure(breaches.record_facts(self._parts, who, facts))

    def AskForAdvice(
        self, request: breach_procedure_pb2.AskForAdviceRequest, context: grpc.ServicerContext
    ) -> breach_procedure_pb2.BreachProcedure:
        return _procedure(
            breaches.ask_for_advice(self._parts, caller(), request.name, request.colleague)
        )

    def GiveAdvice(
        self, request: breach_procedure_pb2.GiveAdviceRequest, context: grpc.ServicerContext
    ) -> breach_procedure_pb2.BreachProcedure:
        against = request.answer == breach_procedure_pb2.ADVICE_ANSWER_AGAINST
        return _procedure(
            breaches.give_advice(self._parts, caller(), request.name, against=against)
        )

    def GetBreachProcedure(
        self,
        request: breach_procedure_pb2.GetBreachProcedureRequest,
        context: grpc.ServicerContext,
    ) -> breach_procedure_pb2.BreachProcedure:
        return _procedure(breaches.get_procedure(self._parts, caller(), request.name))

    def ListGrounds(
        self, request: breach_procedure_pb2.ListGroundsRequest, context: grpc.ServicerContext
    ) -> breach_procedure_pb2.ListGroundsResponse:
        today = self._parts.clock().astimezone(LONDON).date()
        return breach_procedure_pb2.ListGroundsResponse(grounds=map(_ground, listed(today)))

    def AuthoriseBreach(
        self, request: breach_procedure_pb2.AuthoriseBreachRequest, context: grpc.ServicerContext
    ) -> breach_procedure_pb2.AuthoriseBreachResponse:
        index = breaches.authorise_breach(
            self._parts,
            caller(),
            request.name,
            despite_advice=request.despite_advice,
            emergency=request.emergency,
        )
        return breach_procedure_pb2.AuthoriseBreachResponse(ledger_index=index)

    def AuthoriseBreachDisclosure(
        self,
        request: breach_procedure_pb2.AuthoriseBreachDisclosureRequest,
        context: grpc.ServicerContext,
    ) -> breach_procedure_pb2.AuthoriseBreachDisclosureResponse:
        told = breaches.Told(
            breach=request.name,
            recipient=request.recipient,
            payload_digest=request.payload_digest,
            told_at=moment(request.told_at, "told_at"),
        )
        index = breaches.authorise_telling(self._parts, caller(), told)
        return breach_procedure_pb2.AuthoriseBreachDisclosureResponse(ledger_index=index)

    def AuthoriseBreachAddendum(
        self,
        request: breach_procedure_pb2.AuthoriseBreachAddendumRequest,
        context: grpc.ServicerContext,
    ) -> breach_procedure_pb2.AuthoriseBreachAddendumResponse:
        index = breaches.authorise_addendum(
            self._parts,
            caller(),
            request.name,
            addendum=request.addendum,
            payload_digest=request.payload_digest,
        )
        return breach_procedure_pb2.AuthoriseBreachAddendumResponse(ledger_index=index)


def _student_first(said: breach_procedure_pb2.BreachFactsStudentFirst) -> StudentFirst:
    tried = said.HasField("attempted_at")
    return StudentFirst(
        attempted_at=moment(said.attempted_at, "student_first.attempted_at") if tried else None,
        channel=said.channel,
        result=said.result,
        why_not=said.why_not,
    )


def _procedure(procedure: breaches.Procedure) -> breach_procedure_pb2.BreachProcedure:
    breach = procedure.breach
    return breach_procedure_pb2.BreachProcedure(
        name=breach.facts.breach,
        missing=procedure.missing,
        advice=[_advice(each, left=each.colleague in procedure.left) for each in breach.advice],
        decided=breach.decided is not None,
        decision=f"decisions/{breach.decided.ledger_index}" if breach.decided else "",
        warnings=breach.facts.warnings,
        emergency=breach.decided is not None and breach.decided.emergency,
        review_due_at=timestamp(breach.decided.review_due_at if breach.decided else None),
        reviewed=breach.reviewed is not None,
        trusted_contacts=map(_trusted_contact, procedure.trusted_contacts),
        by_consent=breach.decided is not None and breach.decided.by_consent,
    )


def _trusted_contact(consent: Consent) -> breach_procedure_pb2.TrustedContact:
    return breach_procedure_pb2.TrustedContact(
        recipient=consent.asked.recipient,
        contact=consent.asked.disclosure,
        consent=consent.asked.consent,
        ends_at=timestamp(consent.lapses_at),
    )


def _advice(advice: Advice, *, left: bool) -> breach_procedure_pb2.Advice:
    answer = breach_procedure_pb2.ADVICE_ANSWER_UNSPECIFIED
    if advice.answered_at is not None:
        answer = (
            breach_procedure_pb2.ADVICE_ANSWER_AGAINST
            if advice.against
            else breach_procedure_pb2.ADVICE_ANSWER_FOR
        )
    return breach_procedure_pb2.Advice(
        colleague=advice.colleague,
        answer=answer,
        asked_at=timestamp(advice.asked_at),
        answered_at=timestamp(advice.answered_at),
        left=left,
    )


def _ground(ground: Ground) -> breach_procedure_pb2.Ground:
    return breach_procedure_pb2.Ground(
        name=ground.name,
        policy_words=ground.policy_words,
        statute=ground.statute,
        effect=ground.effect,
        recipient_kinds=sorted(ground.recipient_kinds),
        tipping_off=ground.tipping_off,
        valid_from=ground.valid_from.isoformat(),
        valid_until=ground.valid_until.isoformat() if ground.valid_until else "",
        superseded_by=ground.superseded_by,
    )
