"""Case notes."""

from __future__ import annotations

import attrs
import grpc
from sas.cases.v1 import case_notes_pb2 as pb
from sas.cases.v1 import case_notes_pb2_grpc

from common.caller import current_caller
from services.cases.actions import notes
from services.cases.actions.tools import Tools
from services.cases.api.translate import name_or_empty, timestamp
from services.cases.domain.names import name_of
from services.cases.domain.notes import Note, NoteWords


@attrs.frozen
class CaseNotesServicer(case_notes_pb2_grpc.CaseNotesServiceServicer):
    """See `sas/cases/v1/case_notes.proto`."""

    tools: Tools

    def WriteCaseNote(
        self, request: pb.WriteCaseNoteRequest, context: grpc.ServicerContext
    ) -> pb.CaseNoteSummary:
        note = notes.write_note(
            self.tools,
            current_caller(),
            request.parent,
            NoteWords(request.situation, request.advice_offered, request.action_taken),
            contact_date=request.contact_date,
            corrects=request.corrects,
            request_id=request.request_id,
        )
        return _to_summary(note)

    def GetCaseNote(
        self, request: pb.GetCaseNoteRequest, context: grpc.ServicerContext
    ) -> pb.CaseNote:
        note, words = notes.read_note(self.tools, request.name, request.purpose)
        return pb.CaseNote(
            name=note.name,
            case=name_of("cases", note.case_id),
            situation=words.situation,
            advice_offered=words.advice_offered,
            action_taken=words.action_taken,
            author=note.author,
            create_time=timestamp(note.created_at),
            contact_date=note.contact_date.isoformat(),
            corrects=name_or_empty("notes", note.corrects),
            complete=note.complete,
        )

    def ListCaseNotes(
        self, request: pb.ListCaseNotesRequest, context: grpc.ServicerContext
    ) -> pb.ListCaseNotesResponse:
        found, next_token = notes.list_notes(
            self.tools, request.parent, asked=request.page_size, page_token=request.page_token
        )
        return pb.ListCaseNotesResponse(
            notes=[_to_summary(note) for note in found], next_page_token=next_token
        )


def _to_summary(note: Note) -> pb.CaseNoteSummary:
    return pb.CaseNoteSummary(
        name=note.name,
        case=name_of("cases", note.case_id),
        author=note.author,
        create_time=timestamp(note.created_at),
        contact_date=note.contact_date.isoformat(),
        corrects=name_or_empty("notes", note.corrects),
        complete=note.complete,
    )
