"""What staff members, students and third parties do, in one line each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import attrs
from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import (
    case_notes_pb2,
    cases_pb2,
    contacts_pb2,
    disclosures_pb2,
    documents_pb2,
    prints_pb2,
    redactions_pb2,
    retention_pb2,
)
from sas.common.v1.purpose_pb2 import (
    DISCLOSURE_PURPOSE_CONFIRM_USE,
    DISCLOSURE_PURPOSE_WELFARE_SUPPORT,
    PURPOSE_ADVICE,
)
from sas.consent.v1 import consents_pb2

from tests.kit.house import Person
from tests.kit.letters import letter
from tests.service.cases.house import House

CANARY = "kanarienvogel"
LETTER = letter(f"{CANARY} letter", "Yours sincerely")
LONG_AGO = "2015-03-02"
ENDS_ON = (date.today() + timedelta(days=30)).isoformat()


@attrs.frozen
class Office:
    """What a staff member does, in one line each."""

    sas: House
    who: Person

    def opens_case(self, of: Person, **fields: str) -> cases_pb2.Case:
        """Open a case."""
        said = {"topic": f"{CANARY}-topic", "request_id": str(uuid4())} | fields
        request = cases_pb2.OpenCaseRequest(student=of.name, **said)
        return self.sas.call(self.who, self.sas.cases.OpenCase, request)

    def writes_note(self, case: str, **fields: str) -> case_notes_pb2.CaseNoteSummary:
        """Write a note."""
        words = {
            "situation": f"{CANARY} situation",
            "advice_offered": f"{CANARY} advice",
            "action_taken": f"{CANARY} action",
            "request_id": str(uuid4()),
        }
        request = case_notes_pb2.WriteCaseNoteRequest(parent=case, **words | fields)
        return self.sas.call(self.who, self.sas.notes.WriteCaseNote, request)

    def reads_note(self, name: str) -> case_notes_pb2.CaseNote:
        """Read a note."""
        return self.sas.call(self.who, self.sas.notes.GetCaseNote, to_read(name))

    def attaches_letter(self, case: str) -> documents_pb2.DocumentSummary:
        """Attach the letter."""
        request = documents_pb2.AttachDocumentRequest(
            parent=case,
            title=f"{CANARY} title",
            media_type="application/pdf",
            content=LETTER,
            request_id=str(uuid4()),
        )
        return self.sas.call(self.who, self.sas.documents.AttachDocument, request)

    def attaches(self, case: str, content: bytes, media_type: str) -> documents_pb2.DocumentSummary:
        """Attach a file."""
        request = documents_pb2.AttachDocumentRequest(
            parent=case,
            title="A title",
            media_type=media_type,
            content=content,
            request_id=str(uuid4()),
        )
        return self.sas.call(self.who, self.sas.documents.AttachDocument, request)

    def redacts(self, item: str, *passages: str) -> redactions_pb2.Redaction:
        """Mark passages that are about somebody else."""
        marks = [
            redactions_pb2.RedactionMark(
                reason=redactions_pb2.REDACTION_REASON_ANOTHER_PERSON,
                passage=each,
                why=f"{CANARY} why",
            )
            for each in passages
        ]
        request = redactions_pb2.RedactItemRequest(
            parent=item, marks=marks, request_id=str(uuid4())
        )
        return self.sas.call(self.who, self.sas.redactions.RedactItem, request)

    def prints(self, case: str, *items: str, **other: Any) -> prints_pb2.PrintedItems:
        """Print notes and documents of a case, to refer to."""
        said: dict[str, Any] = {
            "purpose": PURPOSE_ADVICE,
            "kept_in": "B2",
            "request_id": str(uuid4()),
        }
        request = prints_pb2.PrintItemsRequest(parent=case, items=items, **said | other)
        return self.sas.call(self.who, self.sas.prints.PrintItems, request)

    def proposes(self, document: str, address: str, **more: Any) -> disclosures_pb2.Disclosure:
        """Propose to show the document to somebody."""
        asked: dict[str, Any] = {
            "document": document,
            "recipient": f"thirdParties/{uuid4()}",
            "recipient_name": f"Dr {CANARY}",
            "recipient_address": address,
            "purpose": DISCLOSURE_PURPOSE_WELFARE_SUPPORT,
            "ends_on": ENDS_ON,
            "request_id": str(uuid4()),
        }
        request = disclosures_pb2.ProposeDisclosureRequest(**asked | more)
        return self.sas.call(self.who, self.sas.disclosures.ProposeDisclosure, request)

    def names(
        self, case: str, *, address: str = "01223 000000", **fields: Any
    ) -> contacts_pb2.Contact:
        """Note somebody whom the student names; to confirm use, if nothing else is said."""
        said: dict[str, Any] = {
            "recipient": f"thirdParties/{uuid4()}",
            "recipient_name": f"Dr {CANARY}",
            "recipient_address": address,
            "purpose": DISCLOSURE_PURPOSE_CONFIRM_USE,
            "ends_on": ENDS_ON,
            "request_id": str(uuid4()),
        }
        request = contacts_pb2.NameContactRequest(parent=case, **said | fields)
        return self.sas.call(self.who, self.sas.contacts.NameContact, request)

    def confirms_use(self, name: str) -> contacts_pb2.ConfirmedUse:
        """Ask whether it may be confirmed, to say so."""
        request = contacts_pb2.ConfirmUseRequest(name=name)
        return self.sas.call(self.who, self.sas.contacts.ConfirmUse, request)

    def sends(self, name: str, etag: str = "") -> disclosures_pb2.Disclosure:
        """Send a disclosure."""
        request = disclosures_pb2.SendDisclosureRequest(name=name, etag=etag)
        return self.sas.call(self.who, self.sas.disclosures.SendDisclosure, request)

    def state_of(self, name: str) -> int:
        """Give the state of a disclosure."""
        request = disclosures_pb2.GetDisclosureRequest(name=name)
        return self.sas.call(self.who, self.sas.disclosures.GetDisclosure, request).state


def to_read(name: str) -> case_notes_pb2.GetCaseNoteRequest:
    """Ask for a note, to advise."""
    return case_notes_pb2.GetCaseNoteRequest(name=name, purpose=PURPOSE_ADVICE)


def agree(sas: House, who: Person, disclosure: disclosures_pb2.Disclosure) -> None:
    """Let the student see the payload and say yes to it."""
    shown = preview(sas, who, disclosure.name)
    found = sas.call(
        who, sas.consents.GetConsent, consents_pb2.GetConsentRequest(name=disclosure.consent)
    )
    request = consents_pb2.GiveConsentRequest(
        name=disclosure.consent,
        act=consents_pb2.CONSENT_ACT_TICKED_AND_SENT,
        text_sha256=found.text_sha256,
        payload_digest=shown.payload_digest,
    )
    sas.call(who, sas.consents.GiveConsent, request)


def preview(sas: House, who: Person, name: str) -> disclosures_pb2.DisclosurePreview:
    """Look at what would leave."""
    request = disclosures_pb2.PreviewDisclosureRequest(name=name)
    return sas.call(who, sas.disclosures.PreviewDisclosure, request)


def preview_contact(sas: House, who: Person, name: str) -> contacts_pb2.ContactPreview:
    """Look at who is named and what would be said."""
    request = contacts_pb2.PreviewContactRequest(name=name)
    return sas.call(who, sas.contacts.PreviewContact, request)


def agree_to_contact(sas: House, who: Person, contact: contacts_pb2.Contact) -> None:
    """Let the student see who is named and say yes to it."""
    shown = preview_contact(sas, who, contact.name)
    found = sas.call(
        who, sas.consents.GetConsent, consents_pb2.GetConsentRequest(name=contact.consent)
    )
    request = consents_pb2.GiveConsentRequest(
        name=contact.consent,
        act=consents_pb2.CONSENT_ACT_TICKED_AND_SENT,
        text_sha256=found.text_sha256,
        payload_digest=shown.payload_digest,
    )
    sas.call(who, sas.consents.GiveConsent, request)


def link_and_code(sas: House, address: str) -> tuple[str, str]:
    """Read the newest link and code from the third party's mails."""
    link, code = "", ""
    for mail in sas.mails(address):
        text = str(mail.get_payload())
        if "/d/#" in text:
            link = text.partition("/d/#")[2].split()[0]
        if "Your code is " in text:
            code = text.partition("Your code is ")[2][:8]
    return link, code


def collect(link: str, code: str) -> disclosures_pb2.CollectDisclosureRequest:
    """Ask for a disclosure with link and code."""
    return disclosures_pb2.CollectDisclosureRequest(link_token=link, code=code)


def agreed(office: Office, who: Person, address: str) -> disclosures_pb2.Disclosure:
    """Take a disclosure as far as the student's yes."""
    case = office.opens_case(who)
    disclosure = office.proposes(office.attaches_letter(case.name).name, address)
    agree(office.sas, who, disclosure)
    return disclosure


def held(office: Office, name: str, seconds: int) -> disclosures_pb2.Disclosure:
    """Send a disclosure whose mails wait for so long."""
    request = disclosures_pb2.SendDisclosureRequest(name=name, hold_seconds=seconds)
    return office.sas.call(office.who, office.sas.disclosures.SendDisclosure, request)


def sent_disclosure(
    office: Office, who: Person, address: str
) -> tuple[disclosures_pb2.Disclosure, str, str]:
    """Take a disclosure as far as the third party's mails."""
    disclosure = agreed(office, who, address)
    sent = office.sends(disclosure.name)
    return sent, *link_and_code(office.sas, address)


def dispose(
    sas: House, who: Person, name: str, *, really: bool
) -> retention_pb2.DisposeCaseResponse:
    """Dispose of a case, or see what would happen."""
    request = retention_pb2.DisposeCaseRequest(name=name, really=really)
    return sas.call(who, sas.retention.DisposeCase, request)


def timestamp(moment: datetime) -> Timestamp:
    """Write a moment as protos do."""
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
