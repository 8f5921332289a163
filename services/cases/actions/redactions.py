"""Marking what is to be hidden, and looking at what would be left."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import structlog

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, WrongState
from services.cases.actions.repeats import name_once
from services.cases.actions.sources import find_item, find_sources, open_sources, record_absent
from services.cases.actions.tools import Tools
from services.cases.domain.names import id_of
from services.cases.domain.redaction import Mark, Redaction, has_words, marks_to_bytes
from services.cases.domain.rendering.job import Job
from services.cases.domain.states import RecordKind

log = structlog.get_logger(__name__)

_WATERMARK = "Preview, for staff only"


@attrs.frozen
class Preview:
    """What would be left, and what was marked and why."""

    marks: Sequence[Mark]
    content: bytes = attrs.field(repr=False)


def redact_item(
    tools: Tools, who: Caller, item: str, marks: Sequence[Mark], *, request_id: str
) -> Redaction:
    """
    Keep what is to be hidden in a document or note; the original stays sealed as it was.

    Nothing is opened for it. A redaction never changes; another set of marks is another one.

    Raises:
        InvalidFields: a mark is neither a passage nor a page.
        NotAvailable: there is no such document or note.
        WrongState: the case is being disposed of.
    """
    for number, mark in enumerate(marks):
        if bool(mark.page) == bool(mark.passage) or (mark.passage and not has_words(mark.passage)):
            wrong = f"mark {number + 1} must be a passage with words, or a page"
            raise InvalidFields({"marks": wrong})
    made = name_once(tools, who, "RedactItem", request_id, "redactions")
    with tools.begin() as work:
        found = find_item(work, item)
    if found is None:
        raise NotAvailable
    redaction = Redaction(
        id=id_of(made, "redactions") or "",
        case_id=found.case_id,
        item=item,
        author=who.person,
        created_at=tools.now(),
    )
    sealed = tools.sealing.seal(
        RecordKind.CASE, found.case_id, redaction.name, marks_to_bytes(marks)
    )
    with tools.begin() as work:
        held = work.cases.hold(found.case_id)
        if held is None or not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        if not work.redactions.add(redaction, sealed):
            return work.redactions.find(redaction.name) or redaction
        work.commit()
    log.info("item_redacted", redaction=redaction.name)
    return redaction


def preview_redaction(tools: Tools, name: str) -> Preview:
    """
    Render a document or note as it would leave, for a staff member to look at.

    A name that does not exist takes the same way and is recorded too.

    Raises:
        InvalidFields: it can't be rendered, or a mark hides nothing.
        NotAvailable: the caller may not read it, or there is no such redaction.
    """
    item = name.partition("/redactions/")[0]
    try:
        found = find_sources(tools, [item], [name])
    except NotAvailable:
        record_absent(tools, item)
        raise
    (opened,) = open_sources(tools, found)
    content = tools.render(Job([opened.source], _WATERMARK))
    log.info("redaction_previewed", redaction=name)
    return Preview(opened.source.marks, content)
