"""2. The registration form, and what the database holds of it."""

from __future__ import annotations

from sas.identity.v1 import students_pb2, students_pb2_grpc

from clients.gateway import understood_errors
from deploy.demo import behind
from deploy.demo.setting import Setting

FORM = students_pb2.RegistrationForm(
    full_name="Zoë Ångström-O'Hara",
    preferred_name="Zo",
    crsid="zao23",
    college="newnham",
    faculty="history",
    level="undergraduate",
    contact="zao23@cam.ac.uk, evenings only",
)


def tell(setting: Setting) -> None:
    """Fill in the form as the student, and read the raw row as the database's superuser."""
    story = setting.story
    story.chapter(2, "The student fills in the registration form", "R16", "R17", "R23")
    with understood_errors():
        found = setting.student.at(students_pb2_grpc.StudentsServiceStub).CompleteRegistrationForm(
            students_pb2.CompleteRegistrationFormRequest(student=setting.student.name, form=FORM)
        )
    story.check(
        "the form is complete",
        found.registration_state == students_pb2.REGISTRATION_STATE_COMPLETED,
    )
    story.say("The row behind it, as the database's superuser sees it:")
    raw = behind.dump(setting.state, "identity")
    row = behind.rows_about(setting.state, "identity", setting.student.name)
    story.show(row)
    words = [FORM.full_name, FORM.crsid, FORM.contact, "Ångström", "newnham"]
    story.check(
        "a dump of the whole database holds none of the student's details",
        row != "" and not any(behind.holds(raw, word) for word in words),
    )
    with understood_errors():
        same = setting.adviser.at(students_pb2_grpc.StudentsServiceStub).FindStudent(
            students_pb2.FindStudentRequest(crsid="ZAO23@cam.ac.uk")
        )
    story.check(
        "the adviser finds the student by CRSid, without opening anything",
        same.student.name == setting.student.name,
    )
