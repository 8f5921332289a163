"""4. Reading a note, and the student's list of who has seen her record."""

from __future__ import annotations

from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import ledger_pb2, ledger_pb2_grpc

from clients.gateway import understood_errors
from deploy.demo import behind
from deploy.demo.chapters.case_file import SITUATION
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """Read the note as the adviser, then look at the ledger and at the student's list."""
    story = setting.story
    story.chapter(4, "A staff member reads the note, and the student can see that", "R10", "R23")
    with understood_errors():
        note = setting.adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=setting.note, purpose=purpose_pb2.PURPOSE_ADVICE)
        )
        seen = setting.student.at(ledger_pb2_grpc.LedgerServiceStub).ListAccesses(
            ledger_pb2.ListAccessesRequest()
        )
    story.check("the note reads as it was written", note.situation == SITUATION)
    reading = next((a for a in seen.accesses if a.action == "case_note:read"), None)
    story.check("her list 'who has seen my record' shows it", reading is not None)
    if reading is None:
        return
    story.show(
        "\n".join(
            f"{a.time.ToDatetime():%Y-%m-%d %H:%M:%S}  {a.role:<10} {a.action:<24} {a.purpose}"
            for a in seen.accesses[:5]
        )
    )
    opening = behind.order_of_opening(setting.state, reading.action, setting.student.name)
    story.check(
        "the ledger entry was committed before Vault gave the key",
        "" < opening.committed < opening.asked,
        f"entry: {opening.committed}, Vault asked: {opening.asked}",
    )
