"""
Mails with the words that everybody gets, which wait for their hour.

`serve` learns an address by consent's decision and seals it again for `work`, under a Vault key by
which the one can only seal and the other can only open. `work` sends the mail and wipes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from common.vault import Vault
from services.cases.domain.states import ReplyMailState
from services.cases.storage.tables import reply_mails

_MOUNT, _KEY = "post", "replies"


@attrs.frozen
class Post:
    """What seals an address for the worker, or in the worker opens it."""

    _vault: Vault

    def seal(self, address: str) -> str:
        """
        Seal an address.

        Raises:
            TryAgain: Vault can't be reached.
        """
        return self._vault.encrypt(_MOUNT, _KEY, address.encode())

    def open(self, sealed: str) -> str:
        """
        Open an address.

        Raises:
            TryAgain: Vault can't be reached.
        """
        return self._vault.decrypt(_MOUNT, _KEY, sealed).decode()


@attrs.frozen
class Waiting:
    """A mail whose hour has come."""

    enquiry_id: str
    script_version: str
    tries: int
    sealed_address: str = attrs.field(repr=False)


@attrs.frozen
class ReplyMails:
    """The store of mails that wait for their hour."""

    connection: sa.Connection

    def add(
        self, enquiry_id: str, *, script_version: str, leaves_at: datetime, sealed_address: str
    ) -> None:
        """Put a mail where the worker finds it when its hour has come."""
        self.connection.execute(
            sa.insert(reply_mails).values(
                enquiry_id=enquiry_id,
                state=ReplyMailState.WAITING,
                script_version=script_version,
                leaves_at=leaves_at,
                tries=0,
                sealed_address=sealed_address,
            )
        )

    def due(self, now: datetime, count: int) -> Sequence[Waiting]:
        """Give mails whose hour has come, and keep other workers from them."""
        c = reply_mails.c
        query = (
            sa.select(c.enquiry_id, c.script_version, c.tries, c.sealed_address)
            .where(c.state == ReplyMailState.WAITING, c.leaves_at <= now)
            .order_by(c.leaves_at, c.enquiry_id)
            .limit(count)
            .with_for_update(skip_locked=True)
        )
        return [Waiting(**row._mapping) for row in self.connection.execute(query)]

    def later(self, mail: Waiting, at: datetime) -> None:
        """Let a mail that could not be sent wait for another hour."""
        self._set(mail, leaves_at=at, tries=mail.tries + 1)

    def done_with(self, mail: Waiting, state: ReplyMailState) -> None:
        """Say what became of a mail, and forget the address."""
        self._set(mail, state=state, sealed_address=None)

    def _set(self, mail: Waiting, **values: object) -> None:
        self.connection.execute(
            sa.update(reply_mails)
            .where(reply_mails.c.enquiry_id == mail.enquiry_id)
            .values(**values)
        )
