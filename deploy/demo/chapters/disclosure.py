"""6. A letter for the tutor: redacted, refused, consented to, recalled, disclosed, withdrawn."""

from __future__ import annotations

import base64
import datetime
import io
import uuid

import httpx
from pypdf import PdfReader
from sas.cases.v1 import (
    disclosures_pb2,
    disclosures_pb2_grpc,
    redactions_pb2,
    redactions_pb2_grpc,
)
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2, consents_pb2_grpc
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.gateway import understood_errors
from common.errors import NotAvailable, RefusedByPolicy
from deploy.demo import behind, people
from deploy.demo.letter import FRIEND
from deploy.demo.setting import Setting

TUTOR = "Dr Rosalind Achebe"
ADDRESS = "r.achebe@tutors.example"


def tell(setting: Setting) -> None:
    """Redact; try without consent; consent; disclose; recall; disclose; collect; withdraw."""
    story = setting.story
    story.chapter(6, "The student lets her tutor see one letter", "R3", "R4", "R6", "R7", "R8")
    disclosures = setting.adviser.at(disclosures_pb2_grpc.DisclosuresServiceStub)
    consents = setting.student.at(consents_pb2_grpc.ConsentsServiceStub)
    redaction = _redact(setting)
    disclosure = _propose(setting, redaction)
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
        story.check(
            "what would leave was rendered: her flatmate is in no byte of it, and no block is as"
            " long as the name",
            shown.content.startswith(b"%PDF-") and not _holds(shown.content, FRIEND),
        )
        story.check(
            "each page says for whom it is",
            all(
                f"For {TUTOR} \u00b7 {disclosure.name}" in page.extract_text()
                for page in PdfReader(io.BytesIO(shown.content)).pages
            ),
        )
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

    _recall(setting, send)
    with understood_errors():
        disclosures.SendDisclosure(send)
    setting.sent_index = behind.latest_entry(setting.state, "disclosure:send")
    link_token, code = behind.mail_for(setting.state, ADDRESS)
    collect = {"linkToken": link_token, "code": code}
    letter = _collect(setting, collect)
    story.check(
        "the tutor opens the link with the code and gets the very bytes that she agreed to",
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


def _redact(setting: Setting) -> redactions_pb2.Redaction:
    """Mark the flatmate's name, as the adviser; the original stays sealed as it was."""
    setting.story.say("The adviser marks what is about somebody else, and why.")
    with understood_errors():
        return setting.adviser.at(redactions_pb2_grpc.RedactionsServiceStub).RedactItem(
            redactions_pb2.RedactItemRequest(
                parent=setting.document,
                marks=[
                    redactions_pb2.RedactionMark(
                        reason=redactions_pb2.REDACTION_REASON_ANOTHER_PERSON, passage=FRIEND
                    )
                ],
                request_id=str(uuid.uuid4()),
            )
        )


def _recall(setting: Setting, send: disclosures_pb2.SendDisclosureRequest) -> None:
    """Send with time to think, and take it back before anything has left."""
    story = setting.story
    disclosures = setting.adviser.at(disclosures_pb2_grpc.DisclosuresServiceStub)
    of_earlier_tellings = behind.mails_to(setting.state, ADDRESS)
    with understood_errors():
        waiting = disclosures.SendDisclosure(
            disclosures_pb2.SendDisclosureRequest(name=send.name, hold_seconds=120)
        )
        recalled = disclosures.RecallDisclosure(
            disclosures_pb2.RecallDisclosureRequest(name=send.name)
        )
    story.check(
        "what is sent can be taken back: its mails wait first, and none has left",
        waiting.state == disclosures_pb2.DISCLOSURE_STATE_WAITING
        and recalled.state == disclosures_pb2.DISCLOSURE_STATE_RECALLED
        and behind.mails_to(setting.state, ADDRESS) == of_earlier_tellings,
    )


def _holds(content: bytes, name: str) -> bool:
    """Whether any part of a name is in a PDF, as bytes or as text."""
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return any(part in text or part.encode() in content for part in name.split())


def _propose(setting: Setting, redaction: redactions_pb2.Redaction) -> disclosures_pb2.Disclosure:
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
                redactions=[redaction.name],
                request_id=str(uuid.uuid4()),
            )
        )


def _collect(setting: Setting, body: dict[str, str]) -> httpx.Response:
    return httpx.post(
        f"https://{people.address(setting.state)}/v1/disclosures:collect",
        json=body,
        verify=str(setting.state / "tls/ca.pem"),
    )
