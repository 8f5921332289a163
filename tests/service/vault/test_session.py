"""How a process gets its session with Vault, keeps it, and what happens when it is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import attrs
import certifi
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from common.config import VaultSettings
from common.errors import TryAgain
from common.telemetry import current_trace, span, start_with, stop
from common.vault import (
    KeyGone,
    Vault,
    VaultDenied,
    VaultRefused,
    VaultUnavailable,
    decision,
)
from common.vault_session import EXIT_SESSION_LOST
from deploy.certificates import root
from deploy.state import State, write_private
from deploy.vault import operator
from deploy.vault.launch import certificate_for_stack
from deploy.vault.operator import signed_in
from tests.kit.house import vault_settings as settings
from tests.kit.servers.spawn import wait_until
from tests.service.vault.conftest import Processes

BUNDLE = Path(certifi.where())


def test_the_secret_id_is_read_once(state: State) -> None:
    given = settings(state, "gateway")
    Vault.login(given).close()
    assert not Path(given.wrapped_secret_id_file).exists()


def test_a_process_does_not_start_when_somebody_opened_its_secret_id(state: State) -> None:
    given = settings(state, "consent-serve")
    stolen = Path(given.wrapped_secret_id_file).read_text()
    operator.connect(state, stolen).sys.unwrap()
    with pytest.raises(VaultDenied):
        Vault.login(given)


def test_a_process_does_not_start_with_a_secret_id_wrapped_by_somebody_else(state: State) -> None:
    """Whoever opened the wrapping may put another in its place; where it was made gives it away."""
    given = settings(state, "consent-serve")
    secret_id = operator.connect(state, Path(given.wrapped_secret_id_file).read_text()).sys.unwrap()
    with signed_in(state) as somebody:
        wrapped = somebody._client.sys.wrap(secret_id["data"], ttl=60)["wrap_info"]["token"]
    write_private(Path(given.wrapped_secret_id_file), wrapped)
    with pytest.raises(VaultDenied):
        Vault.login(given)


def test_vault_away_means_try_again(state: State) -> None:
    given = attrs.evolve(settings(state, "gateway"), url="https://127.0.0.1:9")
    with pytest.raises(VaultUnavailable) as refusal:
        Vault.login(given)
    assert isinstance(refusal.value, TryAgain)


def test_a_server_of_another_authority_is_not_believed(state: State) -> None:
    given = attrs.evolve(settings(state, "gateway"), ca_file=BUNDLE)
    with pytest.raises(VaultUnavailable):
        Vault.login(given)


def test_a_lost_session_is_noticed(state: State) -> None:
    """A revoked token is found out by the next refused call, not minutes later."""
    lost = threading.Event()
    vault = Vault.login(settings(state, "reports-serve"), on_lost=lost.set)
    with signed_in(state) as somebody:
        somebody.write("auth/token/revoke", token=vault._session._token)
    with pytest.raises(VaultDenied):
        vault.public_keys("tokens", "caller")
    assert lost.wait(10)


def test_what_is_not_granted_does_not_end_the_session(state: State) -> None:
    lost = threading.Event()
    vault = Vault.login(settings(state, "reports-serve"), on_lost=lost.set)
    with pytest.raises(VaultDenied):
        vault.secret("oidc/identity")
    assert not lost.wait(2)
    assert vault.public_keys("tokens", "caller")
    vault.close()


PROCESS = """
import sys, time
from pathlib import Path
if sys.argv[1] == "eventlet":
    import eventlet
    eventlet.monkey_patch()
from common.config import VaultSettings
from common.vault import Vault, VaultDenied
url, ca_file, role_id, file = sys.argv[2:]
vault = Vault.login(VaultSettings(url, Path(ca_file), role_id, Path(file)))
print(vault._session._token, flush=True)
sys.stdin.readline()
try:
    vault.secret("rabbitmq/cases-work")
except VaultDenied:
    time.sleep(20)
vault.close()
"""


@pytest.mark.parametrize("patched", ["threads", "eventlet"])
def test_a_process_whose_session_is_lost_exits_for_the_supervisor(
    state: State, patched: str
) -> None:
    started, token = process(settings(state, "cases-work"), patched)
    with started, signed_in(state) as somebody:
        somebody.write("auth/token/revoke", token=token)
        started.communicate(b"\n", timeout=15)
        assert started.returncode == EXIT_SESSION_LOST


@pytest.mark.parametrize("patched", ["threads", "eventlet"])
def test_a_process_with_its_session_goes_on(state: State, patched: str) -> None:
    started, _ = process(settings(state, "cases-work"), patched)
    with started:
        started.communicate(b"\n", timeout=15)
        assert started.returncode == 0


def process(given: VaultSettings, patched: str) -> tuple[subprocess.Popen[bytes], str]:
    arguments = [given.url, given.ca_file, given.role_id, given.wrapped_secret_id_file]
    started = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROCESS, patched, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert started.stdout is not None
    return started, started.stdout.readline().decode().strip()


def test_the_audit_line_of_an_opening_names_its_trace_and_decision(
    state: State, processes: Processes
) -> None:
    """So the ledger and Vault's own log can be compared, line by line."""
    cases, consent = processes.vault("cases-serve"), processes.vault("consent-serve")
    name = str(uuid.uuid4())
    cases.create_record_key("rk-case", name)
    key = cases.new_data_key("rk-case", name, "notes/1")
    start_with("test", InMemorySpanExporter())
    with span("opening"), decision("decisions/1"):
        consent.unwrap_keys("rk-case", name, [("notes/1", key.wrapped)])
        trace, _ = current_trace()
    stop()

    (line,) = [
        each
        for each in map(json.loads, (state / "vault/audit.log").read_text().splitlines())
        if each["type"] == "request" and each["request"]["path"] == f"rk-case/decrypt/{name}"
    ]
    headers = line["request"]["headers"]
    assert headers["x-sas-decision"] == ["decisions/1"]
    assert headers["traceparent"][0].split("-")[1] == trace


def test_the_audit_log_holds_no_key_and_no_token(state: State, processes: Processes) -> None:
    cases = processes.vault("cases-serve")
    name = str(uuid.uuid4())
    cases.create_record_key("rk-case", name)
    key = cases.new_data_key("rk-case", name, "notes/1")
    log = (state / "vault/audit.log").read_text()
    assert name in log
    assert key.wrapped not in log
    assert processes.client("cases-serve").token not in log


def test_a_data_key_of_another_item_does_not_open(processes: Processes) -> None:
    cases, consent = processes.vault("cases-serve"), processes.vault("consent-serve")
    name = str(uuid.uuid4())
    cases.create_record_key("rk-case", name)
    one = cases.new_data_key("rk-case", name, "notes/1")
    two = cases.new_data_key("rk-case", name, "notes/2")
    assert one.plaintext != two.plaintext
    with pytest.raises(VaultRefused):
        consent.unwrap_keys("rk-case", name, [("notes/1", one.wrapped), ("notes/1", two.wrapped)])


def test_a_data_key_of_another_record_does_not_open(processes: Processes) -> None:
    cases, consent = processes.vault("cases-serve"), processes.vault("consent-serve")
    here, there = str(uuid.uuid4()), str(uuid.uuid4())
    cases.create_record_key("rk-case", here)
    cases.create_record_key("rk-case", there)
    key = cases.new_data_key("rk-case", here, "notes/1")
    with pytest.raises(VaultRefused):
        consent.unwrap_keys("rk-case", there, [("notes/1", key.wrapped)])


def test_after_disposal_nothing_opens_and_nothing_is_sealed(processes: Processes) -> None:
    cases, consent = processes.vault("cases-serve"), processes.vault("consent-serve")
    worker, name = processes.vault("cases-work"), str(uuid.uuid4())
    cases.create_record_key("rk-case", name)
    key = cases.new_data_key("rk-case", name, "notes/1")

    worker.destroy_record_key("rk-case", name)
    worker.destroy_record_key("rk-case", name)

    with pytest.raises(KeyGone):
        consent.unwrap_keys("rk-case", name, [("notes/1", key.wrapped)])
    with pytest.raises(KeyGone):
        cases.new_data_key("rk-case", name, "notes/2")


def test_many_keys_open_in_one_call_and_in_order(processes: Processes) -> None:
    cases, consent = processes.vault("cases-serve"), processes.vault("consent-serve")
    name = str(uuid.uuid4())
    cases.create_record_key("rk-case", name)
    keys = {f"notes/{n}": cases.new_data_key("rk-case", name, f"notes/{n}") for n in range(20)}
    opened = consent.unwrap_keys("rk-case", name, [(i, k.wrapped) for i, k in keys.items()])
    assert opened == [key.plaintext for key in keys.values()]
    assert consent.unwrap_keys("rk-case", name, []) == []


@pytest.mark.parametrize("name", ["", "../decrypt", "a/b", "a b", "a?b", "%2e%2e"])
def test_a_name_never_becomes_another_path(processes: Processes, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        processes.vault("cases-serve").new_data_key("rk-case", name, "notes/1")


def test_coded_facts_are_opened_by_reports_only(processes: Processes) -> None:
    sealed = processes.vault("identity-serve").encrypt("facts", "cohort-2025", b'{"level":"3"}')
    assert processes.vault("reports-serve").decrypt("facts", "cohort-2025", sealed) == (
        b'{"level":"3"}'
    )
    with pytest.raises(VaultRefused):
        processes.vault("reports-serve").decrypt("facts", "cohort-2024", sealed)
    with pytest.raises(VaultDenied):
        processes.vault("cases-serve").decrypt("facts", "cohort-2025", sealed)


def test_blind_indexes_are_of_their_cohort(processes: Processes) -> None:
    identity = processes.vault("identity-serve")
    first = identity.hmac("ix", "crsid-2025", b"x")
    assert first == identity.hmac("ix", "crsid-2025", b"x")
    assert len(first) == 32
    assert first != identity.hmac("ix", "crsid-2026", b"x")


@pytest.mark.parametrize("version", [None, 1])
def test_signatures_verify_with_the_published_key(
    processes: Processes, version: int | None
) -> None:
    signature = processes.vault("identity-serve").sign("tokens", "caller", b"message", version)
    keys = processes.vault("cases-serve").public_keys("tokens", "caller")
    Ed25519PublicKey.from_public_bytes(keys[1]).verify(signature, b"message")


@pytest.mark.parametrize("service", ["identity", "cases", "consent", "reports", "stack"])
def test_a_certificate_names_its_process_and_chains_to_the_root(
    state: State, processes: Processes, service: str
) -> None:
    if service == "stack":
        issued = certificate_for_stack(state)
    else:
        issued = processes.vault(f"{service}-serve").issue_certificate(service)
    leaf, intermediate = x509.load_pem_x509_certificates(issued.chain_pem)
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(root(state)[1])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"spiffe://sas/{service}"]
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert (issued.expires_at - leaf.not_valid_before_utc).total_seconds() <= 3700


def test_no_process_gets_a_certificate_in_anothers_name(processes: Processes) -> None:
    with pytest.raises(VaultRefused):
        processes.vault("cases-serve")._session.ask(
            "POST", "issue", "pki/issue/cases", {"uri_sans": "spiffe://sas/consent"}
        )


def test_a_database_login_works_until_its_process_signs_out(state: State) -> None:
    vault = Vault.login(settings(state, "cases-serve"))
    user, password, _, seconds = vault.database_login("cases-serve")
    assert seconds == 3600
    with connect(state, "cases", user, password) as connection:
        found = connection.execute("select pg_has_role('cases_serve', 'member')").fetchone()
        assert found == (True,)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect(state, "consent", user, password)

    vault.close()

    def refused() -> None:
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            connect(state, "cases", user, password)

    wait_until(refused)


def connect(
    state: State, database: str, user: str, password: str
) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host="localhost",
        port=state.port("postgres"),
        dbname=database,
        user=user,
        password=password,
        sslmode="verify-full",
        sslrootcert=str(state / "tls/ca.pem"),
    )
