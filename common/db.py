"""
The way to a service's own database: one engine, logins from Vault, and the unit of work.

Shared because all services use PostgreSQL alike: TLS with a checked name, a login that Vault makes
for this process and that ends with it, short timeouts, and no statement's parameters in any error.
A database that can't answer is `TryAgain`; an `IntegrityError` is left to the action, which knows
what it means.

Works with psycopg 3 in `serve` and with psycopg2 in `work`, where psycopg 3 would hold up eventlet.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import attrs
import structlog
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from common.config import DatabaseSettings
from common.errors import TryAgain
from common.telemetry import from_traceparent

log = structlog.get_logger(__name__)

POOL = 8
"""Connections: half the threads of the RPC server; more only wait for each other."""
ASK_AFTER_SECONDS = 1.0
"""A connection that has rested for longer is asked whether it still lives."""

POOL_TIMEOUT_SECONDS = 5.0
STATEMENT_TIMEOUT_MS = 5_000
LOCK_TIMEOUT_MS = 3_000
IDLE_IN_TRANSACTION_MS = 10_000


Isolation = Literal["READ COMMITTED", "AUTOCOMMIT"]


class GivesLogins(Protocol):
    """Who makes database logins: Vault."""

    def database_login(self, role: str) -> tuple[str, str, str, int]:
        """Give user name, password, lease id, and how many seconds the login lives unrenewed."""


@attrs.frozen
class Login:
    """A login that Vault made for this process."""

    user: str
    password: str = attrs.field(repr=False)
    fetched: float
    seconds: int


class Logins:
    """
    The login of now. A new one is fetched when half of its time is over.

    While Vault can't be reached, the old one serves until its time is nearly up.
    """

    def __init__(
        self, vault: GivesLogins, role: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._vault, self._role, self._clock = vault, role, clock
        self._login: Login | None = None
        self._lock = threading.Lock()

    def current(self) -> Login:
        """
        Give the login to use now.

        Raises:
            TryAgain: A new login is needed and Vault can't be reached.
        """
        with self._lock:
            if self._login is None or self._age(self._login) > 0.5:
                self._login = self._fetch(self._login)
            return self._login

    def _age(self, login: Login) -> float:
        return (self._clock() - login.fetched) / login.seconds

    def _fetch(self, old: Login | None) -> Login:
        try:
            with from_traceparent(None):  # our housekeeping, not part of anybody's call
                user, password, _, seconds = self._vault.database_login(self._role)
        except TryAgain:
            if old is None or self._age(old) > 0.9:
                raise
            log.warning("database_login_not_renewed", role=self._role)
            return old
        return Login(user, password, self._clock(), seconds)


class Database:
    """The service's own database, as this process may use it."""

    def __init__(
        self,
        settings: DatabaseSettings,
        vault: GivesLogins,
        driver: Literal["psycopg", "psycopg2"] = "psycopg",
    ) -> None:
        """
        Prepare the way to the database; nothing is connected yet.

        Args:
            settings: which database, and the Vault role that gives logins to it.
            vault: who makes them.
            driver: `psycopg2` in a process that eventlet has patched.
        """
        self._new_engine = partial(_engine, settings, Logins(vault, settings.vault_role), driver)
        self.engine = self._new_engine(POOL)
        """For transactions, at READ COMMITTED."""
        self.reads = self._new_engine(POOL, "AUTOCOMMIT")
        """For single reads, saving the two round trips of a transaction."""
        self._reserved: list[Engine] = []

    def reserved(self, isolation: Isolation = "READ COMMITTED") -> Engine:
        """Give one connection of its own to what must never wait for those of the calls."""
        self._reserved.append(self._new_engine(1, isolation))
        return self._reserved[-1]

    def answers(self) -> bool:
        """Whether the database answers now; for readiness."""
        try:
            with UnitOfWork(self.reads) as work:
                work.connection.execute(text("select 1"))
        except TryAgain:
            return False
        return True

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for engine in (self.engine, self.reads, *self._reserved):
            engine.dispose()


class UnitOfWork:
    """
    One transaction: `with work:`, and `commit()` at its end or everything is undone.

    A service's `Work` adds its stores, which use `connection`.
    """

    connection: Connection

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        try:
            self.connection = self._engine.connect()
        except exc.TimeoutError:  # all connections of the pool are busy
            raise TryAgain from None
        try:
            self._begin()
        except BaseException:  # `with` calls no `__exit__` then, and the connection would stay out
            self.connection.close()
            raise
        return self

    def _begin(self) -> None:
        """Do what such a transaction begins with; for most, nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()  # rolls back what was not committed

    def commit(self) -> None:
        """Make everything done in this block last."""
        self.connection.commit()


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Do something in a transaction that is committed at the end of the block."""
    with UnitOfWork(engine) as work:
        yield work.connection
        work.commit()


def etag(*parts: object) -> str:
    """Give a short text that changes when one of *parts* (a version, a time) does (AIP-154)."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest[:12]).decode()


def _engine(
    settings: DatabaseSettings,
    logins: Logins,
    driver: str,
    connections: int,
    isolation: Isolation = "READ COMMITTED",
) -> Engine:
    engine = create_engine(
        f"postgresql+{driver}://",
        isolation_level=isolation,  # once for each connection, not at each use
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        hide_parameters=True,
        connect_args={
            "host": settings.host,
            "port": settings.port,
            "dbname": settings.name,
            "sslmode": "verify-full",
            "sslrootcert": str(settings.ca_file),
            "gssencmode": "disable",
            "connect_timeout": 3,
            "application_name": settings.vault_role,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"
            f" -c lock_timeout={LOCK_TIMEOUT_MS}"
            f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}",
        },
    )

    def log_in(
        dialect: object, entry: ConnectionPoolEntry, arguments: object, named: dict[str, Any]
    ) -> None:
        login = logins.current()
        named["user"], named["password"] = login.user, login.password
        entry.info["user"] = login.user

    def look_at(connection: Any, entry: ConnectionPoolEntry, proxy: object) -> None:
        # A connection made with an earlier login would break when Vault drops that login.
        if entry.info["user"] != logins.current().user:
            raise exc.DisconnectionError
        # Asking each time whether it still lives (pool_pre_ping) would be a round trip in every
        # transaction; one that answered a moment ago is used as it is.
        if time.monotonic() - entry.info.get("used", 0.0) > ASK_AFTER_SECONDS:
            try:
                alive = engine.dialect.do_ping(connection)
            except Exception as error:  # each driver has its own
                raise exc.DisconnectionError from error
            if not alive:
                raise exc.DisconnectionError

    def note_use(connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = time.monotonic()

    event.listen(engine, "do_connect", log_in)
    event.listen(engine, "checkout", look_at)
    event.listen(engine, "checkin", note_use)
    event.listen(engine, "handle_error", _try_again)
    return engine


def _try_again(context: ExceptionContext) -> None:
    """
    Turn "the database can't answer" (gone, busy, too slow, deadlock) into TryAgain.

    After a failed commit nobody knows whether it happened; the repeated call finds out by its
    `request_id`.
    """
    if context.is_pre_ping:  # the pool's own question whether a connection still lives
        return
    if isinstance(context.sqlalchemy_exception, exc.OperationalError | exc.InterfaceError):
        original = context.original_exception
        log.warning("database_away", sqlstate=getattr(original, "sqlstate", None))
        raise TryAgain from original  # SQLAlchemy raises it in place of its own
