"""What people do about a disclosure, from proposing it to collecting it; see `deeds.py`."""

from __future__ import annotations

import datetime

import attrs
import httpx
from sas.cases.v1 import (
    disclosures_pb2,
    disclosures_pb2_grpc,
    redactions_pb2,
    redactions_pb2_grpc,
)
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import (
    consents_pb2,
    consents_pb2_grpc,
)
from sas.identity.v1 import (
    third_parties_pb2,
    third_parties_pb2_grpc,
)

from clients.gateway import understood_errors
from deploy.demo import behind
from tests.kit.deeds import adviser_attaches_a_letter, adviser_opens_a_case, new_request_id
from tests.kit.full_stack import FullStack


@attrs.frozen
class Tutor:
    """A third party: who they are, and the name that the Service knows them by."""

    name: str
    display_name: str = "Dr Rosalind Achebe"
    address: str = "r.achebe@tutors.example"


def adviser_notes_a_tutor(
    stack: FullStack,
    display_name: str = "Dr Rosalind Achebe",
    address: str = "r.achebe@tutors.example",
    organisation: str = "Newnham",
) -> Tutor:
    """Note a third party."""
    with understood_errors():
        tutor = stack.adviser.at(third_parties_pb2_grpc.ThirdPartiesServiceStub).CreateThirdParty(
            third_parties_pb2.CreateThirdPartyRequest(
                kind=third_parties_pb2.RECIPIENT_KIND_COLLEGE,
                display_name=display_name,
                organisation=organisation,
                address=address,
                request_id=new_request_id(),
            )
        )
    return Tutor(str(tutor.name), display_name, address)


def adviser_proposes_a_disclosure(
    stack: FullStack, document: str, to: Tutor
) -> disclosures_pb2.Disclosure:
    """Propose that the tutor see the document; the student is asked for consent."""
    in_a_month = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
    with understood_errors():
        return stack.adviser.at(disclosures_pb2_grpc.DisclosuresServiceStub).ProposeDisclosure(
            disclosures_pb2.ProposeDisclosureRequest(
                document=document,
                recipient=to.name,
                recipient_name=to.display_name,
                recipient_address=to.address,
                purpose=purpose_pb2.DISCLOSURE_PURPOSE_ACADEMIC_ARRANGEMENT,
                ends_on=in_a_month.isoformat(),
                request_id=new_request_id(),
            )
        )


def adviser_redacts(stack: FullStack, item: str, passage: str) -> str:
    """Mark a passage of a document or note to be hidden, and give the name of the redaction."""
    with understood_errors():
        made = stack.adviser.at(redactions_pb2_grpc.RedactionsServiceStub).RedactItem(
            redactions_pb2.RedactItemRequest(
                parent=item,
                marks=[
                    redactions_pb2.RedactionMark(
                        reason=redactions_pb2.REDACTION_REASON_NOT_NEEDED, passage=passage
                    )
                ],
                request_id=new_request_id(),
            )
        )
    return str(made.name)


def student_previews(
    stack: FullStack, disclosure: disclosures_pb2.Disclosure
) -> disclosures_pb2.DisclosurePreview:
    """Look at exactly what would leave."""
    with understood_errors():
        return stack.student.at(disclosures_pb2_grpc.DisclosuresServiceStub).PreviewDisclosure(
            disclosures_pb2.PreviewDisclosureRequest(name=disclosure.name)
        )


def student_gives_consent(stack: FullStack, disclosure: disclosures_pb2.Disclosure) -> None:
    """Look at what would leave, and say yes to it."""
    shown = student_previews(stack, disclosure)
    consents = stack.student.at(consents_pb2_grpc.ConsentsServiceStub)
    with understood_errors():
        asked = consents.GetConsent(consents_pb2.GetConsentRequest(name=disclosure.consent))
        consents.GiveConsent(
            consents_pb2.GiveConsentRequest(
                name=asked.name,
                act=consents_pb2.CONSENT_ACT_TICKED_AND_SENT,
                text_sha256=asked.text_sha256,
                payload_digest=shown.payload_digest,
            )
        )


def student_withdraws_consent(stack: FullStack, disclosure: disclosures_pb2.Disclosure) -> None:
    """Take the yes back."""
    with understood_errors():
        stack.student.at(consents_pb2_grpc.ConsentsServiceStub).WithdrawConsent(
            consents_pb2.WithdrawConsentRequest(name=disclosure.consent)
        )


def adviser_sends(
    stack: FullStack, disclosure: disclosures_pb2.Disclosure, to: Tutor
) -> tuple[str, str]:
    """Send a disclosure, and give the link's token and the code as the mails say them."""
    before = set((stack.state / "mail").glob("*.eml"))
    with understood_errors():
        stack.adviser.at(disclosures_pb2_grpc.DisclosuresServiceStub).SendDisclosure(
            disclosures_pb2.SendDisclosureRequest(name=disclosure.name)
        )
    sent = set((stack.state / "mail").glob("*.eml")) - before
    # Staff may be written to at this moment, too, that something waits for them.
    assert sum(to.address.encode() in each.read_bytes() for each in sent) == 2
    return behind.mail_for(stack.state, to.address)


def tutor_collects(stack: FullStack, link: str, code: str) -> httpx.Response:
    """Open the link with the code, without any session."""
    with stack.http() as tutor:
        return tutor.post("/v1/disclosures:collect", json={"linkToken": link, "code": code})


def sent_letter(stack: FullStack, tutor: Tutor | None = None) -> tuple[str, str]:
    """Send a letter that the student consented to; give the link's token and the code."""
    to = tutor or adviser_notes_a_tutor(stack)
    document = adviser_attaches_a_letter(stack, adviser_opens_a_case(stack))
    disclosure = adviser_proposes_a_disclosure(stack, document, to)
    student_gives_consent(stack, disclosure)
    return adviser_sends(stack, disclosure, to)
