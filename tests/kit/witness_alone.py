"""A witness as a trustee runs it: its own process, folder, key and memory."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import attrs
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.certificates import issue_server_certificate, make_root
from deploy.state import CHECKOUT, State
from deploy.supervisor.process import Command
from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.cosignature import WitnessKey, submission
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.note import VerifierKey
from services.consent.domain.ledger.proofs import consistency_proof, subtrees_of
from tests.kit.servers.ports import free_port_base
from tests.kit.servers.spawn import Program, kill, spawn, wait_until

NAME = "witness.test/w1"


@attrs.define
class PlayedLog:
    """A log that a test holds in its hand, with its key, so that it can lie."""

    origin: str = "log.test/one"
    leaves: list[bytes] = attrs.field(factory=list)
    private_key: Ed25519PrivateKey = attrs.field(factory=Ed25519PrivateKey.generate)

    @property
    def key(self) -> VerifierKey:
        """What others verify with."""
        return VerifierKey(self.origin, self.private_key.public_key().public_bytes_raw())

    def grow(self, size: int, of: str = "entry") -> PlayedLog:
        """Add entries until there are *size*."""
        for number in range(len(self.leaves), size):
            self.leaves.append(leaf_hash(f"{of} {number}".encode()))
        return self

    def forked_at(self, size: int) -> PlayedLog:
        """Give another history with the same key, which says something else from *size* on."""
        other = PlayedLog(self.origin, self.leaves[:size], self.private_key)
        return other.grow(len(self.leaves), of="another")

    def root(self, size: int) -> bytes:
        """Give the root at a size."""
        return subtrees_of(self.leaves)(0, size)

    def checkpoint(self, size: int) -> str:
        """Sign a checkpoint."""
        signed = Checkpoint(self.origin, size, self.root(size))
        return signed.signed(self.key, self.private_key.sign)

    def submission(self, old: int, size: int) -> bytes:
        """Give what the log sends to a witness."""
        proof = consistency_proof(old, size, subtrees_of(self.leaves)) if old else []
        return submission(old, proof, self.checkpoint(size))


@attrs.define
class WitnessAlone:
    """A running witness."""

    folder: Path
    state: State
    key: WitnessKey
    _program: Program | None = None
    _client: httpx.Client | None = None

    @classmethod
    def make(cls, folder: Path, *logs: VerifierKey) -> WitnessAlone:
        """Make its key and its settings, as its README says; it knows *logs*."""
        state = State(root=folder, port_base=free_port_base())
        for name in ("tls", "secrets"):
            (folder / name).mkdir()
        make_root(state)
        certificate = issue_server_certificate(state, "witness")
        made = run("keygen", "--name", NAME, "--key-file", str(folder / "signing.key"))
        assert made.returncode == 0, made.stderr
        (folder / "logs").write_text("".join(f"{log}\n" for log in logs))
        settings = {
            "name": NAME,
            "listen": f"127.0.0.1:{state.port('witness')}",
            "certificate_file": certificate.certificate,
            "key_file": certificate.key,
            "signing_key_file": folder / "signing.key",
            "logs_file": folder / "logs",
            "database_file": folder / "witness.db",
        }
        text = "".join(f'{name} = "{value}"\n' for name, value in settings.items())
        (folder / "witness.toml").write_text(text)
        return cls(folder, state, WitnessKey.parse(made.stdout))

    @property
    def config(self) -> Path:
        """Its settings."""
        return self.folder / "witness.toml"

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://127.0.0.1:{self.state.port('witness')}"

    @property
    def ca_file(self) -> Path:
        """Whom to trust for its name."""
        return self.state / "tls/ca.pem"

    def start(self) -> WitnessAlone:
        """Start it, and wait until it answers."""
        argv = [sys.executable, "-m", "witness", "serve", "--config", str(self.config)]
        command = Command(argv, {"PATH": os.environ["PATH"]}, CHECKOUT)
        self._program = spawn(command, self.folder / "witness.log")
        context = ssl.create_default_context(cafile=str(self.ca_file))
        self._client = httpx.Client(base_url=self.url, verify=context, trust_env=False, timeout=30)
        client = self._client
        wait_until(lambda: client.get("/healthz").is_success)
        return self

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it, at once unless told otherwise."""
        if self._program is not None:
            kill(self._program, number)
            self._program = None
        if self._client is not None:
            self._client.close()

    def sends(self, body: bytes, path: str = "/add-checkpoint") -> httpx.Response:
        """Submit this."""
        assert self._client is not None
        return self._client.post(path, content=body)

    @property
    def client(self) -> httpx.Client:
        """A connection."""
        assert self._client is not None
        return self._client

    def show(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Ask what it has signed and what goes against it, as the trustee does."""
        return run("show", "--config", str(self.config), *options)

    def log(self) -> str:
        """What it has written to its own log."""
        return (self.folder / "witness.log").read_text()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of its commands."""
    return subprocess.run(
        [sys.executable, "-m", "witness", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
