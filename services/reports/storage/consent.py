"""
Consent's answer to a freeze.

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
