"""One transaction on identity's tables, with a store for each kind of thing."""

from __future__ import annotations

from google.protobuf.message import Message

from common import outbox
from common.hidden_rows import HidesRows
from services.identity.storage.passkeys import Passkeys
from services.identity.storage.sessions import Sessions
from services.identity.storage.sign_ins import SignIns
from services.identity.storage.staff_members import StaffMembers
from services.identity.storage.students import Students
from services.identity.storage.third_parties import ThirdParties


class Work(HidesRows):
    """A unit of work; leaving it without `commit()` undoes everything."""

    @property
    def sign_ins(self) -> SignIns:
        """The sign-ins that have begun and not ended."""
        return SignIns(self.connection)

    @property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        return Sessions(self.connection)

    @property
    def staff_members(self) -> StaffMembers:
        """The staff members and their roles."""
        return StaffMembers(self.connection)

    @property
    def students(self) -> Students:
        """The students, their sealed registration forms and what finds them."""
        return Students(self.connection)

    @property
    def passkeys(self) -> Passkeys:
        """The students' passkeys."""
        return Passkeys(self.connection)

    @property
    def third_parties(self) -> ThirdParties:
        """The sealed details of third parties."""
        return ThirdParties(self.connection)

    def tell(self, event: Message) -> None:
        """Put *event* into the outbox: it leaves if, and only if, this work is committed."""
        outbox.put(self.connection, event)
