"""
Where the gateway is, and where the session is kept.

The session token is a secret that stands for a signed-in person, so it lives in a file that only
its owner may read, never in the environment or in an argument.
"""

from __future__ import annotations

import os
from pathlib import Path

import attrs

DEFAULT_PORT = 17000


@attrs.frozen
class Settings:
    """What the staff command needs to know before it can call."""

    gateway: str
    """`host:port` of the gateway."""
    ca_file: Path
    """The certificates to trust for it."""
    session_file: Path
    """Where the session token is kept, mode 0600."""


def read() -> Settings:
    """Read the settings: `SAS_GATEWAY`, `SAS_CA_FILE`, `SAS_SESSION_FILE`, or the local stack's."""
    state = Path(os.environ.get("SAS_STATE", "var"))
    home = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "sas"
    port = int(os.environ.get("SAS_PORT_BASE", DEFAULT_PORT))
    return Settings(
        gateway=os.environ.get("SAS_GATEWAY", f"localhost:{port}"),
        ca_file=Path(os.environ.get("SAS_CA_FILE", state / "tls" / "ca.pem")),
        session_file=Path(os.environ.get("SAS_SESSION_FILE", home / "session")),
    )


def keep_session(settings: Settings, token: str) -> None:
    """Keep the session token, readable by its owner only from the first byte on."""
    settings.session_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    forget_session(settings)
    descriptor = os.open(settings.session_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token)


def session(settings: Settings) -> str | None:
    """Return the session token, or nothing when nobody is signed in."""
    try:
        return settings.session_file.read_text().strip() or None
    except FileNotFoundError:
        return None


def forget_session(settings: Settings) -> None:
    """Remove the session token from this computer."""
    settings.session_file.unlink(missing_ok=True)
