"""
What people do, as one reads it in the policy: an adviser writes a note, a student gives consent.

Each deed goes through the gateway with the session of whoever does it, and raises the error that
this person would be shown (`common.errors`).
"""

from __future__ import annotations

import datetime
import uuid

import attrs
import httpx
from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import (
    breaches_pb2,
    breaches_pb2_grpc,
    case_notes_pb2,
    case_notes_pb2_grpc,
    cases_pb2,
    cases_pb2_grpc,
    disclosures_pb2,
    disclosures_pb2_grpc,
    documents_pb2,
    documents_pb2_grpc,
    enquiries_pb2,
    enquiries_pb2_grpc,
    name_requests_pb2,
    name_requests_pb2_grpc,
    redactions_pb2,
    redactions_pb2_grpc,
)
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import (
    breach_procedure_pb2,
    breach_procedure_pb2_grpc,
    consents_pb2,
    consents_pb2_grpc,
    ledger_pb2,
    ledger_pb2_grpc,
)
from sas.identity.v1 import (
    students_pb2,
    students_pb2_grpc,
    third_parties_pb2,
    third_parties_pb2_grpc,
)

from clients.gateway import understood_errors
from deploy.demo import behind
from tests.kit.full_stack import FullStack
from tests.kit.letters import letter

LETTER = letter("A letter")
RISK = "grounds/serious-imminent-risk"


@attrs.frozen
class Tutor:
    """A third party: who they are, and the name that the Service knows them by."""

    name: str
    display_name: str = "Dr Rosalind Achebe"
    address: str = "r.achebe@tutors.example"


def new_request_id() -> str:
    """Give a name for one attempt."""
    return str(uuid.uuid4())


# The case file


def adviser_opens_a_case(stack: FullStack, topic: str = "extension-of-time") -> str:
    """Open a case for the student, and give its name."""
    with understood_errors():
        opened = stack.adviser.at(cases_pb2_grpc.CasesServiceStub).OpenCase(
            cases_pb2.OpenCaseRequest(
                student=stack.student.name, topic=topic, request_id=new_request_id()
            )
        )
    return str(opened.name)


def adviser_writes_a_note(
    stack: FullStack,
    case: str,
    situation: str = "unwell",
    advice_offered: str = "to ask the tutor",
    action_taken: str = "wrote to the tutor",
) -> str:
    """Write a case note, and give its name."""
    with understood_errors():
        note = stack.adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).WriteCaseNote(
            case_notes_pb2.WriteCaseNoteRequest(
                parent=case,
                situation=situation,
                advice_offered=advice_offered,
                action_taken=action_taken,
                request_id=new_request_id(),
            )
        )
    return str(note.name)


def adviser_reads_a_note(stack: FullStack, note: str) -> case_notes_pb2.CaseNote:
    """Read a case note."""
    with understood_errors():
        return stack.adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=note, purpose=purpose_pb2.PURPOSE_ADVICE)
        )


def student_sees_who_read(stack: FullStack, note: str) -> str:
    """Let the adviser read a note, and give the line of the student's list that says so."""
    adviser_reads_a_note(stack, note)
    with understood_errors():
        listed = stack.student.at(ledger_pb2_grpc.LedgerServiceStub).ListAccesses(
            ledger_pb2.ListAccessesRequest()
        )
    return next(each.name for each in listed.accesses if each.action == "case_note:read")


def student_asks_who_it_was(stack: FullStack, line: str, why: str = "I wonder.") -> str:
    """Ask for the name behind a line, and give the name of the request."""
    with understood_errors():
        asked = stack.student.at(name_requests_pb2_grpc.NameRequestsServiceStub).AskForName(
            name_requests_pb2.AskForNameRequest(line=line, why=why, request_id=new_request_id())
        )
    return str(asked.name)


def adviser_attaches_a_letter(
    stack: FullStack,
    case: str,
    title: str = "Letter",
    content: bytes = LETTER,
    media_type: str = "application/pdf",
) -> str:
    """Attach a document to a case, and give its name."""
    with understood_errors():
        document = stack.adviser.at(documents_pb2_grpc.DocumentsServiceStub).AttachDocument(
            documents_pb2.AttachDocumentRequest(
                parent=case,
                title=title,
                media_type=media_type,
                content=content,
                request_id=new_request_id(),
            )
        )
    return str(document.name)


def adviser_reads_a_letter(stack: FullStack, document: str) -> documents_pb2.Document:
    """Read a document."""
    with understood_errors():
        return stack.adviser.at(documents_pb2_grpc.DocumentsServiceStub).GetDocument(
            documents_pb2.GetDocumentRequest(name=document, purpose=purpose_pb2.PURPOSE_ADVICE)
        )


def adviser_records_an_enquiry(
    stack: FullStack, words: str = "how to appeal", contact_date: str = ""
) -> str:
    """Record an enquiry without a name, and give its own."""
    with understood_errors():
        enquiry = stack.adviser.at(enquiries_pb2_grpc.EnquiriesServiceStub).RecordEnquiry(
            enquiries_pb2.RecordEnquiryRequest(
                words=words,
                topic="examination-appeal",
                contact_date=contact_date,
                request_id=new_request_id(),
            )
        )
    return str(enquiry.name)


def adviser_reads_an_enquiry(stack: FullStack, enquiry: str) -> enquiries_pb2.Enquiry:
    """Read an enquiry."""
    with understood_errors():
        return stack.adviser.at(enquiries_pb2_grpc.EnquiriesServiceStub).GetEnquiry(
            enquiries_pb2.GetEnquiryRequest(name=enquiry, purpose=purpose_pb2.PURPOSE_ADVICE)
        )


# The registration form


def student_completes_the_registration_form(
    stack: FullStack, form: students_pb2.RegistrationForm
) -> None:
    """Fill in the student's own form."""
    with understood_errors():
        stack.student.at(students_pb2_grpc.StudentsServiceStub).CompleteRegistrationForm(
            students_pb2.CompleteRegistrationFormRequest(student=stack.student.name, form=form)
        )


def adviser_reads_the_registration_form(stack: FullStack) -> students_pb2.RegistrationForm:
    """Read the student's registration form."""
    with understood_errors():
        return stack.adviser.at(students_pb2_grpc.StudentsServiceStub).GetRegistrationForm(
            students_pb2.GetRegistrationFormRequest(
                student=stack.student.name, purpose=purpose_pb2.PURPOSE_ADVICE
            )
        )


def adviser_registers_a_student(
    stack: FullStack, form: students_pb2.RegistrationForm | None = None
) -> str:
    """Register somebody who came without signing in, and give their random name."""
    with understood_errors():
        student = stack.adviser.at(students_pb2_grpc.StudentsServiceStub).RegisterStudent(
            students_pb2.RegisterStudentRequest(form=form, request_id=new_request_id())
        )
    return str(student.name)


def adviser_finds_a_student(stack: FullStack, crsid: str) -> str:
    """Find a student by CRSid; nothing if there is none."""
    with understood_errors():
        found = stack.adviser.at(students_pb2_grpc.StudentsServiceStub).FindStudent(
            students_pb2.FindStudentRequest(crsid=crsid)
        )
    return str(found.student.name)


# A disclosure


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
    assert len(set((stack.state / "mail").glob("*.eml")) - before) == 2
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


def anybody_asks_about(
    stack: FullStack, about: str, question: str, answer_to: str = ""
) -> httpx.Response:
    """Ask whether somebody uses the Service."""
    asked = {"about": about, "question": question, "answerTo": answer_to}
    with stack.http() as anybody:
        return anybody.post("/v1/questions", json=asked)


# A breach of confidentiality


def adviser_drafts_a_breach(
    stack: FullStack,
    case: str,
    doctor: Tutor,
    outline: str = "said what she means to do",
    reason: str = "her own safety",
    intended_outcome: str = "that she is seen today",
    student_spoken_to: str = "in person: asked us to wait",
) -> str:
    """Write down everything that the policy asks for, and give the breach's name."""
    with understood_errors():
        breach = stack.adviser.at(breaches_pb2_grpc.BreachesServiceStub).DraftBreach(
            breaches_pb2.DraftBreachRequest(
                parent=case,
                parts=breaches_pb2.BreachParts(
                    ground=RISK,
                    serious=breaches_pb2.YES_NO_YES,
                    imminent=breaches_pb2.YES_NO_YES,
                    whose_safety="student",
                    student_first=breaches_pb2.StudentFirst(why_not="no_time"),
                    outline=outline,
                    reason=reason,
                    intended_outcome=intended_outcome,
                    student_spoken_to=student_spoken_to,
                    recipients=[
                        breaches_pb2.BreachRecipient(third_party=doctor.name, kind="college")
                    ],
                ),
                request_id=new_request_id(),
            )
        )
    return str(breach.name)


def colleague_advises(stack: FullStack, breach: str) -> None:
    """Be asked for advice, and give it."""
    stub = breach_procedure_pb2_grpc.BreachProcedureServiceStub
    with understood_errors():
        stack.adviser.at(stub).AskForAdvice(
            breach_procedure_pb2.AskForAdviceRequest(name=breach, colleague=stack.colleague.name)
        )
        stack.colleague.at(stub).GiveAdvice(
            breach_procedure_pb2.GiveAdviceRequest(
                name=breach, answer=breach_procedure_pb2.ADVICE_ANSWER_FOR
            )
        )


def adviser_decides(stack: FullStack, breach: str) -> None:
    """Decide to breach confidentiality."""
    with understood_errors():
        stack.adviser.at(breaches_pb2_grpc.BreachesServiceStub).DecideBreach(
            breaches_pb2.DecideBreachRequest(name=breach)
        )


def adviser_records_what_was_told(
    stack: FullStack, breach: str, doctor: Tutor, told: str
) -> breaches_pb2.BreachRecord:
    """Record what was told just now, and read the whole record of the breach."""
    now = Timestamp()
    now.GetCurrentTime()
    breaches = stack.adviser.at(breaches_pb2_grpc.BreachesServiceStub)
    with understood_errors():
        breaches.RecordBreachDisclosure(
            breaches_pb2.RecordBreachDisclosureRequest(
                name=breach,
                recipient=doctor.name,
                told=told,
                told_at=now,
                request_id=new_request_id(),
            )
        )
        return breaches.GetBreach(breaches_pb2.GetBreachRequest(name=breach))
