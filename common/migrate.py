"""
Migrations of a service's database, as the role that owns its tables.

Shared because all services migrate alike. The process logs in as a role that may do nothing but
become `<database>_owner`; the tables belong to that role, not to a login that Vault removes. A
migration gives up rather than hold up the running service for long.

A service's `migrations/env.py` is two lines:

    from common.migrate import upgrade_here
    upgrade_here()
"""

from __future__ import annotations

import importlib.resources
from typing import Any

import structlog
from alembic import command, context
from alembic.config import Config as AlembicConfig
from sqlalchemy import Engine, text

from common.config import Config
from common.db import Database, GivesLogins, transaction

log = structlog.get_logger(__name__)

LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 60_000


def run(config: Config[Any], package: str, vault: GivesLogins | None = None) -> None:
    """
    Bring the database of *config* up to the newest migration.

    Args:
        config: of the process `<service>-migrate`.
        package: where the migrations are, as `services.cases.migrations`.
        vault: who gives the login; if None, this signs in to Vault itself.
    """
    if vault is None:
        from common.vault import Vault  # only here: tests migrate without a Vault

        vault = Vault.login(config.vault)
    database = Database(config.database, vault)
    try:
        upgrade(database.engine, f"{config.database.name}_owner", package)
    finally:
        database.close()
    log.info("migrated", process=config.process)


def upgrade(engine: Engine, owner: str, package: str, revision: str = "head") -> None:
    """Bring the database of *engine* to *revision* as the role *owner*, in one transaction."""
    _alembic(engine, owner, package, lambda settings: command.upgrade(settings, revision))


def downgrade(engine: Engine, owner: str, package: str, revision: str = "base") -> None:
    """Take the database of *engine* back to *revision*; for tests of the way down."""
    _alembic(engine, owner, package, lambda settings: command.downgrade(settings, revision))


def _alembic(engine: Engine, owner: str, package: str, do: Any) -> None:
    settings = AlembicConfig()
    with importlib.resources.as_file(importlib.resources.files(package)) as folder:
        settings.set_main_option("script_location", str(folder).replace("%", "%%"))
        with transaction(engine) as connection:
            quoted = engine.dialect.identifier_preparer.quote(owner)
            connection.execute(text(f"set local role {quoted}"))
            connection.execute(text(f"set local lock_timeout = {LOCK_TIMEOUT_MS}"))
            connection.execute(text(f"set local statement_timeout = {STATEMENT_TIMEOUT_MS}"))
            # Two that migrate at once: the second waits, then finds nothing to do.
            connection.execute(text("select pg_advisory_xact_lock(hashtext('migrate'))"))
            settings.attributes["connection"] = connection
            do(settings)


def upgrade_here() -> None:
    """Do the migrations that alembic asks for; all that a service's `env.py` has to do."""
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()
