"""6. A letter for the tutor: refused, consented to, disclosed, withdrawn."""

from __future__ import annotations

import base64
import datetime
import uuid

import httpx
from sas.cases.v1 import disclosures_pb2, disclosures_pb2_grpc
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2, consents_pb2_grpc
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.gateway import understood_errors
from common.errors import NotAvailable, RefusedByPolicy
from deploy.demo import behind, people
from deploy.demo.setting import Setting

TUTOR = "Dr Rosalind Achebe"
ADDRESS = "r.achebe@tutors.example"


def tell(setting: Setting) -> None:
    """Try without consent; consent as the student; disclose; collect; withdraw; collect again."""
    story = setting.story
    story.chapter(6, "The student lets her tutor see one letter", "R3", "R4", "R6", "R7", "R8")
    disclosures = setting.adviser.at(disclosures_pb2_grpc.DisclosuresServiceStub)
    consents = setting.student.at(consents_pb2_grpc.ConsentsServiceStub)
    disclosure = _propose(setting)
    send = disclosures_pb2.SendDisclosureRequest(name=disclosure.name)
    with (
        story.refused(
            "without her consent the letter does not leave, and every reason is named",
            RefusedByPolicy,
            "consent_not_given",
        ),
        understood_errors(),
    ):
        disclosures.SendDisclosure(send)

    story.say("The student looks at exactly what would leave, and consents.")
    with understood_errors():
        shown = setting.student.at(disclosures_pb2_grpc.DisclosuresServiceStub).PreviewDisclosure(
            disclosures_pb2.PreviewDisclosureRequest(name=disclosure.name)
        )
        consent = consents.GetConsent(consents_pb2.GetConsentRequest(name=disclosure.consent))
        story.show(
            f"letter: {len(shown.content)} bytes of {shown.media_type}, '{shown.title}'\n"
            f"to: {shown.recipient_name}, {shown.recipient_address}\n"
            f"until: {shown.disclosure.ends_on}\n\n{consent.text}"
        )
        story.check("she sees the very bytes that would leave", shown.content.startswith(b"%PDF-"))
        given = consents.GiveConsent(
            consents_pb2.GiveConsentRequest(
                name=consent.name,
                act=consents_pb2.CONSENT_ACT_TICKED_AND_SENT,
                text_sha256=consent.text_sha256,
                payload_digest=shown.payload_digest,
            )
        )
    story.check("she gets a receipt", given.receipt.startswith("c2sp.org/tlog-proof@v1"))
    story.show(given.receipt.rstrip())

    with understood_errors():
        disclosures.SendDisclosure(send)
    setting.sent_index = behind.latest_entry(setting.state, "disclosure:send")
    link_token, code = behind.mail_for(setting.state, ADDRESS)
    collect = {"linkToken": link_token, "code": code}
    letter = _collect(setting, collect)
    story.check(
        "the tutor opens the link with the code and sees the letter",
        letter.status_code == 200 and base64.b64decode(letter.json()["content"]) == shown.content,
        letter.text[:300],
    )
    with understood_errors():
        consents.WithdrawConsent(consents_pb2.WithdrawConsentRequest(name=consent.name))
    again = _collect(setting, collect)
    never = _collect(setting, {"linkToken": "x" * len(link_token), "code": "00000000"})
    story.check(
        "once she has withdrawn, the answer is the same as for a letter that never was",
        (again.status_code, again.content) == (never.status_code, never.content)
        and again.status_code == 403,
        f"{again.status_code} {again.text}\n{never.status_code} {never.text}",
    )
    story.show(again.text)
    with (
        story.refused("and it can't be sent again", RefusedByPolicy, "consent_withdrawn"),
        understood_errors(),
    ):
        disclosures.SendDisclosure(send)
    with (
        story.refused("nor can another student look at it", NotAvailable),
        understood_errors(),
    ):
        other = people.sign_in(setting.state, "student-two")
        other.at(disclosures_pb2_grpc.DisclosuresServiceStub).PreviewDisclosure(
            disclosures_pb2.PreviewDisclosureRequest(name=disclosure.name)
        )


def _propose(setting: Setting) -> disclosures_pb2.Disclosure:
    """Note the tutor and propose the disclosure, as the adviser."""
    with understood_errors():
        tutor = setting.adviser.at(third_parties_pb2_grpc.ThirdPartiesServiceStub).CreateThirdParty(
            third_parties_pb2.CreateThirdPartyRequest(
                kind=third_parties_pb2.RECIPIENT_KIND_COLLEGE,
                display_name=TUTOR,
                organisation="Newnham",
                address=ADDRESS,
                request_id=str(uuid.uuid4()),
            )
        )
        in_a_month = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=30)
        return setting.adviser.at(disclosures_pb2_grpc.DisclosuresServiceStub).ProposeDisclosure(
            disclosures_pb2.ProposeDisclosureRequest(
                document=setting.document,
                recipient=tutor.name,
                recipient_name=TUTOR,
                recipient_address=ADDRESS,
                purpose=purpose_pb2.DISCLOSURE_PURPOSE_ACADEMIC_ARRANGEMENT,
                ends_on=in_a_month.isoformat(),
                request_id=str(uuid.uuid4()),
            )
        )


def _collect(setting: Setting, body: dict[str, str]) -> httpx.Response:
    return httpx.post(
        f"https://{people.address(setting.state)}/v1/disclosures:collect",
        json=body,
        verify=str(setting.state / "tls/ca.pem"),
    )
