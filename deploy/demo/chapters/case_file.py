"""3. A case, a note, a letter, and the key that cases can't use."""

from __future__ import annotations

import uuid

from sas.cases.v1 import (
    case_notes_pb2,
    case_notes_pb2_grpc,
    cases_pb2,
    cases_pb2_grpc,
    documents_pb2,
    documents_pb2_grpc,
)

from clients.gateway import understood_errors
from deploy.demo import behind
from deploy.demo.letter import letter
from deploy.demo.setting import Setting

SITUATION = "Her supervisor has asked for the dissertation two weeks early while she is unwell."
ADVICE = "Ask the tutor for an extension; the doctor's letter supports it."
TITLE = "Letter to the tutor"
ACTION = "Drafted the letter to the tutor together."


def tell(setting: Setting) -> None:
    """Open a case, write a note, attach a letter; then look at keys as an attacker would."""
    story = setting.story
    story.chapter(3, "A case is opened, a note written, a letter attached", "R1", "R15", "R17")
    adviser = setting.adviser
    with understood_errors():
        case = adviser.at(cases_pb2_grpc.CasesServiceStub).OpenCase(
            cases_pb2.OpenCaseRequest(
                student=setting.student.name,
                topic="extension-of-time",
                request_id=str(uuid.uuid4()),
            )
        )
        note = adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).WriteCaseNote(
            case_notes_pb2.WriteCaseNoteRequest(
                parent=case.name,
                situation=SITUATION,
                advice_offered=ADVICE,
                action_taken=ACTION,
                request_id=str(uuid.uuid4()),
            )
        )
        setting.letter = letter()
        document = adviser.at(documents_pb2_grpc.DocumentsServiceStub).AttachDocument(
            documents_pb2.AttachDocumentRequest(
                parent=case.name,
                title=TITLE,
                media_type="application/pdf",
                content=setting.letter,
                request_id=str(uuid.uuid4()),
            )
        )
    setting.case, setting.note, setting.document = case.name, note.name, document.name
    story.check("the note has all three parts", note.complete)
    key = behind.record_key(setting.state, "rk-case", case.name.removeprefix("cases/"))
    story.say("The record has a key of its own in Vault:")
    story.show(key)
    story.check("the key can't be exported", "exportable: False" in key)
    raw = behind.dump(setting.state, "cases")
    story.check(
        "a dump of the cases database holds none of these words",
        not any(
            behind.holds(raw, words) for words in (SITUATION, ADVICE, ACTION, "Letter to the tutor")
        ),
    )
    story.check(
        "the Vault role of cases is refused when it tries to decrypt",
        behind.decrypt_refused(setting.state, "cases-serve", setting.note, case.name),
    )
