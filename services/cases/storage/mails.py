"""
Mails that wait for the worker.

`serve` learns an address by consent's decision and seals it again for `work`, under a Vault key by
which the one can only seal and the other can only open. Each is bound to what it is about, so that
nobody who can change this table sends one person's mail to another. `work` sends it and wipes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from common.vault import Vault
from services.cases.domain.mails import Contents, Mail, MailKind, MailState
from services.cases.storage.tables import mails

_MOUNT, _KEY, _STAFF_KEY = "post", "replies", "staff"

_IN_HAND = timedelta(minutes=2)
"""Longer than handing a mail over can take; what is leaving since then was left by a crash."""


_COLUMNS = (
    mails.c.kind,
    mails.c.about,
    mails.c.leaves_at,
    mails.c.expires_at,
    mails.c.sealed,
    mails.c.script_version,
)


@attrs.frozen
class Post:
    """What seals a mail for the worker, or in the worker opens it."""

    _vault: Vault

    def seal(self, kind: MailKind, about: str, contents: Contents) -> str:
        """
        Seal a mail, for this purpose only.

        Raises:
            TryAgain: Vault can't be reached.
        """
        return self._vault.encrypt(
            _MOUNT, _KEY, contents.to_bytes(), bound_to=_bound_to(kind, about)
        )

    def open(self, mail: Mail) -> Contents:
        """
        Open a mail.

        Raises:
            VaultRefused: it was changed, or is not the one that was sealed for this.
            KeyGone, VaultDenied: the key is not there, or not for us to use.
            TryAgain: Vault can't be reached.
        """
        to_staff = mail.kind is MailKind.NOTICE
        opened = self._vault.decrypt(
            _MOUNT,
            _STAFF_KEY if to_staff else _KEY,
            mail.sealed,
            bound_to=_bound_to(mail.kind, mail.about),
        )
        return Contents.to_staff(opened) if to_staff else Contents.from_bytes(opened)


def _bound_to(kind: MailKind, about: str) -> str:
    return f"{kind} {about}"


@attrs.frozen
class Mails:
    """The store of mails; of each kind there is one about one thing."""

    connection: sa.Connection

    def put(self, mail: Mail) -> None:
        """Put a mail where the worker finds it when its hour has come."""
        self.connection.execute(
            sa.insert(mails).values(**attrs.asdict(mail), state=MailState.WAITING)
        )

    def forget(self, about: str) -> None:
        """Take back what waits, and forget what became of the others."""
        self.connection.execute(sa.delete(mails).where(mails.c.about == about))

    # The worker's

    def notify(self, mail: Mail) -> None:
        """Put a mail to a staff member, unless one that says the same waits already."""
        gone = mails.c.state.not_in([MailState.WAITING, MailState.LEAVING])
        self.connection.execute(
            sa.delete(mails).where(mails.c.about == mail.about, mails.c.kind == mail.kind, gone)
        )
        self.connection.execute(
            insert(mails)
            .values(**attrs.asdict(mail), state=MailState.WAITING)
            .on_conflict_do_nothing()
        )

    def claim(self, now: datetime) -> Mail | None:
        """
        Give a mail whose hour has come, the longest waiting first, and mark it as leaving.

        Once that is committed, no other worker sends it, nor this one a second time.
        """
        c = mails.c
        # A link before its code: in the order of the alphabet it comes last.
        first = (
            sa.select(c.about, c.kind)
            .where(c.state == MailState.WAITING, c.leaves_at <= now, c.expires_at > now)
            .order_by(c.leaves_at, c.about, c.kind.desc())
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        found = self.connection.execute(first).one_or_none()
        if found is None:
            return None
        claimed = self.connection.execute(
            sa.update(mails)
            .where(c.about == found.about, c.kind == found.kind)
            .values(state=MailState.LEAVING, leaves_at=now)
            .returning(*_COLUMNS)
        ).one()
        return _mail(claimed)

    def hold(self, mail: Mail) -> bool:
        """Keep everybody from taking a mail back until this work ends; False if they have."""
        query = sa.select(mails.c.about).where(self._is(mail, MailState.LEAVING)).with_for_update()
        return self.connection.execute(query).one_or_none() is not None

    def later(self, mail: Mail, at: datetime) -> None:
        """Let a mail that was not handed over wait for another hour."""
        self.connection.execute(
            sa.update(mails)
            .where(self._is(mail, MailState.LEAVING))
            .values(state=MailState.WAITING, leaves_at=at)
        )

    def done_with(self, mail: Mail, state: MailState) -> None:
        """Say what became of a mail, and forget the address."""
        self.connection.execute(
            sa.update(mails)
            .where(self._is(mail, MailState.LEAVING, MailState.WAITING))
            .values(state=state, sealed=None)
        )

    def drop(self, mail: Mail) -> None:
        """Forget one mail, which nobody needs any more."""
        self.connection.execute(sa.delete(mails).where(self._is(mail, MailState.LEAVING)))

    def all_sent(self, about: str) -> bool:
        """Say whether every mail about one thing has left."""
        query = sa.select(mails.c.state).where(mails.c.about == about)
        return set(self.connection.scalars(query)) == {MailState.SENT}

    def left_behind(self, now: datetime) -> tuple[Mail, MailState] | None:
        """Give a mail that nobody sends any more, with what became of it."""
        c = mails.c
        over = sa.and_(c.state == MailState.WAITING, c.expires_at <= now)
        crashed = sa.and_(c.state == MailState.LEAVING, c.leaves_at <= now - _IN_HAND)
        query = (
            sa.select(*_COLUMNS, c.state)
            .where(sa.or_(over, crashed))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self.connection.execute(query).one_or_none()
        if row is None:
            return None
        return _mail(row), (
            MailState.EXPIRED if row.state == MailState.WAITING else MailState.UNSURE
        )

    def _is(self, mail: Mail, *states: MailState) -> sa.ColumnElement[bool]:
        c = mails.c
        return sa.and_(c.about == mail.about, c.kind == mail.kind, c.state.in_(states))


def _mail(row: Sequence[Any]) -> Mail:
    kind, about, leaves_at, expires_at, sealed, script_version = row[: len(_COLUMNS)]
    return Mail(MailKind(kind), about, leaves_at, expires_at, sealed, script_version)
