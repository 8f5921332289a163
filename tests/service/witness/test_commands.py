"""What a trustee types, and what a wrong setting says."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.state import CHECKOUT
from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.cosignature import cosignature
from tests.kit.witness_alone import PlayedLog, WitnessAlone, run


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[WitnessAlone]:
    """A witness that is set up and does not run."""
    alone = WitnessAlone.make(tmp_path, PlayedLog().key)
    yield alone
    alone.stop()


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    made = run("keygen", "--name", "example.org/w", "--key-file", str(file))
    assert made.returncode == 0
    assert made.stdout.startswith("example.org/w+")
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert run("keygen", "--name", "example.org/w", "--key-file", str(file)).returncode == 2
    assert file.read_bytes() == before
    assert "PRIVATE" not in made.stdout + made.stderr


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('name = "witness.test/w1"\n', "", "name is missing"),
        ("witness.test/w1", "a name", "name must have"),
        ("listen", "listens", "listens is not a known setting"),
        ('listen = "', 'listen = "nowhere', "listen must be host:port"),
        ("signing.key", "nothing.key", "signing_key_file"),
        ("signing.key", "logs", "signing_key_file"),
        ('/logs"', '/nothing"', "logs_file"),
        ('/logs"', '/witness.toml"', "logs_file"),
        ("name =", "name", "can't be read"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    apart: WitnessAlone, before: str, after: str, named: str
) -> None:
    text = apart.config.read_text()
    assert before in text
    changed = text.replace(before, after, 1)
    if "nowhere" in after:
        changed = text.replace("127.0.0.1:", "nowhere", 1)
    apart.config.write_text(changed)
    if after == "logs":
        (apart.folder / "logs").chmod(0o600)
    done = run("serve", "--config", str(apart.config))
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_that_others_may_read_is_not_used(apart: WitnessAlone) -> None:
    (apart.folder / "signing.key").chmod(0o640)
    done = run("serve", "--config", str(apart.config))
    assert done.returncode == 2
    assert "chmod 600" in done.stderr


def test_what_it_shows_is_a_checkpoint_that_others_can_verify(apart: WitnessAlone) -> None:
    log = PlayedLog(leaves=[], private_key=PlayedLog().private_key).grow(9)
    (apart.folder / "logs").write_text(f"{log.key}\n")
    apart.start()
    assert apart.sends(log.submission(0, 9)).status_code == 200
    shown = apart.show()
    assert shown.returncode == 0
    assert shown.stdout.startswith("# log.test/one: 9 entries at ")
    note = apart.show("--log", log.origin)
    assert (note.returncode, note.stdout in shown.stdout) == (0, True)
    assert Checkpoint.open(note.stdout, log.key).size == 9
    assert cosignature(note.stdout, apart.key) is not None
    assert apart.show("--log", "another.test/log").returncode == 1


def test_it_needs_nothing_of_ours() -> None:
    """
    So a trustee can take this one folder elsewhere, and a mistake of ours is not also its own.

    Beside itself it imports the standard library and `cryptography`.
    """
    imported = set()
    for file in (CHECKOUT / "witness").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    assert imported - sys.stdlib_module_names == {"witness", "cryptography"}
