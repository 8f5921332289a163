"""One transaction on the tables of cases, with a store for each kind of thing."""

from __future__ import annotations

import sqlalchemy as sa
from google.protobuf.message import Message

from common import outbox
from common.hidden_rows import HidesRows
from services.cases.storage.access_copies import AccessCopies
from services.cases.storage.access_requests import AccessRequests
from services.cases.storage.addenda import Addenda
from services.cases.storage.breaches import Breaches
from services.cases.storage.cases import Cases
from services.cases.storage.contacts import Contacts
from services.cases.storage.disclosures import Disclosures
from services.cases.storage.disposals import Disposals
from services.cases.storage.documents import Documents
from services.cases.storage.enquiries import Enquiries
from services.cases.storage.incidents import Incidents
from services.cases.storage.link_tries import LinkTries
from services.cases.storage.mails import Mails
from services.cases.storage.name_requests import NameRequests
from services.cases.storage.notes import Notes
from services.cases.storage.passes import UsedPasses
from services.cases.storage.prints import Prints
from services.cases.storage.redactions import Redactions
from services.cases.storage.staff_addresses import StaffAddresses
from services.cases.storage.unsent_mails import UnsentMails


class Stores:
    """The stores on one connection; also what a worker's handler works with."""

    connection: sa.Connection

    @property
    def cases(self) -> Cases:
        """The cases, and the last involvement of their students."""
        return Cases(self.connection)

    @property
    def notes(self) -> Notes:
        """The case notes."""
        return Notes(self.connection)

    @property
    def documents(self) -> Documents:
        """The documents."""
        return Documents(self.connection)

    @property
    def enquiries(self) -> Enquiries:
        """The enquiries."""
        return Enquiries(self.connection)

    @property
    def mails(self) -> Mails:
        """The mails that wait for the worker."""
        return Mails(self.connection)

    @property
    def unsent_mails(self) -> UnsentMails:
        """Those of them that did not surely leave, for staff."""
        return UnsentMails(self.connection)

    @property
    def staff_addresses(self) -> StaffAddresses:
        """Where staff members are written to."""
        return StaffAddresses(self.connection)

    @property
    def disclosures(self) -> Disclosures:
        """The disclosures and their links."""
        return Disclosures(self.connection)

    @property
    def passes(self) -> UsedPasses:
        """The passes of the gate that opened the door."""
        return UsedPasses(self.connection)

    @property
    def link_tries(self) -> LinkTries:
        """How often each link was tried."""
        return LinkTries(self.connection)

    @property
    def contacts(self) -> Contacts:
        """The people whom students name."""
        return Contacts(self.connection)

    @property
    def redactions(self) -> Redactions:
        """What is to be hidden in documents and notes."""
        return Redactions(self.connection)

    @property
    def prints(self) -> Prints:
        """The register of what was printed."""
        return Prints(self.connection)

    @property
    def breaches(self) -> Breaches:
        """The breaches of confidentiality."""
        return Breaches(self.connection)

    @property
    def addenda(self) -> Addenda:
        """What was added to breaches after the decision."""
        return Addenda(self.connection)

    @property
    def incidents(self) -> Incidents:
        """The register of inadvertent breaches."""
        return Incidents(self.connection)

    @property
    def name_requests(self) -> NameRequests:
        """The words around requests for the name behind a line."""
        return NameRequests(self.connection)

    @property
    def access_requests(self) -> AccessRequests:
        """Students' requests for a copy of what is held about them."""
        return AccessRequests(self.connection)

    @property
    def access_copies(self) -> AccessCopies:
        """The copies that are made for them."""
        return AccessCopies(self.connection)

    @property
    def disposals(self) -> Disposals:
        """The disposal list."""
        return Disposals(self.connection)

    def tell(self, event: Message) -> None:
        """Put *event* into the outbox: it leaves if, and only if, this transaction commits."""
        outbox.put(self.connection, event)


class Work(HidesRows, Stores):
    """A unit of work; leaving it without `commit()` undoes everything."""


class HandlerWork(Stores):
    """The stores within the transaction of a worker's handler, which commits it."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
