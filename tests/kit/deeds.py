"""
What people do, as one reads it in the policy: an adviser writes a note, a student gives consent.

Each deed goes through the gateway with the session of whoever does it, and raises the error that
this person would be shown (`common.errors`).
"""

from __future__ import annotations

import uuid

import httpx
from sas.cases.v1 import (
    access_requests_pb2,
    access_requests_pb2_grpc,
    case_notes_pb2,
    case_notes_pb2_grpc,
    cases_pb2,
    cases_pb2_grpc,
    documents_pb2,
    documents_pb2_grpc,
    enquiries_pb2,
    enquiries_pb2_grpc,
    name_requests_pb2,
    name_requests_pb2_grpc,
)
from sas.common.v1 import naming_pb2, purpose_pb2
from sas.consent.v1 import (
    ledger_pb2,
    ledger_pb2_grpc,
)
from sas.identity.v1 import (
    staff_members_pb2,
    staff_members_pb2_grpc,
    students_pb2,
    students_pb2_grpc,
)

from clients.gateway import understood_errors
from tests.kit.full_stack import FullStack
from tests.kit.letters import letter

LETTER = letter("A letter")


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


def student_asks_for_a_copy(stack: FullStack) -> str:
    """Ask for a copy of what is held about her, unless she has, and give the request's name."""
    access = stack.student.at(access_requests_pb2_grpc.AccessRequestsServiceStub)
    with understood_errors():
        mine = access.ListAccessRequests(access_requests_pb2.ListAccessRequestsRequest())
        for each in mine.access_requests:
            if each.state == access_requests_pb2.ACCESS_REQUEST_STATE_OPEN:
                return str(each.name)
        asked = access.RequestAccess(
            access_requests_pb2.RequestAccessRequest(request_id=new_request_id())
        )
    return str(asked.name)


def student_asks_who_it_was(stack: FullStack, line: str, why: str = "I wonder.") -> str:
    """Ask for the name behind a line, and give the name of the request."""
    with understood_errors():
        asked = stack.student.at(name_requests_pb2_grpc.NameRequestsServiceStub).AskForName(
            name_requests_pb2.AskForNameRequest(line=line, why=why, request_id=new_request_id())
        )
    return str(asked.name)


def adviser_says_what_they_think_of_being_named(stack: FullStack, wish: str, words: str) -> None:
    """Leave it to whoever decides."""
    with understood_errors():
        stack.adviser.at(name_requests_pb2_grpc.NameRequestsServiceStub).GiveNameView(
            name_requests_pb2.GiveNameViewRequest(
                name=wish,
                view=naming_pb2.NAME_VIEW_LEAVES_IT,
                words=words,
                request_id=new_request_id(),
            )
        )


def manager_tells_the_name(stack: FullStack, wish: str, reasons: str) -> str:
    """Decide that the student is told, and give what the student is told then."""
    with understood_errors():
        stack.manager.at(name_requests_pb2_grpc.NameRequestsServiceStub).DecideNameRequest(
            name_requests_pb2.DecideNameRequestRequest(
                name=wish,
                answer=naming_pb2.NAME_ANSWER_RELEASE,
                grounds=[naming_pb2.NAME_GROUND_ESSENTIAL_FOR_RIGHTS],
                reasons=reasons,
                request_id=new_request_id(),
            )
        )
        told = stack.student.at(staff_members_pb2_grpc.StaffMembersServiceStub).GetReleasedName(
            staff_members_pb2.GetReleasedNameRequest(name=wish)
        )
    return str(told.display_name)


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


def anybody_asks_about(
    stack: FullStack, about: str, question: str, answer_to: str = ""
) -> httpx.Response:
    """Ask whether somebody uses the Service."""
    asked = {"about": about, "question": question, "answerTo": answer_to}
    with stack.http() as anybody:
        return anybody.post("/v1/questions", json=asked)


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
