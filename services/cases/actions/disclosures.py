"""Proposing, previewing and sending disclosures. How they are collected: `collection.py`."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

import attrs
import structlog
from sas.common.v1.purpose_pb2 import PURPOSE_DISCLOSURE

from common.caller import Caller
from common.db import etag
from common.errors import InvalidFields, NotAvailable, StaleEtag, WrongState
from common.passes import PassRefused
from common.seal import SealBroken
from services.cases.actions.deliveries import seal_delivery
from services.cases.actions.egress import Released, let_out
from services.cases.actions.fields import read_day
from services.cases.actions.payloads import SealedPayload, find_payload
from services.cases.actions.repeats import name_once
from services.cases.actions.sources import find_sources, open_sources
from services.cases.actions.tools import Tools
from services.cases.domain.days import end_of_day
from services.cases.domain.disclosures import (
    SALT_BYTES,
    Disclosure,
    Particulars,
    last_day,
    link_expires,
    payload_digest,
    unknown,
    watermark,
)
from services.cases.domain.links import make_link
from services.cases.domain.mails import Contents, Mail, MailKind
from services.cases.domain.names import id_of, name_of, record_of
from services.cases.domain.payload import Payload, PayloadChanged
from services.cases.domain.redaction import not_hidden
from services.cases.domain.rendering.job import Job
from services.cases.domain.states import DisclosureState, RecordKind
from services.cases.storage.consent import Keys
from services.cases.storage.disclosures import CONTENT
from services.cases.storage.mail import NotTaken
from services.cases.storage.sealed import WORDS
from services.cases.storage.work import Work

log = structlog.get_logger(__name__)

_SENDABLE = (
    DisclosureState.PROPOSED,
    DisclosureState.WAITING,
    DisclosureState.SENT,
    DisclosureState.RECALLED,
    DisclosureState.NOT_TAKEN,
    DisclosureState.NOT_SENT,
)


class AddressNotTaken(WrongState):
    """The mail server takes no mail for the address that the student agreed to."""

    def __init__(self) -> None:
        super().__init__(
            "The mail server takes no mail for this address, so nothing has left. Ask the third"
            " party for the right one, and propose the disclosure again with it."
        )


@attrs.frozen
class Proposal:
    """What is asked of the student, as the staff member typed it."""

    items: tuple[str, ...]
    redactions: tuple[str, ...]
    recipient: str
    recipient_name: str = attrs.field(repr=False)
    recipient_address: str = attrs.field(repr=False)
    purpose: str
    ends_on: str


def propose_disclosure(
    tools: Tools, who: Caller, proposal: Proposal, *, request_id: str
) -> Disclosure:
    """
    Render what would leave, and ask the student for consent to exactly this.

    The row comes first and consent second: consent must not show the student something that is not
    there. Until consent has answered, the disclosure is not found; a repeat asks consent again.

    Raises:
        InvalidFields: the last day is none, over, or more than a year away; or the items can't be
            rendered, such as a mark that hides nothing; or others are marked in one, and no
            redaction of it is named.
        NotAvailable: there is no such document or note, or the caller may not read it.
        WrongState: the case is being disposed of.
        RefusedByPolicy: consent may not be asked for this, such as behind a wall.
    """
    day = read_day("ends_on", lambda: last_day(proposal.ends_on, tools.today()))
    name = name_once(tools, who, "ProposeDisclosure", request_id, "disclosures")
    disclosure_id = id_of(name, "disclosures") or ""
    with tools.begin() as work:
        disclosure = work.disclosures.find(disclosure_id)
    if disclosure is None:
        disclosure = _keep(tools, who, proposal, day, disclosure_id)
    if not disclosure.consent:
        consent = tools.consent.request_consent(
            disclosure,
            record_of(disclosure.case_id),
            items=[disclosure.name],
            ends_at=end_of_day(disclosure.ends_on),
        )
        with tools.begin() as work:
            work.disclosures.consent_asked(disclosure.id, consent)
            work.commit()
        log.info("disclosure_proposed", disclosure=name, consent=consent)
    return get_disclosure(tools, name)


def _keep(
    tools: Tools, who: Caller, proposal: Proposal, day: date, disclosure_id: str
) -> Disclosure:
    """Render and seal what would leave, and keep it; consent has not been asked yet."""
    name = name_of("disclosures", disclosure_id)
    found = find_sources(tools, proposal.items, proposal.redactions)
    opened = open_sources(tools, found)
    with tools.begin() as work:
        marked = work.redactions.marked(proposal.items)
    if not_hidden(marked, proposal.redactions):
        raise InvalidFields({"redactions": "others are marked in an item: name a redaction of it"})
    content = tools.render(
        Job([each.source for each in opened], watermark(proposal.recipient_name, name))
    )
    particulars = Particulars(
        items=proposal.items,
        titles=[each.title for each in opened],
        recipient=proposal.recipient,
        recipient_name=proposal.recipient_name,
        recipient_address=proposal.recipient_address,
        purpose=proposal.purpose,
        ends_on=proposal.ends_on,
        redactions=proposal.redactions,
    )
    salt = secrets.token_bytes(SALT_BYTES)
    disclosure = Disclosure(
        id=disclosure_id,
        case_id=found[0].case_id,
        items=proposal.items,
        redactions=proposal.redactions,
        recipient=proposal.recipient,
        purpose=proposal.purpose,
        ends_on=day,
        consent="",
        state=DisclosureState.PROPOSED,
        version=1,
        payload_digest=payload_digest(salt, particulars, content),
    )
    fields = {WORDS: particulars.canonical(), CONTENT: content}
    sealed = tools.sealing.seal_fields(RecordKind.CASE, disclosure.case_id, name, fields)
    with tools.begin() as work:
        held = work.cases.hold(disclosure.case_id)
        if held is None or not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        if work.disclosures.add(disclosure, sealed, salt, who.person, tools.now()):
            work.commit()
            return disclosure
        # A repeat at the same moment was first; its salt and digest are the ones that count.
        return work.disclosures.find(disclosure_id) or disclosure


def get_disclosure(tools: Tools, name: str) -> Disclosure:
    """
    Give one disclosure, without words.

    Raises:
        NotAvailable: there is no such disclosure, or the student has not been asked yet.
    """
    with tools.begin() as work:
        disclosure = work.disclosures.find(id_of(name, "disclosures"))
    if disclosure is None or not disclosure.consent:
        raise NotAvailable
    return disclosure


def preview_disclosure(tools: Tools, name: str) -> tuple[Disclosure, Payload]:
    """
    Show exactly what would leave and to whom, after checking that it is what the consent binds.

    A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: the caller may not see it, or there is no such disclosure.
    """
    found = find_payload(tools, name)
    keys = tools.consent.open(
        record_of(found.disclosure.case_id if found else name.partition("/")[2]),
        found.items if found else [],
        action="disclosure:preview",
        purpose=PURPOSE_DISCLOSURE,
        about=name,
    )
    if found is None:
        raise NotAvailable
    log.info("disclosure_previewed", disclosure=name)
    return found.disclosure, found.open(keys)


def send_disclosure(
    tools: Tools, name: str, *, expected_etag: str, hold: timedelta = timedelta()
) -> tuple[Disclosure, str]:
    """
    Send a disclosure, and name the decision: a link by one neutral mail, a code by another.

    Consent decides and commits that first; then what would leave is checked against the pass that
    it signed, and sealed for whoever has the link. The link is committed before it is mailed, so
    that no mail can be out there that we do not know; it works once both mails are accepted. When
    the mail server is away, the disclosure stays as it was, and sending again makes a fresh link
    and a fresh code.

    For as long as the mails are held, it can be recalled and nothing has left at all.

    Raises:
        RefusedByPolicy: consent refuses, with every reason; or something else lies here.
        NotAvailable: the caller may not know, or there is no such disclosure.
        StaleEtag: somebody changed it in the meantime.
        WrongState: it was collected or has ended.
        AddressNotTaken: there is no such address.
        MailAway: the mail server can't be reached.
    """
    found = find_payload(tools, name)
    disclosure = found.disclosure if found else unknown(name)
    keys = tools.consent.authorise_disclosure(
        disclosure,
        record_of(disclosure.case_id),
        found.items if found else [],
        redacted=found is None or found.redacted,
    )
    if found is None:
        raise NotAvailable
    fresh, stored = make_link()
    hold = max(hold, tools.hold)
    with tools.begin() as work:
        # Before the disclosure, as the worker and a recall do: so nobody waits in a circle.
        work.mails.forget(name)
        held = work.disclosures.hold(disclosure.id)
        if held is None:
            raise NotAvailable
        if expected_etag and expected_etag != disclosure_etag(held):
            raise StaleEtag
        if held.state not in _SENDABLE:
            raise WrongState("It was collected already, or has ended.")
        released = _released(tools, work, found, keys)
        address = released.address
        delivery = seal_delivery(
            tools, found, keys, link_token=fresh.token, decision=released.decision
        )
        now = tools.now()
        expires = link_expires(held.ends_on, now)
        work.disclosures.put_link(held.id, stored, delivery, expires)
        if hold:
            for kind, secret in ((MailKind.LINK, fresh.token), (MailKind.CODE, fresh.code)):
                sealed = tools.post.seal(kind, name, Contents(address, secret))
                work.mails.put(Mail(kind, name, now + hold, expires, sealed))
            work.disclosures.waits(held.id)
        work.commit()
    if hold:
        log.info("disclosure_waits", disclosure=name)
        return get_disclosure(tools, name), keys.decision
    try:
        tools.mail.send_both(address, fresh)
    except NotTaken:
        with tools.begin() as work:
            work.disclosures.not_taken(disclosure.id, stored)
            work.commit()
        raise AddressNotTaken from None
    with tools.begin() as work:
        if not work.disclosures.sent(disclosure.id, stored):
            raise StaleEtag
        work.commit()
    log.info("disclosure_sent", disclosure=name)
    return get_disclosure(tools, name), keys.decision


def _released(tools: Tools, work: Work, found: SealedPayload, keys: Keys) -> Released:
    """Give what is sent and where the mails go, if what lies here is what the gate let out."""
    try:
        return let_out(tools, work, found, keys, "disclosure:send")
    except (PayloadChanged, PassRefused, SealBroken) as error:
        log.error("disclosure_broken", exc_info=error)
    # It lies here in another form than was agreed to, and the gate says so, in the ledger.
    other = attrs.evolve(found.disclosure, payload_digest="0" * 64)
    tools.consent.authorise_disclosure(other, record_of(other.case_id), [], redacted=True)
    raise NotAvailable


def disclosure_etag(disclosure: Disclosure) -> str:
    """Give the etag of a disclosure."""
    return etag(disclosure.name, disclosure.version)
