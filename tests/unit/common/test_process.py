"""How a process of ours starts, or says why not."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent.parent

PROGRAM = """
import attrs, sys
from common.process import run

@attrs.frozen
class Settings:
    public_url: str

def do(config, vault):
    print("done")

try:
    run("services.cases", Settings, {{"serve": do, "work": do}}, {arguments!r})
finally:
    print("grpc" in sys.modules, "eventlet" in sys.modules)
"""


def start(tmp_path: Path, command: str, config: str) -> subprocess.CompletedProcess[str]:
    """Start a process with the configuration *config*."""
    file = tmp_path / "cases-serve.toml"
    file.write_text(textwrap.dedent(config))
    arguments = [command, "--config", str(file)]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(arguments=arguments)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wrong_configuration_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = start(tmp_path, "serve", 'process = "cases-serve"')
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("cases-serve.toml: settings.public_url is missing")


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    assert start(tmp_path, "dance", "").returncode == 2


AWAY = """
    process = "cases-serve"
    [settings]
    public_url = "u"
    [telemetry]
    url = "https://127.0.0.1:9/v1/traces"
    ca_file = "/nowhere"
    [vault]
    url = "https://127.0.0.1:9"
    ca_file = "{ca}"
    role_id = "cases-serve"
    wrapped_secret_id_file = "{wrapped}"
"""


def away(tmp_path: Path) -> str:
    """Give a configuration whose Vault is not there."""
    wrapped = tmp_path / "wrapped"
    wrapped.write_text("s.nothing")
    return AWAY.format(ca=sys.executable, wrapped=wrapped)


def test_without_vault_it_asks_to_be_started_again(tmp_path: Path) -> None:
    done = start(tmp_path, "serve", away(tmp_path))
    assert done.returncode == 75, done.stderr
    (line,) = [json.loads(each) for each in done.stderr.splitlines()]
    assert line["event"] == "process_failed"
    assert line["exception"][0]["type"].endswith("VaultUnavailable")
    assert "done" not in done.stdout


def test_a_worker_is_green_and_without_grpc_before_anything_else(tmp_path: Path) -> None:
    done = start(tmp_path, "work", away(tmp_path))
    assert done.returncode == 75, done.stderr
    assert done.stdout.split() == ["False", "True"]


def test_a_section_that_is_missing_is_named(tmp_path: Path) -> None:
    done = start(tmp_path, "serve", 'process = "cases-serve"\n[settings]\npublic_url = "u"')
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "[telemetry] is missing"
