"""Whom a student names, for the chapters about confirming use and about trust."""

from __future__ import annotations

import datetime
import uuid

from sas.cases.v1 import contacts_pb2, contacts_pb2_grpc
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.gateway import understood_errors
from deploy.demo.people import Person
from deploy.demo.setting import Setting

MOTHER = "Ingrid Ångström"
ADDRESS = "ingrid@family.example"
TELEPHONE = "01223 765432"
"""How she is to be reached, as the student says and sees it."""


def her_mother(setting: Setting) -> str:
    """Note her mother as a third party, as the adviser, and give her random name."""
    with understood_errors():
        found = setting.adviser.at(third_parties_pb2_grpc.ThirdPartiesServiceStub).CreateThirdParty(
            third_parties_pb2.CreateThirdPartyRequest(
                kind=third_parties_pb2.RECIPIENT_KIND_TRUSTED_CONTACT,
                display_name=MOTHER,
                address=ADDRESS,
                request_id=str(uuid.uuid4()),
            )
        )
    return str(found.name)


def names(
    setting: Setting, recipient: str, purpose: purpose_pb2.DisclosurePurpose.ValueType
) -> contacts_pb2.Contact:
    """Note that the student names her mother, as the adviser; the student is asked."""
    in_half_a_year = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=180)
    with understood_errors():
        return setting.adviser.at(contacts_pb2_grpc.ContactsServiceStub).NameContact(
            contacts_pb2.NameContactRequest(
                parent=setting.case,
                recipient=recipient,
                recipient_name=MOTHER,
                recipient_address=TELEPHONE,
                purpose=purpose,
                ends_on=in_half_a_year.isoformat(),
                request_id=str(uuid.uuid4()),
            )
        )


def previews(who: Person, contact: contacts_pb2.Contact) -> contacts_pb2.ContactPreview:
    """Look at exactly what would be agreed to."""
    with understood_errors():
        return who.at(contacts_pb2_grpc.ContactsServiceStub).PreviewContact(
            contacts_pb2.PreviewContactRequest(name=contact.name)
        )
