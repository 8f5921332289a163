"""Attaching and reading documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import structlog
from sas.common.v1.purpose_pb2 import Purpose

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, WrongState
from common.pages import page_size
from services.cases.actions.fields import cut, position_after
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.documents import Document, is_what_it_says
from services.cases.domain.names import id_of, record_of
from services.cases.domain.states import RecordKind
from services.cases.storage.documents import CONTENT, TITLE

log = structlog.get_logger(__name__)


@attrs.frozen
class OpenedDocument:
    """A document with its title and content."""

    document: Document
    title: str = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)


def attach_document(
    tools: Tools,
    who: Caller,
    case: str,
    *,
    title: str,
    media_type: str,
    content: bytes,
    request_id: str,
) -> Document:
    """
    Attach a document; file and title are sealed under a data key of its own.

    Raises:
        InvalidFields: the file is not what its media type says.
        NotAvailable: there is no such case.
        WrongState: the case is being disposed of.
    """
    if not is_what_it_says(media_type, content):
        raise InvalidFields({"content": "is not a file of this media type"})
    name = name_once(tools, who, "AttachDocument", request_id, "documents")
    document_id = id_of(name, "documents") or ""
    with tools.begin() as work:
        if (there := work.documents.find(document_id)) is not None:
            return there
        found = work.cases.find(id_of(case, "cases"))
    if found is None:
        raise NotAvailable
    fields = {TITLE: title.encode(), CONTENT: content}
    sealed = tools.sealing.seal_fields(RecordKind.CASE, found.id, name, fields)
    document = Document(
        id=document_id,
        case_id=found.id,
        author=who.person,
        created_at=tools.now(),
        media_type=media_type,
        size_bytes=len(content),
    )
    with tools.begin() as work:
        held = work.cases.hold(found.id)
        if held is None or not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        if not work.documents.add(document, sealed):
            return work.documents.find(document_id) or document
        work.commit()
    log.info("document_attached", document=name)
    return document


def read_document(tools: Tools, name: str, purpose: Purpose.ValueType) -> OpenedDocument:
    """
    Open one document. A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: the caller may not read it, or there is no such document.
    """
    with tools.look() as reads:
        document = reads.documents.find(id_of(name, "documents"))
        sealed = reads.documents.sealed(document) if document else None
    keys = tools.consent.open(
        record_of(document.case_id if document else name.partition("/")[2]),
        [sealed] if sealed else [],
        action="document:read",
        purpose=purpose,
        about=name,
    )
    if document is None or sealed is None:
        raise NotAvailable
    log.info("document_read", document=name)
    return OpenedDocument(document, keys.open(sealed, TITLE).decode(), keys.open(sealed, CONTENT))


def list_documents(
    tools: Tools, case: str, *, asked: int, page_token: str
) -> tuple[Sequence[Document], str]:
    """
    Give a page of a case's documents, newest first and without titles, and the next page's token.

    Raises:
        NotAvailable: there is no such case.
    """
    size = page_size(asked)
    after = position_after(page_token, datetime.fromisoformat)
    with tools.begin() as work:
        found_case = work.cases.find(id_of(case, "cases"))
        if found_case is None:
            raise NotAvailable
        found = work.documents.page(found_case.id, size + 1, after)
    return cut(found, size, lambda last: (last.created_at.isoformat(), last.id))
