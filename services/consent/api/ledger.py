"""The ledger, over gRPC: to students their own lines, to verifiers all of it."""

from __future__ import annotations

import grpc
from sas.consent.v1 import ledger_pb2, ledger_pb2_grpc

from common.pages import encode_token, page_size
from services.consent.actions import ledger
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, entry_id, timestamp
from services.consent.domain.ledger.fsck import Row
from services.consent.domain.witnesses import Witness
from services.consent.storage.ledger import Access

_ENTRIES = 1000


class LedgerServicer(ledger_pb2_grpc.LedgerServiceServicer):
    """A Merkle log of every decision, for people who need not trust us."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ListAccesses(
        self, request: ledger_pb2.ListAccessesRequest, context: grpc.ServicerContext
    ) -> ledger_pb2.ListAccessesResponse:
        size = page_size(request.page_size)
        found = ledger.list_accesses(
            self._parts, caller(), after=entry_id(request.page_token), count=size + 1
        )
        page = found[:size]
        more = page[-1].entry_id if len(found) > size else ""
        return ledger_pb2.ListAccessesResponse(
            accesses=map(_access, page), next_page_token=encode_token(more)
        )

    def GetCheckpoint(
        self, request: ledger_pb2.GetCheckpointRequest, context: grpc.ServicerContext
    ) -> ledger_pb2.Checkpoint:
        signed = ledger.get_checkpoint(self._parts)
        return ledger_pb2.Checkpoint(
            note=signed.note,
            public_key=signed.verifier_key,
            size=signed.size,
            witnessed=signed.witnessed,
            witnesses=map(witness_to_proto, signed.witnesses),
        )

    def ListLedgerEntries(
        self, request: ledger_pb2.ListLedgerEntriesRequest, context: grpc.ServicerContext
    ) -> ledger_pb2.ListLedgerEntriesResponse:
        rows, size = ledger.list_entries(
            self._parts, start=request.start_index, count=request.page_size or _ENTRIES
        )
        return ledger_pb2.ListLedgerEntriesResponse(entries=map(_entry, rows), size=size)

    def GetProof(
        self, request: ledger_pb2.GetProofRequest, context: grpc.ServicerContext
    ) -> ledger_pb2.Proof:
        proven = ledger.get_proof(self._parts, request.index)
        return ledger_pb2.Proof(proof=proven.receipt, entry=proven.entry)


def _access(access: Access) -> ledger_pb2.RecordAccess:
    return ledger_pb2.RecordAccess(
        time=timestamp(access.at),
        role=access.role,
        action=access.action,
        purpose=access.purpose,
        allowed=access.allowed,
        embargoed_until=timestamp(access.embargoed_until),
        name=f"accesses/{access.entry_id}",
    )


def witness_to_proto(witness: Witness) -> ledger_pb2.Witness:
    """Translate where a witness stands."""
    return ledger_pb2.Witness(
        key_name=witness.name,
        size=witness.size,
        cosigned_time=timestamp(witness.cosigned_at) if witness.cosigned_at else None,
        heard=str(witness.heard),
        contradicts=witness.contradicts,
    )


def _entry(row: Row) -> ledger_pb2.LedgerEntry:
    return ledger_pb2.LedgerEntry(index=row.index, entry=row.entry, leaf_hash=row.leaf_hash)
