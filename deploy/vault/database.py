"""
Logins to PostgreSQL that Vault makes and drops: one for each process, for an hour.

A login is a member of one group role; what the group may do is said in the service's migrations.
"""

from __future__ import annotations

from deploy.state import State
from deploy.vault.operator import Operator

HANDED_OVER = "secrets/postgres-vault-admin"
"""The password of `vault_admin`, until Vault has changed it to one that only Vault knows."""

LOGINS = {
    f"{service}-{process}": f"{service}_{group}"
    for service in ("identity", "cases", "consent", "reports")
    for process, group in (("serve", "serve"), ("work", "work"), ("migrate", "owner"))
}
"""The group role that each process's login is in. Migrations act as the owner of the tables."""

MAKE = """
CREATE ROLE "{{{{name}}}}" LOGIN PASSWORD '{{{{password}}}}' VALID UNTIL '{{{{expiration}}}}'
  CONNECTION LIMIT 20 IN ROLE {group};
"""
# A session that goes on after its login was dropped has left the group, so it can do nothing.
DROP = 'DROP ROLE IF EXISTS "{{name}}";'


def set_up(operator: Operator, state: State) -> None:
    """Connect Vault to PostgreSQL as `vault_admin` and make a role for each process."""
    if "database" not in operator.mounted("mounts"):
        operator.write("sys/mounts/database", type="database")
    if (state / HANDED_OVER).exists():
        take_over(operator, state)
    for name, group in LOGINS.items():
        operator.write(
            f"database/roles/{name}",
            db_name="postgres",
            creation_statements=[MAKE.format(group=group)],
            revocation_statements=[DROP],
            default_ttl="1h",
            max_ttl="1h",
        )


def take_over(operator: Operator, state: State) -> None:
    """Connect with the password handed over, then change it, so that nobody else has it."""
    root = state / "tls/ca.pem"
    operator.write(
        "database/config/postgres",
        plugin_name="postgresql-database-plugin",
        allowed_roles=sorted(LOGINS),
        connection_url=(
            "postgresql://{{username}}:{{password}}@localhost:"
            f"{state.port('postgres')}/postgres?sslmode=verify-full&sslrootcert={root}"
        ),
        username="vault_admin",
        password=(state / HANDED_OVER).read_text(),
        password_authentication="scram-sha-256",  # noqa: S106 (a method)
        max_open_connections=4,
    )
    operator.write("database/rotate-root/postgres")
    (state / HANDED_OVER).unlink()
