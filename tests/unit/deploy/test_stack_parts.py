"""The small parts of the stack that can be tried without starting anything."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.certificates import common_name, issue_server_certificate, make_root, sign_intermediate
from deploy.configs import as_toml
from deploy.postgres.migrations import heads
from deploy.state import State, StateError
from deploy.supervisor import logs
from deploy.supervisor.guard import descendants
from deploy.supervisor.supervisor import only_one, order


@pytest.fixture(name="state")
def fixture_state(tmp_path: Path) -> State:
    """A state directory with a root authority."""
    for folder in ("tls", "secrets", "run"):
        (tmp_path / folder).mkdir()
    state = State(root=tmp_path, port_base=21900)
    make_root(state)
    return state


def test_a_server_keeps_its_certificate_until_it_is_due(state: State) -> None:
    """And gets another when the root is another."""
    first = issue_server_certificate(state, "vault").certificate.read_bytes()
    assert issue_server_certificate(state, "vault").certificate.read_bytes() == first
    (state / "secrets/root-ca.key").unlink()
    make_root(state)
    assert issue_server_certificate(state, "vault").certificate.read_bytes() != first
    assert (state / "tls/vault.key").stat().st_mode & 0o077 == 0


def test_the_intermediate_may_sign_no_further_authority(state: State) -> None:
    """It is Vault's, and Vault is reachable."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(common_name("sas services"))
        .sign(key, hashes.SHA256())
    )
    chain = sign_intermediate(state, request.public_bytes(Encoding.PEM).decode())
    signed, root = x509.load_pem_x509_certificates(chain.encode())
    signed.verify_directly_issued_by(root)
    limits = signed.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert limits.ca
    assert limits.path_length == 0


def test_a_configuration_reads_back_as_it_was() -> None:
    """Also with quotes, backslashes and other alphabets in it."""
    config = {
        "process": "cases-serve",
        "development": True,
        "peers": {"consent": '127.0.0.1:1 "quoted" \\ ü'},
        "settings": {"seconds": 60, "uris": ["a", "b"]},
    }
    assert tomllib.loads(as_toml(config)) == config


def test_a_log_is_cut_off_when_it_grows_too_long(tmp_path: Path) -> None:
    """What was before the cut is kept once."""
    log = logs.Log(tmp_path / "x.log", largest=100)
    for number in range(30):
        log.append(f"line {number:03}\n".encode())
    log.close()
    assert (tmp_path / "x.log").stat().st_size <= 100
    assert (tmp_path / "x.log.1").stat().st_size <= 100
    assert logs.last_lines(tmp_path / "x.log", 1) == ["line 029"]
    assert logs.last_lines(tmp_path / "y.log", 1) == []


def test_the_newest_migrations_are_those_that_none_follows(tmp_path: Path) -> None:
    """As alembic finds them, without loading it."""
    (tmp_path / "1.py").write_text('revision = "0001"\ndown_revision = None\n')
    (tmp_path / "2.py").write_text('revision: str = "0002"\ndown_revision: str = "0001"\n')
    assert heads(tmp_path) == {"0002"}


def test_only_one_supervisor_runs_in_a_state_directory(state: State) -> None:
    """The lock goes with the process that holds it."""
    lock = only_one(state)
    with pytest.raises(StateError, match="running already"):
        only_one(state)
    os.close(lock)
    os.close(only_one(state))
    with pytest.raises(StateError, match="not running"):
        order(state, "status")


@pytest.mark.parametrize("base", ["", "no", "80", "40000"])
def test_a_port_base_that_cannot_work_is_refused(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above 32767 the kernel gives ports to outgoing connections."""
    monkeypatch.setenv("SAS_PORT_BASE", base)
    with pytest.raises(StateError, match="SAS_PORT_BASE"):
        State.from_environment()


def test_the_guard_finds_children_and_grandchildren() -> None:
    """In `/proc`, whatever their names are."""
    assert os.getpid() in descendants(os.getppid())
