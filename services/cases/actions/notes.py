"""Writing and reading case notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import structlog
from sas.common.v1.purpose_pb2 import Purpose

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, WrongState
from common.pages import page_size
from services.cases.actions.fields import cut, position_after, read_day
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.days import contact_day
from services.cases.domain.names import id_of, record_of
from services.cases.domain.notes import Note, NoteWords
from services.cases.domain.states import RecordKind
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)


def write_note(
    tools: Tools,
    who: Caller,
    case: str,
    words: NoteWords,
    *,
    contact_date: str,
    corrects: str,
    request_id: str,
) -> Note:
    """
    Write a case note, sealed with a data key of its own.

    It records a contact, so it moves the student's last involvement (R26). One that corrects
    another is about the same contact, unless it says otherwise.

    Raises:
        InvalidFields: nothing is written, the day is none, or the corrected note is of no use here.
        NotAvailable: there is no such case.
        WrongState: the case is being disposed of.
    """
    if words.empty:
        raise InvalidFields({"situation": "at least one of the three parts must be written"})
    name = name_once(tools, who, "WriteCaseNote", request_id, "notes")
    note_id = id_of(name, "notes") or ""
    with tools.begin() as work:
        if (there := work.notes.find(note_id)) is not None:
            return there
        case_id = _open_to_more(work, case)
        earlier = _corrected(work, case_id, corrects)
    day = _day(tools.today(), contact_date, earlier)
    sealed = tools.sealing.seal(RecordKind.CASE, case_id, name, words.to_bytes())
    note = Note(
        id=note_id,
        case_id=case_id,
        author=who.person,
        created_at=tools.now(),
        contact_date=day,
        corrects=earlier.id if earlier else None,
        complete=words.complete,
    )
    with tools.begin() as work:
        # Asked again, and held: disposal may have begun while the words were being sealed.
        held = work.cases.hold(case_id)
        if held is None or not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        work.cases.involve(held.student, day)
        if not work.notes.add(note, sealed):
            there = work.notes.find(note_id)
            return there or note
        work.commit()
    log.info("case_note_written", note=name)
    return note


def read_note(tools: Tools, name: str, purpose: Purpose.ValueType) -> tuple[Note, NoteWords]:
    """
    Read one case note.

    Consent decides, commits the ledger entry and only then hands over the note's data key, so no
    note is opened unrecorded. A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: the caller may not read it, or there is no such note.
    """
    note_id = id_of(name, "notes")
    with tools.look() as reads:
        note, sealed = reads.notes.find_sealed(note_id)
    keys = tools.consent.open(
        record_of(note.case_id if note else name.partition("/")[2]),
        [sealed] if sealed else [],
        action="case_note:read",
        purpose=purpose,
        about=name,
    )
    if note is None or sealed is None:
        raise NotAvailable
    words = NoteWords.from_bytes(keys.open(sealed))
    log.info("case_note_read", note=name)
    return note, words


def list_notes(
    tools: Tools, case: str, *, asked: int, page_token: str
) -> tuple[Sequence[Note], str]:
    """
    Give a page of a case's notes, newest first and without words, and the next page's token.

    Raises:
        NotAvailable: there is no such case.
    """
    size = page_size(asked)
    after = position_after(page_token, datetime.fromisoformat)
    with tools.begin() as work:
        found_case = work.cases.find(id_of(case, "cases"))
        if found_case is None:
            raise NotAvailable
        found = work.notes.page(found_case.id, size + 1, after)
    return cut(found, size, lambda last: (last.created_at.isoformat(), last.id))


def _open_to_more(work: Work, case: str) -> str:
    found = work.cases.find(id_of(case, "cases"))
    if found is None:
        raise NotAvailable
    if not found.state.takes_more:
        raise WrongState("This case is being disposed of.")
    return found.id


def _corrected(work: Work, case_id: str, name: str) -> Note | None:
    if not name:
        return None
    note = work.notes.find(id_of(name, "notes"))
    if note is None or note.case_id != case_id:
        raise InvalidFields({"corrects": "must be a note of this case"})
    return note


def _day(today: date, said: str, earlier: Note | None) -> date:
    if not said and earlier is not None:
        return earlier.contact_date
    return read_day("contact_date", lambda: contact_day(said, today))
