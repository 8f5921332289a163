"""
The lane `given`: servers that somebody else runs, for tests alone.

    SAS_TEST_PG_URL           postgresql://USER:PASSWORD@localhost:PORT  of a superuser
    SAS_TEST_VAULT_URL        https://localhost:PORT
    SAS_TEST_VAULT_TOKEN_FILE holds a token that may do everything
    SAS_TEST_VAULT_AUDIT_LOG  its audit log, if tests that read it are to pass
    SAS_TEST_AMQP_URL         amqps://localhost:PORT
    SAS_TEST_AMQP_MANAGEMENT_URL  https://USER:PASSWORD@localhost:PORT   an administrator's
    SAS_TEST_CA_FILE          the certificates with which all of them speak TLS, as `localhost`

All of them, on the loopback (forward a port for one that is elsewhere). Vault must see this
machine's /tmp, where it reads whom to believe about PostgreSQL. What the tests make in Vault
replaces what an earlier run made; a Vault that anybody else has set up is refused.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import attrs
import requests
from psycopg import sql

from deploy.certificates import make_root
from deploy.postgres import provision, server
from deploy.rabbitmq import definitions
from deploy.state import State, write_private
from deploy.vault import server as vault
from deploy.vault.operator import Operator, connect
from tests.kit.servers.ports import free_port_base
from tests.kit.servers.values import BROKER, POSTGRES, VAULT, LaneError

URLS = ("SAS_TEST_PG_URL", "SAS_TEST_VAULT_URL", "SAS_TEST_AMQP_URL")
NEEDED = (
    *URLS,
    "SAS_TEST_VAULT_TOKEN_FILE",
    "SAS_TEST_AMQP_MANAGEMENT_URL",
    "SAS_TEST_CA_FILE",
)
LOOPBACK = ("localhost", "127.0.0.1")
OURS = "sas-tests"
"""A mount that says that this Vault is the tests' own."""
BUILT_IN = {"sys", "identity", "cubbyhole", "token"}


@attrs.frozen
class GivenState(State):
    """A state whose servers listen where somebody has started them."""

    ports: Mapping[str, int]

    def port(self, name: str) -> int:
        """Return a given port, or one of this run."""
        return self.ports[name] if name in self.ports else super().port(name)


class Given:
    """Takes servers that run already."""

    name = "given"
    stays = True

    def __init__(self) -> None:
        self._state: GivenState | None = None

    def describe(self) -> list[str]:
        """Say where the servers are, without anybody's password."""
        missing = [name for name in NEEDED if name not in os.environ]
        if missing:
            raise LaneError(f"{', '.join(missing)} must be set too")
        for name in URLS:
            if url(name).hostname not in LOOPBACK or url(name).port is None:
                raise LaneError(f"{name} must name a port of localhost")
        return [f"{name.split('_')[2].lower()} at port {url(name).port}" for name in URLS]

    def place(self) -> State:
        """Make a folder for what the tests know of the servers, once."""
        if self._state is None:
            folder = Path(tempfile.mkdtemp(prefix="sas-servers-", dir="/tmp"))
            folder.chmod(0o755)
            names = ("postgres", "vault", "rabbitmq")
            ports = {name: url(each).port or 0 for name, each in zip(names, URLS, strict=True)}
            state = GivenState(root=folder, port_base=free_port_base(), ports=ports)
            state.prepare()
            root = make_root(state)
            # The root first: what signs is read from the beginning of the file.
            given = Path(os.environ["SAS_TEST_CA_FILE"]).read_text()
            write_private(root, root.read_text() + given, mode=0o644)
            self._state = state
        return self._state

    def broker_user(self) -> str | None:
        """Nobody reads the broker's files."""
        return None

    def begin(self, server: str) -> None:
        """Prepare what is the run's own."""
        prepare = {POSTGRES: take_postgres, VAULT: take_vault, BROKER: take_broker}
        prepare[server](self.place())

    def wait(self, server: str) -> None:
        """It runs."""

    def stop(self) -> None:
        """Forget what was known of them."""
        if self._state is not None:
            shutil.rmtree(self._state.root, ignore_errors=True)


def url(name: str) -> SplitResult:
    """Give the URL in an environment variable."""
    return urlsplit(os.environ[name])


def take_postgres(state: State) -> None:
    """Note how to connect, and give Vault's administrator there a password that we know."""
    write_private(state / server.SUPERUSER_URL, os.environ["SAS_TEST_PG_URL"])
    write_private(state / server.SUPERUSER_SECRET, unquote(url("SAS_TEST_PG_URL").password or ""))
    with provision.connect(state, "postgres") as connection:
        found = connection.execute("select 1 from pg_roles where rolname = 'vault_admin'")
        if found.fetchone():
            password = secrets.token_urlsafe(32)
            change = sql.SQL("alter role vault_admin password {}")
            connection.execute(change.format(sql.Literal(password)))
            write_private(state / provision.VAULT_ADMIN_SECRET, password)


def take_vault(state: State) -> None:
    """Empty a Vault that is the tests' own, and make operators as its first start would."""
    token = Path(os.environ["SAS_TEST_VAULT_TOKEN_FILE"]).read_text().strip()
    operator = Operator(connect(state, token))
    mounts = operator.mounted("mounts")
    if OURS not in mounts and mounts - BUILT_IN - {"secret"}:
        raise LaneError(f"this Vault is somebody's: it has {', '.join(sorted(mounts - BUILT_IN))}")
    for kind in ("mounts", "auth"):
        for mount in operator.mounted(kind) - BUILT_IN - {OURS}:
            operator.delete(f"sys/{kind}/{mount}")
    if OURS not in mounts:
        operator.write(f"sys/mounts/{OURS}", type="transit")
    policy = (vault.HERE / "policies/operator.hcl").read_text()
    operator.write("sys/policies/acl/operator", policy=policy)
    operator.write("sys/auth/operators", type="userpass")
    operators = {f"operator-{number}": secrets.token_urlsafe(32) for number in ("one", "two")}
    for name, password in operators.items():
        login = {"token_policies": ["operator"], "token_ttl": "1h", "password": password}
        operator.write(f"auth/operators/users/{name}", **login)
    write_private(state / vault.OPERATORS_SECRET, json.dumps(operators))
    if "SAS_TEST_VAULT_AUDIT_LOG" in os.environ:
        (state / "vault/audit.log").symlink_to(os.environ["SAS_TEST_VAULT_AUDIT_LOG"])


def take_broker(state: State) -> None:
    """Import users, virtual hosts and rights, in place of those of an earlier run."""
    manager = url("SAS_TEST_AMQP_MANAGEMENT_URL")
    address = f"{manager.scheme}://{manager.hostname}:{manager.port}/api"
    wanted = json.loads((state / definitions.DEFINITIONS).read_text())
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (unquote(manager.username or ""), unquote(manager.password or ""))
        session.verify = os.environ["SAS_TEST_CA_FILE"]
        for vhost in wanted["vhosts"]:
            session.delete(f"{address}/vhosts/{vhost['name']}", timeout=30)
        session.post(f"{address}/definitions", json=wanted, timeout=60).raise_for_status()
