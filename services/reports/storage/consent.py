"""
Consent's answers to a freeze, and to letting a report leave.

Consent decides who may have a report frozen and what for, and commits that to the ledger before it
answers. Only `serve` imports this: workers make no gRPC call.
"""

from __future__ import annotations

from sas.consent.v1 import releases_pb2, releases_pb2_grpc

from common.rpc.client import Peer


class Consent:
    """The consent service, asked for the caller of the call at hand."""

    def __init__(self, peer: Peer) -> None:
        self._releases = peer.stub(releases_pb2_grpc.ReleasesServiceStub)

    def authorise_release(self, report: str, table: str, purpose: str, period: str) -> int:
        """
        Ask whether *report* may be frozen; give the place of the entry in the ledger.

        Raises:
            NotAvailable, SecondFactorNeeded, RefusedByPolicy: it may not, and that is recorded.
            TryAgain: consent can't answer, so the answer is no.
        """
        answer = self._releases.AuthoriseRelease(
            releases_pb2.AuthoriseReleaseRequest(
                report=report, table=table, purpose=purpose, period=period
            )
        )
        return answer.ledger_index

    def authorise_publication(
        self, report: str, frozen_index: int, recipient: str, file_sha256: str
    ) -> str:
        """
        Ask whether this very file may leave, to whom; give the gate's pass for it.

        Raises:
            NotAvailable, SecondFactorNeeded, RefusedByPolicy: it may not, and that is recorded.
            TryAgain: consent can't answer, so the answer is no.
        """
        answer = self._releases.AuthorisePublication(
            releases_pb2.AuthorisePublicationRequest(
                report=report,
                frozen_index=frozen_index,
                recipient=recipient,
                file_sha256=file_sha256,
            )
        )
        gate_pass: str = answer.gate_pass
        return gate_pass
