"""
What the services find in PostgreSQL before their first migration: databases and group roles.

Nobody but Vault logs in with a password that lasts. Vault, as `vault_admin`, makes short-lived
login roles that are members of one group: `<service>_owner` for migrations, `<service>_serve` and
`<service>_work` for the two processes. What a group may do to a table is said in the migrations.
"""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

from deploy.postgres.server import SUPERUSER_SECRET, SUPERUSER_URL
from deploy.state import State, write_private

SERVICES = ("identity", "cases", "consent", "reports")
VAULT_ADMIN_SECRET = "secrets/postgres-vault-admin"  # noqa: S105 (a file's name)


def main() -> None:
    """Provision the stack that the environment names."""
    provision(State.from_environment())


def provision(state: State) -> None:
    """Make what isn't there yet; does nothing the second time."""
    with connect(state, "postgres") as connection:
        make_vault_admin(state, connection)
        for service in SERVICES:
            make_groups(connection, service)
            make_database(connection, service)


def connect(state: State, database: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect as the superuser: through the Unix socket, or as the owner of a given server says."""
    if (state / SUPERUSER_URL).exists():
        return psycopg.connect(
            (state / SUPERUSER_URL).read_text(),
            dbname=database,
            autocommit=True,
            connect_timeout=10,
            sslmode="verify-full",
            sslrootcert=str(state / "tls/ca.pem"),
        )
    return psycopg.connect(
        host=str(state / "postgres/socket"),
        port=state.port("postgres"),
        user="postgres",
        password=(state / SUPERUSER_SECRET).read_text(),
        dbname=database,
        autocommit=True,
        connect_timeout=10,
    )


def exists(connection: psycopg.Connection[tuple[object, ...]], query: sql.SQL, name: str) -> bool:
    """Whether *query* finds a row for *name*."""
    return connection.execute(query, (name,)).fetchone() is not None


ROLE = sql.SQL("SELECT 1 FROM pg_roles WHERE rolname = %s")
DATABASE = sql.SQL("SELECT 1 FROM pg_database WHERE datname = %s")


def make_vault_admin(state: State, connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """
    Make the login by which Vault makes the others.

    Its password is set once only: Vault may have changed it since to one that nobody else knows.
    """
    if exists(connection, ROLE, "vault_admin"):
        return
    password = secrets.token_urlsafe(32)
    write_private(state / VAULT_ADMIN_SECRET, password)
    connection.execute(
        sql.SQL("CREATE ROLE vault_admin LOGIN CREATEROLE CONNECTION LIMIT 10 PASSWORD {}").format(
            sql.Literal(password)
        )
    )


def make_groups(connection: psycopg.Connection[tuple[object, ...]], service: str) -> None:
    """Make the three group roles of *service*; none of them can log in."""
    for group in ("owner", "serve", "work"):
        name = f"{service}_{group}"
        if not exists(connection, ROLE, name):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))


def make_database(connection: psycopg.Connection[tuple[object, ...]], service: str) -> None:
    """Make the database of *service*, which only its own three groups may enter."""
    database = sql.Identifier(service)
    if not exists(connection, DATABASE, service):
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                database, sql.Identifier(f"{service}_owner")
            )
        )
    groups = sql.SQL(", ").join(sql.Identifier(f"{service}_{g}") for g in ("serve", "work"))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, groups))


if __name__ == "__main__":
    main()
