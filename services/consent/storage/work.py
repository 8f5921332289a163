"""One transaction on consent's tables, with a store for each kind of thing."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message
from sqlalchemy import Engine

from common import outbox
from common.db import UnitOfWork
from services.consent.storage.breaches import Breaches
from services.consent.storage.consents import Consents
from services.consent.storage.counts import BreachCounts
from services.consent.storage.embargoes import Embargoes
from services.consent.storage.ledger import Ledger
from services.consent.storage.name_requests import NameRequests
from services.consent.storage.records import Records
from services.consent.storage.signatures import Signatures
from services.consent.storage.staff import Staff
from services.consent.storage.walls import Walls
from services.consent.storage.witnesses import Witnesses


class Work(UnitOfWork):
    """A unit of work; leaving it without `commit()` undoes everything, the entry included."""

    def __init__(self, engine: Engine, committed: Callable[[], None] = lambda: None) -> None:
        """Work with *engine*, and call *committed* after each commit."""
        super().__init__(engine)
        self._committed = committed

    def commit(self) -> None:
        """Make everything done in this block last."""
        super().commit()
        self._committed()

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return Ledger(self.connection)

    @property
    def witnesses(self) -> Witnesses:
        """What others have signed of the ledger."""
        return Witnesses(self.connection)

    @property
    def records(self) -> Records:
        """The records and the walls around them."""
        return Records(self.connection)

    @property
    def walls(self) -> Walls:
        """What the walls stand around."""
        return Walls(self.connection)

    @property
    def consents(self) -> Consents:
        """What students were asked and answered."""
        return Consents(self.connection)

    @property
    def signatures(self) -> Signatures:
        """What students' passkeys have signed."""
        return Signatures(self.connection)

    @property
    def breaches(self) -> Breaches:
        """The procedure for breaching confidentiality."""
        return Breaches(self.connection)

    @property
    def embargoes(self) -> Embargoes:
        """What is hidden from students, and what is to be looked at again."""
        return Embargoes(self.connection)

    @property
    def breach_counts(self) -> BreachCounts:
        """How many breaches were decided, and which wait for a review."""
        return BreachCounts(self.connection)

    @property
    def staff(self) -> Staff:
        """Who is of the staff, and until when."""
        return Staff(self.connection)

    @property
    def name_requests(self) -> NameRequests:
        """Who asked for the name behind a line of their list, and what became of it."""
        return NameRequests(self.connection)

    def tell(self, event: Message) -> None:
        """Put *event* into the outbox: it leaves if, and only if, this work is committed."""
        outbox.put(self.connection, event)


class Change(Work):
    """
    A unit of work that changes facts, and has the ledger to itself from its beginning to its end.

    So whoever changes something sees everything that was committed before, nobody else changes or
    decides anything meanwhile, and the ledger's order is the order of what happened. Whoever
    changes nothing holds nothing (`group_commit`).
    """

    def _begin(self) -> None:
        self.ledger.hold()
