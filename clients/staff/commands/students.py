"""Students and their registration forms."""

from __future__ import annotations

import typer
from sas.identity.v1 import students_pb2, students_pb2_grpc

from clients.staff.commands.options import Purpose, Why, WordsFrom, new_request_id
from clients.staff.connection import calling, stub
from clients.staff.output import Json, show
from clients.staff.words import ask

app = typer.Typer(help="Students and their registration forms.", no_args_is_help=True)

FORM = {
    "full_name": "Name",
    "preferred_name": "Name to be called by",
    "crsid": "CRSid",
    "college": "College",
    "faculty": "Faculty",
    "level": "Level",
    "contact": "How to reach them",
}


def _students() -> students_pb2_grpc.StudentsServiceStub:
    return stub(students_pb2_grpc.StudentsServiceStub)


@app.command()
def register(words: WordsFrom = None, as_json: Json = False) -> None:
    """Register a student; every field may stay empty."""
    form = students_pb2.RegistrationForm(**ask(FORM, words))
    with calling():
        found = _students().RegisterStudent(
            students_pb2.RegisterStudentRequest(form=form, request_id=new_request_id())
        )
    show(found, as_json=as_json)


@app.command()
def complete(student: str, words: WordsFrom = None, as_json: Json = False) -> None:
    """Fill in a student's registration form."""
    form = students_pb2.RegistrationForm(**ask(FORM, words))
    with calling():
        found = _students().CompleteRegistrationForm(
            students_pb2.CompleteRegistrationFormRequest(student=student, form=form)
        )
    show(found, as_json=as_json)


@app.command()
def decline(student: str, as_json: Json = False) -> None:
    """Note that the student was asked for a registration form and said no."""
    with calling():
        found = _students().DeclineRegistrationForm(
            students_pb2.DeclineRegistrationFormRequest(student=student)
        )
    show(found, as_json=as_json)


@app.command("show")
def show_form(student: str, purpose: Why = Purpose.RECORD_KEEPING, as_json: Json = False) -> None:
    """Open a student's registration form. The student will see that you did."""
    with calling():
        found = _students().GetRegistrationForm(
            students_pb2.GetRegistrationFormRequest(student=student, purpose=purpose.to_proto())
        )
    show(found, as_json=as_json)


@app.command()
def find(as_json: Json = False) -> None:
    """Find a student by CRSid, without opening anything. It is asked for, never an argument."""
    crsid = typer.prompt("CRSid", err=True)
    with calling():
        found = _students().FindStudent(students_pb2.FindStudentRequest(crsid=crsid))
    if not found.HasField("student") and not as_json:
        typer.echo("Nobody with that CRSid is registered.")
        return
    show(found.student, as_json=as_json)
