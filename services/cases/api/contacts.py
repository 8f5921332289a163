"""Contacts: whom students name."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import contacts_pb2 as pb
from sas.cases.v1 import contacts_pb2_grpc
from sas.common.v1.purpose_pb2 import DisclosurePurpose

from common.caller import current_caller
from services.cases.actions import contacts
from services.cases.actions.tools import Tools
from services.cases.domain.contacts import Contact
from services.cases.domain.names import name_of


@attrs.frozen
class ContactsServicer(contacts_pb2_grpc.ContactsServiceServicer):
    """See `sas/cases/v1/contacts.proto`."""

    tools: Tools

    def NameContact(
        self, request: pb.NameContactRequest, context: grpc.ServicerContext
    ) -> pb.Contact:
        naming = contacts.Naming(
            case=request.parent,
            recipient=request.recipient,
            recipient_name=request.recipient_name,
            recipient_address=request.recipient_address,
            purpose=DisclosurePurpose.Name(request.purpose),
            ends_on=request.ends_on,
        )
        named = contacts.name_contact(
            self.tools, current_caller(), naming, request_id=request.request_id
        )
        return _to_proto(named)

    def GetContact(
        self, request: pb.GetContactRequest, context: grpc.ServicerContext
    ) -> pb.Contact:
        return _to_proto(contacts.get_contact(self.tools, request.name))

    def ListContacts(
        self, request: pb.ListContactsRequest, context: grpc.ServicerContext
    ) -> pb.ListContactsResponse:
        found, next_token = contacts.list_contacts(
            self.tools, request.parent, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListContactsResponse(contacts=map(_to_proto, found), next_page_token=next_token)

    def PreviewContact(
        self, request: pb.PreviewContactRequest, context: grpc.ServicerContext
    ) -> pb.ContactPreview:
        contact, named = contacts.preview_contact(self.tools, request.name)
        return pb.ContactPreview(
            contact=_to_proto(contact),
            recipient_name=named.recipient_name,
            recipient_address=named.recipient_address,
            statement=named.statement,
            payload_digest=contact.payload_digest,
        )

    def ConfirmUse(
        self, request: pb.ConfirmUseRequest, context: grpc.ServicerContext
    ) -> pb.ConfirmedUse:
        named = contacts.confirm_use(self.tools, request.name)
        return pb.ConfirmedUse(
            recipient_name=named.recipient_name,
            recipient_address=named.recipient_address,
            statement=named.statement,
        )


def _to_proto(contact: Contact) -> pb.Contact:
    return pb.Contact(
        name=contact.name,
        case=name_of("cases", contact.case_id),
        recipient=contact.recipient,
        purpose=DisclosurePurpose.Value(contact.purpose),
        consent=contact.consent,
        ends_on=contact.ends_on.isoformat(),
    )
