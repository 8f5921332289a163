"""
Naming a contact, showing it, and confirming to it that a student uses the Service.

A trusted contact is named here, early and in advance; whether such a person is turned to is
decided in the procedure for breaching confidentiality and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import structlog
from sas.common.v1.purpose_pb2 import PURPOSE_DISCLOSURE

from common.caller import Caller
from common.errors import NotAvailable, WrongState
from common.pages import page_size
from services.cases.actions.fields import cut, position_after, read_day
from services.cases.actions.repeats import name_once
from services.cases.actions.tools import Tools
from services.cases.domain.contacts import STATEMENTS, Contact, Named, new_salt, unknown
from services.cases.domain.days import end_of_day
from services.cases.domain.disclosures import last_day
from services.cases.domain.names import id_of, record_of
from services.cases.domain.payload import PayloadChanged
from services.cases.domain.states import RecordKind
from services.cases.storage.consent import Keys
from services.cases.storage.sealed import SealedItem

log = structlog.get_logger(__name__)


@attrs.frozen(kw_only=True)
class Naming:
    """Whom the student names, as the staff member typed it."""

    case: str
    recipient: str
    recipient_name: str = attrs.field(repr=False)
    recipient_address: str = attrs.field(repr=False)
    purpose: str
    ends_on: str


@attrs.frozen
class _Found:
    """A contact, still sealed."""

    contact: Contact
    sealed: SealedItem
    salt: bytes

    def open(self, keys: Keys) -> Named:
        """
        Open it and check it against the digest that the consent binds.

        Raises:
            PayloadChanged: what lies here is not what the student was asked about.
        """
        named = Named.from_canonical(keys.open(self.sealed))
        if not self.contact.fits(named, self.salt):
            log.error("payload_changed", contact=self.contact.name)
            raise PayloadChanged
        return named


def name_contact(tools: Tools, who: Caller, naming: Naming, *, request_id: str) -> Contact:
    """
    Note whom a student names, and ask the student for consent to just that.

    Naming the same person for the same thing again takes the place of the earlier consent. Like a
    disclosure, it is not found until consent has answered, and a repeat asks consent again.

    Raises:
        InvalidFields: the last day is none, over, or more than a year away.
        NotAvailable: there is no such case.
        WrongState: the case is being disposed of.
        RefusedByPolicy: consent may not be asked for this, such as behind a wall.
    """
    day = read_day("ends_on", lambda: last_day(naming.ends_on, tools.today()))
    name = name_once(tools, who, "NameContact", request_id, "contacts")
    contact_id = id_of(name, "contacts") or ""
    with tools.begin() as work:
        contact = work.contacts.find(contact_id)
        case = work.cases.find(id_of(naming.case, "cases"))
    if case is None:
        raise NotAvailable
    if contact is None:
        named = Named(
            contact=name,
            recipient=naming.recipient,
            recipient_name=naming.recipient_name,
            recipient_address=naming.recipient_address,
            purpose=naming.purpose,
            statement=STATEMENTS[naming.purpose],
            ends_on=day.isoformat(),
        )
        salt = new_salt()
        contact = Contact(
            id=contact_id,
            case_id=case.id,
            recipient=naming.recipient,
            purpose=naming.purpose,
            ends_on=day,
            consent="",
            author=who.person,
            created_at=tools.now(),
            payload_digest=named.digest(salt),
        )
        contact = _keep(tools, contact, named, salt)
    if not contact.consent:
        consent = tools.consent.request_consent(
            contact,
            record_of(contact.case_id),
            items=[contact.name],
            ends_at=end_of_day(contact.ends_on),
        )
        with tools.begin() as work:
            work.contacts.consent_asked(contact.id, consent)
            work.commit()
        log.info("contact_named", contact=name, consent=consent)
    return get_contact(tools, name)


def _keep(tools: Tools, contact: Contact, named: Named, salt: bytes) -> Contact:
    sealed = tools.sealing.seal(RecordKind.CASE, contact.case_id, contact.name, named.canonical())
    with tools.begin() as work:
        held = work.cases.hold(contact.case_id)
        if held is None or not held.state.takes_more:
            raise WrongState("This case is being disposed of.")
        if work.contacts.add(contact, sealed, salt):
            work.commit()
            return contact
        # A repeat at the same moment was first; its salt and digest are the ones that count.
        return work.contacts.find(contact.id) or contact


def get_contact(tools: Tools, name: str) -> Contact:
    """
    Give one contact, without words.

    Raises:
        NotAvailable: there is no such contact, or the student has not been asked yet.
    """
    with tools.begin() as work:
        contact = work.contacts.find(id_of(name, "contacts"))
    if contact is None or not contact.consent:
        raise NotAvailable
    return contact


def list_contacts(
    tools: Tools, case: str, *, asked: int, page_token: str
) -> tuple[Sequence[Contact], str]:
    """
    Give a page of a case's contacts, newest first and without words, and the next page's token.

    Raises:
        NotAvailable: there is no such case.
    """
    size = page_size(asked)
    last = position_after(page_token, datetime.fromisoformat)
    with tools.begin() as work:
        found_case = work.cases.find(id_of(case, "cases"))
        if found_case is None:
            raise NotAvailable
        found = work.contacts.page(found_case.id, size + 1, last)
    return cut(found, size, lambda each: (each.created_at.isoformat(), each.id))


def preview_contact(tools: Tools, name: str) -> tuple[Contact, Named]:
    """
    Show exactly who is named and what would be said, checked against what the consent binds.

    A name that does not exist takes the same way and is recorded too.

    Raises:
        NotAvailable: the caller may not see it, or there is no such contact.
    """
    found = _find(tools, name)
    keys = tools.consent.open(
        record_of((found.contact if found else unknown(name)).case_id),
        [found.sealed] if found else [],
        action="disclosure:preview",
        purpose=PURPOSE_DISCLOSURE,
        about=name,
    )
    if found is None:
        raise NotAvailable
    log.info("contact_previewed", contact=name)
    return found.contact, found.open(keys)


def confirm_use(tools: Tools, name: str) -> Named:
    """
    Say whether it may be confirmed to this person that the student uses the Service.

    Consent decides and commits that first. Without the student's consent to just that, the answer
    is no, and the scripted "can neither confirm nor deny" is all that is said (R9).

    Raises:
        RefusedByPolicy: consent refuses, with every reason.
        NotAvailable: the caller may not know, or there is no such contact.
    """
    found = _find(tools, name)
    contact = found.contact if found else unknown(name)
    keys = tools.consent.authorise_confirmation(
        contact, record_of(contact.case_id), [found.sealed] if found else []
    )
    if found is None:
        raise NotAvailable
    log.info("use_confirmed", contact=name)
    return found.open(keys)


def _find(tools: Tools, name: str) -> _Found | None:
    with tools.look() as reads:
        contact = reads.contacts.find(id_of(name, "contacts"))
        sealed = reads.contacts.sealed(contact) if contact and contact.consent else None
    return _Found(contact, *sealed) if contact and sealed else None
