"""The list of processes and the configurations made for them hold together."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from common.config import NoSettings, load
from deploy import configs
from deploy.certificates import make_root
from deploy.processes import PROCESSES, select
from deploy.rabbitmq.definitions import WORKERS, describe
from deploy.state import PORTS, State
from deploy.supervisor import probes
from deploy.vault.roles import PROCESSES as VAULT_ROLES

HERE = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(name="state")
def fixture_state(tmp_path: Path) -> State:
    """A state directory with a root authority, in which nothing runs."""
    state = State(root=tmp_path, port_base=21900)
    for folder in ("tls", "secrets", "etc"):
        (state / folder).mkdir()
    make_root(state)
    configs.write_all(state)
    return state


def test_every_process_says_when_it_is_ready() -> None:
    """Only a one-shot is ready by ending."""
    for process in PROCESSES:
        assert (process.ready is probes.never) == process.once, process.name


def test_what_a_process_needs_stands_before_it() -> None:
    """So the list is in an order of starting, and no process waits for itself."""
    before: set[str] = set()
    for process in PROCESSES:
        assert set(process.needs) <= before, process.name
        before.add(process.name)


def test_a_selection_brings_what_it_needs() -> None:
    """`up --only` would else wait for ever."""
    assert [process.name for process in select(["rabbitmq"])] == ["epmd", "rabbitmq"]
    assert len(select([])) == len(PROCESSES)


def test_every_port_has_one_owner() -> None:
    """Two stacks differ in their port base only."""
    owned = [port for process in PROCESSES for port in process.ports]
    assert sorted(owned) == sorted(PORTS)
    assert len(set(PORTS.values())) == len(PORTS)


def test_every_vault_role_of_a_process_exists() -> None:
    """And no role is left over for a process that is no more."""
    assert sorted(p.vault_role for p in PROCESSES if p.vault_role) == sorted(VAULT_ROLES)


def test_nothing_listens_beyond_the_loopback(state: State) -> None:
    """Every address in a configuration, and in the servers' own, is the machine itself."""
    texts = [path.read_text() for path in (state / "etc").iterdir()]
    texts += [(HERE / "deploy" / name).read_text() for name in OWN_CONFIGURATIONS]
    for text in texts:
        assert "0.0.0.0" not in text  # noqa: S104 (that is what must not be)
        assert "[::]" not in text
        for host in re.findall(r'(?m)^(?:listen|host|smtp_host|address)\s*=\s*"([^":]+)', text):
            assert host == "127.0.0.1"


OWN_CONFIGURATIONS = (
    "postgres/postgresql.conf",
    "rabbitmq/rabbitmq.conf",
    "vault/config.hcl",
)


@pytest.mark.parametrize("service", configs.SERVICES)
def test_the_services_understand_their_configurations(state: State, service: str) -> None:
    """A setting that a service doesn't know, or misses, would stop it."""
    module = importlib.import_module(f"services.{service}.config")
    settings = getattr(module, "Settings", NoSettings)
    for process in ("serve", "work", "migrate"):
        config = load(state / f"etc/{service}-{process}.toml", settings)
        assert config.process == f"{service}-{process}"


def test_configurations_hold_no_secret(state: State) -> None:
    """They name files and paths in Vault; what is in those is for their process only."""
    for path in (state / "etc").iterdir():
        assert not re.search(r"(?i)password|private|token\s*=", path.read_text()), path.name


def test_the_broker_knows_a_user_for_each_worker_and_nobody_else() -> None:
    """In particular not `guest`."""
    users = describe(dict.fromkeys(WORKERS, "a password"))["users"]
    assert {user["name"] for user in users} == {p.name for p in PROCESSES if p.name in WORKERS}
    assert len(users) == len(WORKERS) == len(configs.SERVICES)
    assert not any("a password" in str(user) for user in users)


@pytest.mark.parametrize(
    ("worker", "queue", "may_read"),
    [
        ("cases-work", "cases.RecordDisposalAuthorised", True),
        ("cases-work", "cases.RecordDisposalAuthorised.dead", True),
        ("cases-work", "reports.CaseFactsRecorded", False),
        ("cases-work", "reports.CaseFactsRecorded.wait.1000", True),
        ("reports-work", "cases.RecordDisposalAuthorised.dead", False),
    ],
)
def test_a_worker_reads_its_own_queues_only(worker: str, queue: str, may_read: bool) -> None:
    """Wait queues apart: the broker wants the right to read from whoever makes one."""
    permissions = describe({worker: ""})["permissions"][0]
    assert bool(re.search(permissions["read"], queue)) == may_read
    assert re.search(permissions["configure"], queue)
