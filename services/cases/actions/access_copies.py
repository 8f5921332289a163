"""
A student's own copy, on an access request: prepared, looked at, released, collected, recalled.

It is of one case, so walls and disposal are the case's, and leaves by the same door as everything
(`egress.py`). Nothing is mailed and there is no link: the student comes for it in a session of
their own, which is the check of who they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import attrs
import structlog
from sas.common.v1.purpose_pb2 import PURPOSE_ACCESS_REQUEST

from common.caller import Caller
from common.errors import InvalidFields, NotAvailable, WrongState
from common.passes import PassRefused
from common.seal import SealBroken
from services.cases.actions.egress import Released, let_out
from services.cases.actions.repeats import name_once
from services.cases.actions.sources import find_sources, open_sources
from services.cases.actions.tools import Tools
from services.cases.domain.access_copies import (
    ABOUT,
    MEDIA_TYPE,
    PURPOSE,
    AccessCopy,
    CopyParticulars,
    LeftOut,
    archive,
    unknown,
    watermark,
)
from services.cases.domain.access_requests import Event, Happening, RequestState
from services.cases.domain.disclosures import SALT_BYTES
from services.cases.domain.names import id_of, record_of
from services.cases.domain.parcels import Parcel
from services.cases.domain.payload import PayloadChanged
from services.cases.domain.redaction import NothingToHide, not_hidden
from services.cases.domain.rendering.job import Job, Source
from services.cases.domain.states import RecordKind
from services.cases.storage.access_copies import CONTENT
from services.cases.storage.consent import Keys
from services.cases.storage.sealed import WORDS, SealedItem
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)


@attrs.frozen(kw_only=True)
class Selection:
    """What goes into a copy, and what stays out as a whole."""

    items: tuple[str, ...]
    redactions: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


@attrs.frozen
class Opened:
    """A copy, opened."""

    particulars: CopyParticulars
    content: bytes = attrs.field(repr=False)


@attrs.frozen
class SealedCopy:
    """A copy with its file, still sealed."""

    copy: AccessCopy
    sealed: SealedItem
    salt: bytes = attrs.field(repr=False)
    redacted: bool
    """Whether whoever is marked in it today is blacked out in it."""

    def open(self, keys: Keys) -> Opened:
        """
        Open it and check it against the digest that the gate binds.

        Raises:
            PayloadChanged: what lies here is not what was made.
        """
        particulars = CopyParticulars.from_canonical(keys.open(self.sealed))
        content = keys.open(self.sealed, CONTENT)
        if not self.copy.fits(particulars, self.salt, content):
            log.error("payload_changed", access_copy=self.copy.name)
            raise PayloadChanged
        return Opened(particulars, content)

    def parcel(self, keys: Keys) -> Parcel:
        """
        Open it for the door.

        Raises:
            PayloadChanged: what lies here is not what was made.
        """
        opened = self.open(keys)
        return Parcel(
            about=self.copy.name,
            recipient=opened.particulars.recipient,
            purpose=PURPOSE,
            items=frozenset({self.sealed.item}),
            payload_digest=opened.particulars.digest(self.salt, opened.content),
            media_type=MEDIA_TYPE,
            content=opened.content,
        )


def prepare_copy(
    tools: Tools, who: Caller, request: str, selection: Selection, *, request_id: str
) -> AccessCopy:
    """
    Render a copy of documents, notes and disclosures of one case, and seal it. Nobody has it yet.

    An item in which others are marked goes in with one of its redactions, or stays out.

    Raises:
        InvalidFields: the items are not of one case of the student who asked; they can't be
            rendered, such as a mark that hides nothing; or others are marked in one, and no
            redaction of it is named.
        NotAvailable: there is no such request or item, or the caller may not read it.
        WrongState: the request is closed, or the case is being disposed of.
    """
    name = name_once(tools, who, "PrepareAccessCopy", request_id, "accessCopies")
    with tools.begin() as work:
        if (there := work.access_copies.find(id_of(name, "accessCopies"))) is not None:
            return there
        standing = work.access_requests.find(id_of(request, "accessRequests"))
    if standing is None:
        raise NotAvailable
    if standing.state is RequestState.CLOSED:
        raise WrongState("This request is closed.")
    case_id = _case_of(tools, standing.request.student, selection)
    content = _render(tools, name, selection)
    particulars = CopyParticulars(
        request=request,
        recipient=standing.request.student,
        items=selection.items,
        redactions=selection.redactions,
        left_out=selection.left_out,
    )
    salt = secrets.token_bytes(SALT_BYTES)
    copy = AccessCopy(
        id=id_of(name, "accessCopies") or "",
        request=request,
        student=standing.request.student,
        case_id=case_id,
        items=selection.items,
        redactions=selection.redactions,
        left_out=tuple(each.item for each in selection.left_out),
        payload_digest=particulars.digest(salt, content),
    )
    fields = {WORDS: particulars.canonical(), CONTENT: content}
    sealed = tools.sealing.seal_fields(RecordKind.CASE, case_id, name, fields)
    with tools.begin() as work:
        held = work.cases.hold(case_id)
        if held is None or not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        if not work.access_copies.add(copy, sealed, salt, who.person, tools.now()):
            # A repeat at the same moment was first; its salt and digest are the ones that count.
            return work.access_copies.find(copy.id) or copy
        work.commit()
    log.info("access_copy_prepared", access_copy=name)
    return copy


def _case_of(tools: Tools, student: str, selection: Selection) -> str:
    """Give the one case that all of it is of; it must be the student's."""
    left_out = tuple(each.item for each in selection.left_out)
    found = find_sources(tools, (*selection.items, *left_out), selection.redactions)
    with tools.begin() as work:
        case = work.cases.find(found[0].case_id)
        seen = _seen(work, selection.items, selection.redactions)
    if case is None:
        raise NotAvailable
    if case.student != student:
        raise InvalidFields({"items": "must be of a case of the student who asked"})
    if seen:
        raise InvalidFields(
            {"redactions": "others are marked in an item: name a redaction of it, or leave it out"}
        )
    return case.id


def _render(tools: Tools, name: str, selection: Selection) -> bytes:
    found = find_sources(tools, selection.items, selection.redactions)
    opened = open_sources(tools, found, PURPOSE_ACCESS_REQUEST)
    sources = [*(each.source for each in opened), Source("text/plain", ABOUT.encode())]
    pdf = tools.render(Job(sources, watermark(name)))
    try:
        notes = [each.note.as_said() for each in opened if each.note is not None]
    except NothingToHide as error:
        said = f"mark {error.mark + 1} of a note goes over two of its parts: mark each by itself"
        raise InvalidFields({"redactions": said}) from None
    return archive(pdf, notes)


def preview_copy(tools: Tools, name: str) -> tuple[AccessCopy, Opened]:
    """
    Show a staff member exactly what the student would get, and what stays out, and why.

    A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: the caller may not see it, or there is no such copy.
    """
    found = _find(tools, name)
    keys = tools.consent.open(
        record_of(found.copy.case_id if found else name.partition("/")[2]),
        [found.sealed] if found else [],
        action="access_copy:preview",
        purpose=PURPOSE_ACCESS_REQUEST,
        about=name,
    )
    if found is None:
        raise NotAvailable
    log.info("access_copy_previewed", access_copy=name)
    return found.copy, found.open(keys)


def release_copy(tools: Tools, who: Caller, name: str) -> AccessCopy:
    """
    Decide that a copy is ready: from now on the student can collect it.

    Raises:
        RefusedByPolicy: consent refuses, with every reason.
        NotAvailable: the caller may not know, or there is no such copy.
    """
    found = _find(tools, name)
    copy = found.copy if found else unknown(name)
    tools.consent.authorise_access_release(
        copy,
        record_of(copy.case_id),
        [found.sealed.item] if found else [],
        redacted=found is None or found.redacted,
    )
    if found is None:
        raise NotAvailable
    with tools.begin() as work:
        standing = work.access_requests.hold(id_of(copy.request, "accessRequests"))
        if standing is None:
            raise NotAvailable
        if name not in standing.copies_out:
            _note(tools, work, who, copy, Happening.COPY_RELEASED)
            work.commit()
    log.info("access_copy_released", access_copy=name)
    return copy


def recall_copy(tools: Tools, who: Caller, name: str) -> AccessCopy:
    """
    Take a copy back: the student can't collect it any more. What they have, they have.

    Consent decides and commits that first, so it holds from that moment, whatever happens here.

    Raises:
        NotAvailable: the caller may not know, or there is no such copy.
        RefusedByPolicy: consent refuses, with every reason.
        WrongState: it is not out.
    """
    with tools.look() as reads:
        copy = reads.access_copies.find(id_of(name, "accessCopies"))
    tools.consent.record_access_recall(
        name, record_of(copy.case_id if copy else name.partition("/")[2])
    )
    if copy is None:
        raise NotAvailable
    with tools.begin() as work:
        standing = work.access_requests.hold(id_of(copy.request, "accessRequests"))
        if standing is None or name not in standing.copies_out:
            raise WrongState("It is not released, so there is nothing to take back.")
        _note(tools, work, who, copy, Happening.COPY_RECALLED)
        work.commit()
    log.info("access_copy_recalled", access_copy=name)
    return copy


def collect_copy(tools: Tools, who: Caller, name: str) -> Released:
    """
    Give the student their own copy, by consent's decision and the gate's pass, each time.

    A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: for every reason.
    """
    found = _find(tools, name)
    keys = _authorise(tools, found.copy if found else unknown(name), found)
    if found is None:
        raise NotAvailable
    try:
        with tools.begin() as work:
            released = let_out(tools, work, found, keys, "access_copy:collect")
            _note(tools, work, who, found.copy, Happening.COPY_COLLECTED)
            work.commit()
    except (PayloadChanged, SealBroken, PassRefused) as error:
        log.error("access_copy_broken", exc_info=error)
        # The gate allowed something else than what lies here: it stays, and that is written down.
        _authorise(tools, attrs.evolve(found.copy, payload_digest="0" * 64), None)
        raise NotAvailable from None
    log.info("access_copy_collected", access_copy=name)
    return released


def _authorise(tools: Tools, copy: AccessCopy, found: SealedCopy | None) -> Keys:
    return tools.consent.authorise_access_collection(
        copy,
        record_of(copy.case_id),
        [found.sealed] if found else [],
        redacted=found is None or found.redacted,
    )


def _find(tools: Tools, name: str) -> SealedCopy | None:
    """Find a copy; None if it is not there, or was disposed of."""
    with tools.look() as reads:
        copy = reads.access_copies.find(id_of(name, "accessCopies"))
        kept = reads.access_copies.sealed(copy) if copy else None
        if copy is None or kept is None:
            return None
        seen = _seen(reads, copy.items, copy.redactions)
    return SealedCopy(copy, *kept, redacted=not seen)


def _seen(work: Work, items: Sequence[str], redactions: Sequence[str]) -> list[str]:
    """Give what others are marked in without being hidden; in a disclosure, what it was made of."""
    seen = not_hidden(work.redactions.marked(items), redactions)
    for each in items:
        if (sent := work.disclosures.find(id_of(each, "disclosures"))) is not None:
            seen += not_hidden(work.redactions.marked(sent.items), sent.redactions)
    return seen


def _note(tools: Tools, work: Work, who: Caller, copy: AccessCopy, happening: Happening) -> None:
    event = Event(happening, tools.now(), tools.today(), copy=copy.name)
    work.access_requests.happened(copy.request, event, who.person, copy)
