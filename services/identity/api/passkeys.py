"""A student's own passkeys."""

from __future__ import annotations

import attrs
import grpc
from sas.identity.v1 import passkeys_pb2 as pb
from sas.identity.v1 import passkeys_pb2_grpc

from common.caller import current_caller
from common.passkeys import signature_in
from services.identity.actions import passkeys
from services.identity.actions.parts import Parts
from services.identity.api.times import timestamp
from services.identity.domain.passkeys import KeptPasskey


@attrs.frozen
class PasskeysServicer(passkeys_pb2_grpc.PasskeysServiceServicer):
    """See `sas/identity/v1/passkeys.proto`."""

    parts: Parts

    def ListPasskeys(
        self, request: pb.ListPasskeysRequest, context: grpc.ServicerContext
    ) -> pb.ListPasskeysResponse:
        return pb.ListPasskeysResponse(
            passkeys=map(to_proto, passkeys.mine(self.parts, current_caller())),
            relying_party_id=self.parts.relying_party.id,
        )

    def BeginPasskey(
        self, request: pb.BeginPasskeyRequest, context: grpc.ServicerContext
    ) -> pb.BeginPasskeyResponse:
        begun = passkeys.begin(self.parts, current_caller())
        return pb.BeginPasskeyResponse(
            creation_options=begun.creation_options,
            once=begun.once,
            expire_time=timestamp(begun.expires_at),
        )

    def AddPasskey(
        self, request: pb.AddPasskeyRequest, context: grpc.ServicerContext
    ) -> pb.Passkey:
        made = passkeys.Made(
            client_data_json=request.client_data_json,
            attestation_object=request.attestation_object,
        )
        signed = signature_in(request)
        return to_proto(passkeys.add(self.parts, current_caller(), request.once, made, signed))

    def RemovePasskey(
        self, request: pb.RemovePasskeyRequest, context: grpc.ServicerContext
    ) -> pb.RemovePasskeyResponse:
        gone_at = passkeys.remove(
            self.parts,
            current_caller(),
            request.credential_id,
            request.once,
            signature_in(request),
        )
        return pb.RemovePasskeyResponse(remove_time=timestamp(gone_at))

    def KeepPasskey(
        self, request: pb.KeepPasskeyRequest, context: grpc.ServicerContext
    ) -> pb.Passkey:
        return to_proto(passkeys.keep(self.parts, current_caller(), request.credential_id))


def to_proto(passkey: KeptPasskey) -> pb.Passkey:
    """Translate a passkey."""
    return pb.Passkey(
        credential_id=passkey.credential_id,
        public_key=passkey.public_key,
        create_time=timestamp(passkey.create_time),
        remove_time=timestamp(passkey.remove_time) if passkey.remove_time else None,
    )
