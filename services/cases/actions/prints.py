"""Printing: the items of a case on paper, through the door like everything else that leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import attrs
import structlog
from sas.common.v1.purpose_pb2 import Purpose

from common.caller import Caller
from common.errors import NotAvailable, WrongState
from common.pages import page_size
from common.passes import PassRefused
from services.cases.actions.egress import Released, let_out
from services.cases.actions.fields import cut, position_after
from services.cases.actions.repeats import name_once
from services.cases.actions.sources import Sealed, find_item, open_sources, record_absent
from services.cases.actions.tools import Tools
from services.cases.domain.names import id_of, record_of
from services.cases.domain.parcels import Parcel
from services.cases.domain.payload import MEDIA_TYPE
from services.cases.domain.prints import Print, watermark
from services.cases.domain.rendering.job import Job
from services.cases.storage.consent import Keys

log = structlog.get_logger(__name__)


@attrs.frozen(kw_only=True)
class Wanted:
    """What is to be printed, why, and where the paper will be."""

    case: str
    items: Sequence[str]
    purpose: Purpose.ValueType
    kept_in: str


@attrs.frozen
class Rendered:
    """A file to print, made for this call and kept nowhere."""

    printed: Print
    content: bytes = attrs.field(repr=False)

    @property
    def sha256(self) -> str:
        """The digest of the very bytes."""
        return hashlib.sha256(self.content).hexdigest()

    def parcel(self, keys: Keys) -> Parcel:
        """Give it to the door; nothing of it is sealed any more."""
        return Parcel(
            about=self.printed.name,
            recipient=self.printed.printed_by,
            purpose=self.printed.purpose.removeprefix("PURPOSE_").lower(),
            items=frozenset(self.printed.items),
            payload_digest=self.sha256,
            media_type=MEDIA_TYPE,
            content=self.content,
        )


def print_items(
    tools: Tools, who: Caller, wanted: Wanted, *, request_id: str
) -> tuple[Print, Released]:
    """
    Render items of a case, and let that out to whoever asked, to be printed.

    The items are opened by decisions of their own, so the student sees what was read and that it
    was printed. One print is one copy: what was lost on its way is printed anew, under a new name,
    and the register has both.

    Raises:
        NotAvailable: there is no such item in this case, or the caller may not read it.
        InvalidFields: an item can't be rendered.
        RefusedByPolicy: consent refuses, with every reason; or something else lies here.
        WrongState: this print was let out before, or the case is being disposed of.
    """
    name = name_once(tools, who, "PrintItems", request_id, "prints")
    found = _find(tools, wanted)
    opened = open_sources(tools, found, wanted.purpose)
    now = tools.now()
    printed = Print(
        id=id_of(name, "prints") or "",
        case_id=found[0].case_id,
        items=wanted.items,
        purpose=Purpose.Name(wanted.purpose),
        printed_by=who.person,
        printed_at=now,
        kept_in=wanted.kept_in,
    )
    mark = watermark(who.person, name, tools.today())
    rendered = Rendered(printed, tools.render(Job([each.source for each in opened], mark)))
    keys = tools.consent.authorise_print(printed, rendered.sha256, intact=True)
    try:
        released = _enter_and_let_out(tools, rendered, keys)
    except PassRefused as error:
        log.error("print_not_let_out", print=name, because=error.because)
        # The gate allowed something else than what lies here: it stays, and that is written down.
        tools.consent.authorise_print(printed, rendered.sha256, intact=False)
        raise NotAvailable from None
    log.info("items_printed", print=name)
    return printed, released


def _find(tools: Tools, wanted: Wanted) -> list[Sealed]:
    """Find the items; what is not there, or of another case, is asked about and recorded too."""
    case_id = id_of(wanted.case, "cases")
    with tools.look() as reads:
        items = [find_item(reads, each) for each in wanted.items]
    found = [each for each in items if each is not None and each.case_id == case_id]
    if len(found) < len(wanted.items):
        there = {each.item for each in found}
        record_absent(tools, next(x for x in wanted.items if x not in there), wanted.purpose)
        raise NotAvailable
    return found


def _enter_and_let_out(tools: Tools, rendered: Rendered, keys: Keys) -> Released:
    """Put it into the register as it leaves: neither happens without the other."""
    with tools.begin() as work:
        held = work.cases.hold(rendered.printed.case_id)
        if held is None:
            raise NotAvailable
        if not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        released = let_out(tools, work, rendered, keys, "paper:print")
        if not work.prints.add(rendered.printed):
            raise WrongState("This was printed before. To print it again, ask anew.")
        work.commit()
    return released


def list_prints(
    tools: Tools, *, case: str, only_kept: bool, asked: int, page_token: str
) -> tuple[Sequence[Print], str]:
    """
    Give a page of prints, newest first, and the next page's token.

    Raises:
        NotAvailable: there is no such case.
    """
    size = page_size(asked)
    after = position_after(page_token, datetime.fromisoformat)
    with tools.begin() as work:
        of_case = work.cases.find(id_of(case, "cases")) if case else None
        if case and of_case is None:
            raise NotAvailable
        case_id = of_case.id if of_case else None
        found = work.prints.page(size + 1, after, case_id=case_id, only_kept=only_kept)
    return cut(found, size, lambda last: (last.printed_at.isoformat(), last.id))


def attest_destruction(tools: Tools, who: Caller, name: str) -> Print:
    """
    Keep that somebody says a print was destroyed; once, and it is not taken back.

    Raises:
        NotAvailable: the caller may not know, or there is no such print.
        RefusedByPolicy: consent refuses, with every reason.
        WrongState: somebody has said so before.
    """
    with tools.look() as reads:
        found = reads.prints.find(id_of(name, "prints"))
    tools.consent.record_destruction(
        name, record_of(found.case_id if found else name.partition("/")[2])
    )
    if found is None:
        raise NotAvailable
    with tools.begin() as work:
        if not work.prints.destroyed(found.id, who.person, tools.now()):
            raise WrongState("It is noted as destroyed already.")
        work.commit()
        destroyed = work.prints.find(found.id)
    if destroyed is None:
        raise NotAvailable
    log.info("print_destroyed", print=name)
    return destroyed
