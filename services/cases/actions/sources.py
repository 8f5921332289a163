"""
What leaves is made of: documents and notes of one case, and in a student's own copy what was sent
of it, opened to be rendered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from sas.common.v1.purpose_pb2 import PURPOSE_DISCLOSURE, Purpose

from common.errors import InvalidFields, NotAvailable
from services.cases.actions.tools import Tools
from services.cases.domain.access_copies import NoteForPrograms
from services.cases.domain.disclosures import Particulars
from services.cases.domain.names import id_of, record_of
from services.cases.domain.notes import NoteWords
from services.cases.domain.payload import MEDIA_TYPE
from services.cases.domain.redaction import Mark, marks_from_bytes
from services.cases.domain.rendering.job import Source
from services.cases.storage.consent import Keys
from services.cases.storage.documents import CONTENT, TITLE
from services.cases.storage.sealed import SealedItem
from services.cases.storage.work import Work

_ACTIONS = {
    "documents": "document:read",
    "notes": "case_note:read",
    "disclosures": "disclosure:preview",
}

_DISCLOSURE = "disclosures/"


@attrs.frozen
class Sealed:
    """One document, note or disclosure, still sealed, and what is to be hidden in it."""

    item: str
    case_id: str
    media_type: str
    contact_date: str
    """Of a note; empty for what has a sealed title."""
    sealed: SealedItem
    redaction: SealedItem | None = None

    @property
    def action(self) -> str:
        """What consent is asked for to open it."""
        return _ACTIONS[self.item.partition("/")[0]]

    @property
    def opened_with(self) -> tuple[str, str]:
        """What can be opened by one decision has the same; a disclosure is decided on by itself."""
        return self.action, self.item if self.item.startswith(_DISCLOSURE) else ""


@attrs.frozen
class Opened:
    """One document or note as the renderer takes it, and what it is called."""

    title: str = attrs.field(repr=False)
    source: Source
    note: NoteForPrograms | None = None
    """Its typed parts, if it is a note."""


def find_item(work: Work, name: str) -> Sealed | None:
    """Find a document, note or disclosure; None if there is none, or it was disposed of."""
    if (document := work.documents.find(id_of(name, "documents"))) is not None:
        sealed = work.documents.sealed(document)
        if sealed is None:
            return None
        return Sealed(name, document.case_id, document.media_type, "", sealed)
    if (disclosure := work.disclosures.find(id_of(name, "disclosures"))) is not None:
        sealed = work.disclosures.sealed(disclosure)
        return Sealed(name, disclosure.case_id, MEDIA_TYPE, "", sealed) if sealed else None
    note, sealed = work.notes.find_sealed(id_of(name, "notes"))
    if note is None or sealed is None:
        return None
    return Sealed(name, note.case_id, "text/plain", note.contact_date.isoformat(), sealed)


def find_sources(tools: Tools, items: Sequence[str], redactions: Sequence[str]) -> list[Sealed]:
    """
    Find the items of what is to leave, each with its redaction.

    Raises:
        InvalidFields: they are of more than one case, or something is named twice or in vain.
        NotAvailable: one of them is not there.
    """
    hidden = {each.partition("/redactions/")[0]: each for each in redactions}
    if len(hidden) != len(redactions) or not hidden.keys() <= set(items):
        raise InvalidFields({"redactions": "must be of these items, one of each at the most"})
    if not items or len(set(items)) != len(items):
        raise InvalidFields({"items": "must be at least one, and none of them twice"})
    with tools.begin() as work:
        found = [_with_redaction(work, name, hidden) for name in items]
    if len({each.case_id for each in found}) != 1:
        raise InvalidFields({"items": "must be of one case"})
    return found


def _with_redaction(work: Work, name: str, hidden: Mapping[str, str]) -> Sealed:
    found = find_item(work, name)
    if found is None:
        raise NotAvailable
    if name not in hidden:
        return found
    redaction = work.redactions.find(hidden[name])
    sealed = work.redactions.sealed(redaction) if redaction else None
    if sealed is None:
        raise NotAvailable
    return attrs.evolve(found, redaction=sealed)


def open_sources(
    tools: Tools, found: Sequence[Sealed], purpose: Purpose.ValueType = PURPOSE_DISCLOSURE
) -> list[Opened]:
    """
    Open what is to be rendered, each kind and each disclosure by a decision and line of its own.

    Raises:
        NotAvailable: the caller may not read one of them.
    """
    opened: dict[str, Opened] = {}
    for together in sorted({each.opened_with for each in found}):
        of_kind = [each for each in found if each.opened_with == together]
        keys = tools.consent.open(
            record_of(of_kind[0].case_id),
            [item for each in of_kind for item in (each.sealed, each.redaction) if item],
            action=of_kind[0].action,
            purpose=purpose,
            about=of_kind[0].item,
        )
        opened |= {each.item: _open(each, keys) for each in of_kind}
    return [opened[each.item] for each in found]


def record_absent(tools: Tools, item: str, purpose: Purpose.ValueType = PURPOSE_DISCLOSURE) -> None:
    """Have consent write down that somebody tried to open what is not there; it answers no."""
    collection, _, id_ = item.partition("/")
    tools.consent.open(record_of(id_), [], action=_ACTIONS[collection], purpose=purpose, about=item)


def _open(found: Sealed, keys: Keys) -> Opened:
    marks: tuple[Mark, ...] = ()
    if found.redaction is not None:
        marks = marks_from_bytes(keys.open(found.redaction))
    if found.contact_date:
        words = NoteWords.from_bytes(keys.open(found.sealed))
        title = f"Case note of {found.contact_date}"
        source = Source(found.media_type, words.as_text(title).encode(), marks)
        return Opened(title, source, NoteForPrograms(found.item, found.contact_date, words, marks))
    if found.item.startswith(_DISCLOSURE):
        title = Particulars.from_canonical(keys.open(found.sealed)).recipient_name
    else:
        title = keys.open(found.sealed, TITLE).decode()
    return Opened(title, Source(found.media_type, keys.open(found.sealed, CONTENT), marks))
