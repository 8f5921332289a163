"""What colleagues are asked to do about breaches, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import breach_tasks_pb2 as pb
from sas.consent.v1 import breach_tasks_pb2_grpc

from services.consent.actions import breach_tasks
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, timestamp
from services.consent.domain.breach import Breach
from services.consent.domain.counts import TermCount


class BreachTasksServicer(breach_tasks_pb2_grpc.BreachTasksServiceServicer):
    """Advice that is waited for, reviews of emergencies, and counts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ListAdviceRequests(
        self, request: pb.ListAdviceRequestsRequest, context: grpc.ServicerContext
    ) -> pb.ListAdviceRequestsResponse:
        who = caller()
        found = breach_tasks.advice_requests(self._parts, who)
        return pb.ListAdviceRequestsResponse(
            requests=[_request(breach, who.name) for breach in found]
        )

    def ListBreachReviews(
        self, request: pb.ListBreachReviewsRequest, context: grpc.ServicerContext
    ) -> pb.ListBreachReviewsResponse:
        found = breach_tasks.awaiting_review(self._parts, caller())
        return pb.ListBreachReviewsResponse(reviews=map(self._review, found))

    def ReviewBreach(
        self, request: pb.ReviewBreachRequest, context: grpc.ServicerContext
    ) -> pb.BreachReview:
        against = request.answer == pb.REVIEW_ANSWER_AGAINST
        return self._review(
            breach_tasks.review(self._parts, caller(), request.name, against=against)
        )

    def CountBreaches(
        self, request: pb.CountBreachesRequest, context: grpc.ServicerContext
    ) -> pb.CountBreachesResponse:
        counts = breach_tasks.count(self._parts, caller())
        return pb.CountBreachesResponse(
            terms=map(_term, counts.terms), overdue_tasks=counts.overdue_tasks
        )

    def _review(self, breach: Breach) -> pb.BreachReview:
        answer = pb.REVIEW_ANSWER_UNSPECIFIED
        if breach.reviewed is not None:
            answer = pb.REVIEW_ANSWER_AGAINST if breach.reviewed.against else pb.REVIEW_ANSWER_FOR
        return pb.BreachReview(
            breach=breach.facts.breach,
            involved=breach.involved,
            decided_at=timestamp(breach.decided.at if breach.decided else None),
            due_at=timestamp(breach.decided.review_due_at if breach.decided else None),
            overdue=breach_tasks.overdue(breach, self._parts.clock()),
            answer=answer,
            warnings=breach.facts.warnings,
        )


def _request(breach: Breach, colleague: str) -> pb.AwaitedAdvice:
    (asked,) = [each for each in breach.advice if each.colleague == colleague]
    return pb.AwaitedAdvice(
        breach=breach.facts.breach,
        asked_by=breach.involved,
        asked_at=timestamp(asked.asked_at),
        warnings=breach.facts.warnings,
    )


def _term(count: TermCount) -> pb.TermCount:
    return pb.TermCount(
        term=count.term.code,
        decided=count.decided,
        in_emergency=count.in_emergency,
        unusual=count.unusual,
    )
