"""14. A case past six academic years is disposed of, and no backup brings it back."""

from __future__ import annotations

import time
import uuid

from sas.cases.v1 import (
    case_notes_pb2,
    case_notes_pb2_grpc,
    cases_pb2,
    cases_pb2_grpc,
    retention_pb2,
    retention_pb2_grpc,
)
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import students_pb2, students_pb2_grpc

from clients.gateway import understood_errors
from common.errors import NotAvailable, RefusedByPolicy
from deploy.demo import behind
from deploy.demo.setting import Setting

LONG_AGO = "2018-11-05"


def tell(setting: Setting) -> None:
    """Dispose of an old case; then restore a dump taken before, and try to read it."""
    story = setting.story
    story.chapter(14, "A case past six academic years is disposed of", "R26", "R27")
    retention = setting.manager.at(retention_pb2_grpc.RetentionServiceStub)
    case, note = _old_case(setting)
    with (
        story.refused(
            "a case of this year can't be disposed of", RefusedByPolicy, "retention_not_over"
        ),
        understood_errors(),
    ):
        retention.DisposeCase(retention_pb2.DisposeCaseRequest(name=setting.case, really=True))
    backup = behind.dump_to_file(setting.state, "cases")
    with understood_errors():
        would = retention.DisposeCase(retention_pb2.DisposeCaseRequest(name=case))
        story.show(f"{would.record}: may be disposed of from {would.dispose_from_date}")
        story.check("its time has passed", would.due and not would.authorised)
        retention.DisposeCase(retention_pb2.DisposeCaseRequest(name=case, really=True))
    story.check("its key is destroyed", _disposed(setting, case))
    sealed = behind.restored_note(setting.state, backup, note)
    story.check("the dump taken before still holds the sealed note", sealed is not None)
    if sealed is not None:
        story.check(
            "but Vault has no key that opens it, not even for consent",
            behind.key_is_gone(setting.state, case, note, sealed),
        )
    with (
        story.refused("and the note is not available any more", NotAvailable),
        understood_errors(),
    ):
        setting.adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=note, purpose=purpose_pb2.PURPOSE_ADVICE)
        )


def _old_case(setting: Setting) -> tuple[str, str]:
    """Register somebody who came once, long ago, and open the case from the notes on paper."""
    with understood_errors():
        student = setting.adviser.at(students_pb2_grpc.StudentsServiceStub).RegisterStudent(
            students_pb2.RegisterStudentRequest(
                form=students_pb2.RegistrationForm(full_name="Somebody of 2018"),
                request_id=str(uuid.uuid4()),
            )
        )
        case = setting.adviser.at(cases_pb2_grpc.CasesServiceStub).OpenCase(
            cases_pb2.OpenCaseRequest(
                student=student.name,
                topic="housing",
                contact_date=LONG_AGO,
                request_id=str(uuid.uuid4()),
            )
        )
        note = setting.adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).WriteCaseNote(
            case_notes_pb2.WriteCaseNoteRequest(
                parent=case.name,
                situation="A deposit was not paid back.",
                advice_offered="To write to the scheme.",
                action_taken="Letter drafted.",
                contact_date=LONG_AGO,
                request_id=str(uuid.uuid4()),
            )
        )
    return case.name, note.name


def _disposed(setting: Setting, case: str) -> bool:
    """Wait until the worker has destroyed the key; at most 20 seconds."""
    deadline = time.monotonic() + 20
    cases = setting.adviser.at(cases_pb2_grpc.CasesServiceStub)
    while time.monotonic() < deadline:
        with understood_errors():
            found = cases.GetCase(cases_pb2.GetCaseRequest(name=case))
        if found.state == cases_pb2.CASE_STATE_DISPOSED:
            return True
        time.sleep(0.2)
    return False
