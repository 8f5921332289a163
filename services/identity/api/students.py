"""Students and their registration forms."""

from __future__ import annotations

import attrs
import grpc
from sas.identity.v1 import students_pb2 as pb
from sas.identity.v1 import students_pb2_grpc

from common.caller import current_caller
from services.identity.actions import students
from services.identity.actions.parts import Parts, etag_of
from services.identity.api.times import timestamp
from services.identity.domain.students import (
    ASKED,
    COMPLETED,
    DECLINED,
    RegistrationForm,
    Student,
)

STATES = {
    ASKED: pb.REGISTRATION_STATE_ASKED,
    COMPLETED: pb.REGISTRATION_STATE_COMPLETED,
    DECLINED: pb.REGISTRATION_STATE_DECLINED,
}
FIELDS = tuple(attrs.fields_dict(RegistrationForm))


@attrs.frozen
class StudentsServicer(students_pb2_grpc.StudentsServiceServicer):
    """See `sas/identity/v1/students.proto`."""

    parts: Parts

    def RegisterStudent(
        self, request: pb.RegisterStudentRequest, context: grpc.ServicerContext
    ) -> pb.Student:
        return to_proto(
            students.register(
                self.parts, current_caller(), form_of(request.form), request.request_id
            )
        )

    def CompleteRegistrationForm(
        self, request: pb.CompleteRegistrationFormRequest, context: grpc.ServicerContext
    ) -> pb.Student:
        return to_proto(
            students.complete_form(
                self.parts,
                current_caller(),
                request.student,
                form_of(request.form),
                request.etag,
            )
        )

    def DeclineRegistrationForm(
        self, request: pb.DeclineRegistrationFormRequest, context: grpc.ServicerContext
    ) -> pb.Student:
        return to_proto(students.decline_form(self.parts, current_caller(), request.student))

    def GetRegistrationForm(
        self, request: pb.GetRegistrationFormRequest, context: grpc.ServicerContext
    ) -> pb.RegistrationForm:
        form = students.open_form(self.parts, request.student, request.purpose)
        return pb.RegistrationForm(**attrs.asdict(form))

    def CheckStudentForConflict(
        self, request: pb.CheckStudentForConflictRequest, context: grpc.ServicerContext
    ) -> pb.CheckStudentForConflictResponse:
        answer = students.should_pass_on(self.parts, request.crsid)
        return pb.CheckStudentForConflictResponse(pass_to_a_colleague=answer)

    def FindStudent(
        self, request: pb.FindStudentRequest, context: grpc.ServicerContext
    ) -> pb.FindStudentResponse:
        found = students.find(self.parts, request.crsid)
        return pb.FindStudentResponse(student=to_proto(found) if found else None)


def form_of(form: pb.RegistrationForm) -> RegistrationForm:
    """Translate a registration form."""
    return RegistrationForm(**{field: getattr(form, field) for field in FIELDS})


def to_proto(student: Student) -> pb.Student:
    """Translate a student."""
    return pb.Student(
        name=student.name,
        registration_state=STATES[student.registration_state],
        create_time=timestamp(student.create_time),
        etag=etag_of(student),
    )
