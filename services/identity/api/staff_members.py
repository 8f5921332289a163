"""Staff members."""

from __future__ import annotations

from datetime import UTC

import attrs
import grpc
from sas.identity.v1 import staff_members_pb2 as pb
from sas.identity.v1 import staff_members_pb2_grpc

from common.caller import current_caller
from common.pages import decode_token, encode_token, page_size
from services.identity.actions import staff_members
from services.identity.actions.parts import Parts, uuid_of
from services.identity.actions.staff_members import Candidate
from services.identity.api.times import timestamp
from services.identity.storage.staff_members import StaffMember


@attrs.frozen
class StaffMembersServicer(staff_members_pb2_grpc.StaffMembersServiceServicer):
    """See `sas/identity/v1/staff_members.proto`."""

    parts: Parts

    def CreateStaffMember(
        self, request: pb.CreateStaffMemberRequest, context: grpc.ServicerContext
    ) -> pb.StaffMember:
        candidate = Candidate(
            display_name=request.display_name,
            issuer=request.issuer,
            subject=request.subject,
            role=request.role,
            role_ends_at=request.role_ends_at.ToDatetime(UTC),
            mail_address=request.mail_address,
        )
        return to_proto(
            staff_members.create(self.parts, current_caller(), candidate, request.request_id)
        )

    def ListStaffMembers(
        self, request: pb.ListStaffMembersRequest, context: grpc.ServicerContext
    ) -> pb.ListStaffMembersResponse:
        after = decode_token(request.page_token)
        found, last = staff_members.page(
            self.parts,
            uuid_of(f"staffMembers/{after}") if after else None,
            page_size(request.page_size),
        )
        return pb.ListStaffMembersResponse(
            staff_members=[to_proto(each) for each in found], next_page_token=encode_token(last)
        )

    def GetReleasedName(
        self, request: pb.GetReleasedNameRequest, context: grpc.ServicerContext
    ) -> pb.ReleasedName:
        return pb.ReleasedName(display_name=staff_members.tell_name(self.parts, request.name))

    def SetStaffMemberAddress(
        self, request: pb.SetStaffMemberAddressRequest, context: grpc.ServicerContext
    ) -> pb.StaffMember:
        return to_proto(staff_members.set_address(self.parts, request.name, request.mail_address))

    def EndStaffRole(
        self, request: pb.EndStaffRoleRequest, context: grpc.ServicerContext
    ) -> pb.StaffMember:
        return to_proto(staff_members.end_role(self.parts, request.name))


def to_proto(member: StaffMember) -> pb.StaffMember:
    """Translate a staff member."""
    return pb.StaffMember(
        name=member.name,
        display_name=member.display_name,
        role=member.role.code,
        role_ends_at=timestamp(member.role.ends_at),
    )
