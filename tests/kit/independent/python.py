"""sigstore-python's merkle and checkpoint code, which knows nothing of us."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore.errors import VerificationError
from sigstore.models import TransparencyLogEntry
from sigstore_models.common import v1 as common
from sigstore_models.rekor import v1 as rekor

from services.consent.domain.ledger.note import VerifierKey
from tests.kit.independent import Claim


class Sigstore:
    """Somebody with the ledger's public key and sigstore-python."""

    def __init__(self, key: VerifierKey) -> None:
        public = Ed25519PublicKey.from_public_bytes(key.public_key)
        raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        known = common.PublicKey(
            raw_bytes=base64.b64encode(raw), key_details=common.PublicKeyDetails.PKIX_ED25519
        )
        self._keyring = RekorKeyring(Keyring([known]))
        self._key_id = key.key_id

    def accepts(self, claim: Claim) -> bool:
        """Whether it finds the checkpoint signed and the entry in it."""
        try:
            entry = self._entry(claim)
            verify_checkpoint(self._keyring, entry)
            verify_merkle_inclusion(entry)
        except (VerificationError, ValidationError, ValueError):
            return False
        return True

    def _entry(self, claim: Claim) -> TransparencyLogEntry:
        def b64(data: bytes) -> bytes:
            return base64.b64encode(data)

        index: Any = str(claim.index)  # as in protobuf's JSON, which its types don't say
        size: Any = str(claim.size)
        proof = rekor.InclusionProof(
            log_index=index,
            root_hash=b64(claim.root),
            tree_size=size,
            hashes=[b64(each) for each in claim.hashes],
            checkpoint=rekor.Checkpoint(envelope=claim.envelope),
        )
        return TransparencyLogEntry(
            rekor.TransparencyLogEntry(
                log_index=index,
                log_id=common.LogId(key_id=b64(self._key_id)),
                kind_version=rekor.KindVersion(kind="entry", version="1"),
                inclusion_proof=proof,
                canonicalized_body=b64(claim.entry),
            )
        )
