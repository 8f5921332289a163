"""Third parties."""

from __future__ import annotations

import attrs
import grpc
from sas.identity.v1 import third_parties_pb2 as pb
from sas.identity.v1 import third_parties_pb2_grpc

from common.caller import current_caller
from services.identity.actions import third_parties
from services.identity.actions.parts import Parts
from services.identity.domain.third_parties import ThirdParty


@attrs.frozen
class ThirdPartiesServicer(third_parties_pb2_grpc.ThirdPartiesServiceServicer):
    """See `sas/identity/v1/third_parties.proto`."""

    parts: Parts

    def CreateThirdParty(
        self, request: pb.CreateThirdPartyRequest, context: grpc.ServicerContext
    ) -> pb.ThirdParty:
        details = ThirdParty(request.display_name, request.organisation, request.address)
        name = third_parties.create(
            self.parts, current_caller(), request.kind, details, request.request_id
        )
        # What was typed in does not go out again: reading it is consent's to decide.
        return pb.ThirdParty(name=name, kind=request.kind)

    def GetThirdParty(
        self, request: pb.GetThirdPartyRequest, context: grpc.ServicerContext
    ) -> pb.ThirdParty:
        kind, details = third_parties.open_details(self.parts, request.name, request.purpose)
        return pb.ThirdParty(
            name=request.name,
            kind=pb.RecipientKind.ValueType(kind),
            display_name=details.display_name,
            organisation=details.organisation,
            address=details.address,
        )
