"""7. Her mother may be told that she uses the Service; that, and nothing else."""

from __future__ import annotations

from sas.cases.v1 import contacts_pb2, contacts_pb2_grpc
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2, consents_pb2_grpc

from clients.gateway import understood_errors
from common.errors import RefusedByPolicy
from deploy.demo import naming
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """Neither confirm nor deny; ask the student; confirm; and stop when she takes it back."""
    story = setting.story
    story.chapter(7, "Her mother may know that she is here, and nothing else", "R6", "R7", "R9")
    contacts = setting.adviser.at(contacts_pb2_grpc.ContactsServiceStub)
    consents = setting.student.at(consents_pb2_grpc.ConsentsServiceStub)
    setting.mother = naming.her_mother(setting)
    contact = naming.names(setting, setting.mother, purpose_pb2.DISCLOSURE_PURPOSE_CONFIRM_USE)
    confirm = contacts_pb2.ConfirmUseRequest(name=contact.name)
    with (
        story.refused(
            "her mother rings before she has answered: we neither confirm nor deny",
            RefusedByPolicy,
            "consent_not_given",
        ),
        understood_errors(),
    ):
        contacts.ConfirmUse(confirm)
    shown = naming.previews(setting.student, contact)
    with understood_errors():
        asked = consents.GetConsent(consents_pb2.GetConsentRequest(name=contact.consent))
        consents.GiveConsent(
            consents_pb2.GiveConsentRequest(
                name=asked.name,
                act=consents_pb2.CONSENT_ACT_TICKED_AND_SENT,
                text_sha256=asked.text_sha256,
                payload_digest=shown.payload_digest,
            )
        )
        said = contacts.ConfirmUse(confirm)
    story.show(f"{said.recipient_name}, {said.recipient_address}: {said.statement}")
    story.check(
        "once she has agreed, one sentence may be said, to the person and number that she saw",
        (said.statement, said.recipient_address) == (shown.statement, naming.TELEPHONE)
        and said.statement != "",
    )
    with understood_errors():
        consents.WithdrawConsent(consents_pb2.WithdrawConsentRequest(name=asked.name))
    with (
        story.refused("she takes it back, and it is over", RefusedByPolicy, "consent_withdrawn"),
        understood_errors(),
    ):
        contacts.ConfirmUse(confirm)
