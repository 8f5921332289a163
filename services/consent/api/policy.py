"""The confidentiality policy, asked "may they, and why not", over gRPC."""

from __future__ import annotations

from collections.abc import Iterable

import grpc
from sas.consent.v1 import policy_pb2, policy_pb2_grpc

from services.consent.actions import explaining
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, purpose_code, timestamp
from services.consent.domain.explanation import Explanation
from services.consent.domain.reasons import Reason


class PolicyServicer(policy_pb2_grpc.PolicyServiceServicer):
    """Decisions with their reasons, in the policy's words."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ExplainDecision(
        self, request: policy_pb2.ExplainDecisionRequest, context: grpc.ServicerContext
    ) -> policy_pb2.Explanation:
        return self._proto(explaining.explain_decision(self._parts, caller(), request.name))

    def ProveDecision(
        self, request: policy_pb2.ProveDecisionRequest, context: grpc.ServicerContext
    ) -> policy_pb2.DecisionProof:
        proven = explaining.prove_decision(self._parts, caller(), request.name)
        return policy_pb2.DecisionProof(receipt=proven.receipt, entry=proven.entry.decode())

    def ForeseeDecision(
        self, request: policy_pb2.ForeseeDecisionRequest, context: grpc.ServicerContext
    ) -> policy_pb2.Explanation:
        asked = explaining.WouldBe(
            action=request.action,
            name=request.name,
            person=request.staff_member,
            role=request.role or "adviser",
            purpose=purpose_code(request.purpose) if request.purpose else "advice",
        )
        return self._proto(explaining.foresee_decision(self._parts, caller(), asked))

    def _proto(self, found: Explanation) -> policy_pb2.Explanation:
        return policy_pb2.Explanation(
            name=found.name,
            action=found.action,
            person=found.person,
            allowed=found.allowed,
            reasons=_because(found.because),
            unless=_because(found.unless),
            clauses=sorted(found.clauses),
            obligations=sorted(found.obligations),
            decided_at=timestamp(found.at),
            policy=found.policy_set,
            policy_in_force=found.policy_set == self._parts.policy.sha256,
        )


def _because(said: Iterable[tuple[str, Reason]]) -> list[policy_pb2.Because]:
    return [
        policy_pb2.Because(code=code, sentence=reason.sentence, clause=reason.clause)
        for code, reason in said
    ]
