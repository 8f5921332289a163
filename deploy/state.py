"""
Where one stack keeps everything it writes, and which ports it listens on.

`SAS_STATE` (default `var/` in the checkout) and `SAS_PORT_BASE` (default 17000) tell two stacks on
one machine apart. Nothing that a stack writes is outside its state directory, with one exception:
where the servers' own users could not reach it (a checkout under /root) or where its path is too
long for a Unix socket, the files live elsewhere and the state directory is a symbolic link to them.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
from pathlib import Path

import attrs

CHECKOUT = Path(__file__).resolve().parent.parent

PORTS = {
    "gateway": 0,
    "postgres": 10,
    "vault": 20,
    "vault-cluster": 21,
    "rabbitmq": 30,
    "epmd": 31,
    "erlang": 32,
    "telemetry": 40,
    "mail": 41,
    "witness": 42,
    "identity": 50,
    "cases": 51,
    "consent": 52,
    "reports": 53,
}
"""Offsets from the port base. Everything listens on 127.0.0.1."""

LONGEST_ROOT = 70
"""Characters. A Unix socket's path must stay below 108, and ours add up to 30 to the root."""

FOLDERS = {
    "tls": 0o755,
    "secrets": 0o700,
    "etc": 0o755,
    "run": 0o755,
    "log": 0o700,
    "postgres": 0o755,
    "vault": 0o700,
    "rabbitmq": 0o755,
    "telemetry": 0o700,
    "mail": 0o700,
    "gateway": 0o700,
    "witness": 0o700,
}
"""The state tree and who may look in; some servers run as users of their own."""


class StateError(Exception):
    """The state directory or the port base can't be used; the message says what to do."""


@attrs.frozen
class State:
    """One stack's state directory (resolved) and ports. `state / "tls"` is a path in it."""

    root: Path
    port_base: int

    @classmethod
    def from_environment(cls) -> State:
        """
        Return the state that `SAS_STATE` and `SAS_PORT_BASE` name, without touching the disk.

        Raises:
            StateError: the port base is not a usable number.
        """
        base = os.environ.get("SAS_PORT_BASE", "17000")
        if not base.isdecimal() or not 1024 <= int(base) <= 32000:
            # Above 32767 begin the ports that the kernel gives to outgoing connections.
            raise StateError(f"SAS_PORT_BASE must be a number from 1024 to 32000, not {base!r}")
        return cls(root=named_place().resolve(), port_base=int(base))

    def port(self, name: str) -> int:
        """Return the port of the server called *name* in `PORTS`."""
        return self.port_base + PORTS[name]

    def __truediv__(self, part: str) -> Path:
        return self.root / part

    def prepare(self) -> State:
        """Make the state tree, elsewhere if it must be, and return the state as it then is."""
        state = attrs.evolve(self, root=place(self.root))
        state.root.mkdir(parents=True, exist_ok=True)
        state.root.chmod(0o755)
        for folder, mode in FOLDERS.items():
            (state / folder).mkdir(exist_ok=True)
            (state / folder).chmod(mode)
        return state

    def remove(self) -> None:
        """Remove everything the stack has written, and the symbolic link to it."""
        shutil.rmtree(self.root, ignore_errors=True)
        if named_place().is_symlink():
            named_place().unlink()


def named_place() -> Path:
    """Return the state directory as the environment names it; it may be a symbolic link."""
    return Path(os.environ.get("SAS_STATE") or CHECKOUT / "var").absolute()


def place(wanted: Path) -> Path:
    """
    Return where the files really go: *wanted*, or elsewhere with *wanted* a link to it.

    Raises:
        StateError: *wanted* won't do and is in use already.

    """
    if len(str(wanted)) <= LONGEST_ROOT and (os.geteuid() != 0 or others_can_reach(wanted)):
        return wanted
    elsewhere = (
        Path("/var/lib/sas")
        if os.geteuid() == 0
        else Path(pwd.getpwuid(os.geteuid()).pw_dir, ".local/state/sas")
    )
    target = elsewhere / hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    if wanted == target:
        raise StateError(f"{wanted} can't be reached by the servers' users")
    if wanted.is_dir():
        try:
            wanted.rmdir()
        except OSError as error:
            raise StateError(f"{wanted} can't be used by the servers' users; remove it") from error
    target.mkdir(parents=True, exist_ok=True)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to(target)
    return target


def others_can_reach(path: Path) -> bool:
    """Whether any user may pass through the folders above *path*."""
    return all(parent.stat().st_mode & 0o001 for parent in path.parents if parent.exists())


def server_user(name: str) -> str | None:
    """Return the system user a server runs as: *name* when we are root, else ourselves (None)."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(name)
    except KeyError as error:
        raise StateError(f"there is no system user {name!r}; run `make setup`") from error
    return name


def give(path: Path, user: str | None, mode: int) -> None:
    """Set the mode of *path* and, where *user* is not None, its owner."""
    path.chmod(mode)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def write_private(path: Path, text: str, user: str | None = None, mode: int = 0o600) -> None:
    """Write *text* so that no one else can read it at any moment, and never half of it."""
    fresh = path.with_name(path.name + ".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    give(fresh, user, mode)
    fresh.replace(path)
