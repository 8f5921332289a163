"""
Run the tests of services on containers: `python -m tests.containers.run [PYTEST ARGUMENT ...]`.

With an engine that answers, on that; else on Debian's, started in private namespaces, with images
of the programs installed here. Ends with pytest's exit code, or with 3 and the reason why the lane
can't be had.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import docker  # type: ignore[import-untyped]
from docker.errors import DockerException  # type: ignore[import-untyped]

from tests.containers import images

CHECKOUT = Path(__file__).resolve().parents[2]
INSIDE = "--inside"
CONTROLLERS = ("devices", "freezer", "cpu", "cpuacct", "cpuset", "pids", "blkio")
"""Not memory: what the shell we run in is limited to stays untouched."""
CGROUPS = Path("/sys/fs/cgroup")
ENGINE_SECONDS = 30
NO_LANE = 3

INSTALL = """
set -eu
# While this is there, packages don't start their services.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT INT TERM
    printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends docker.io >/dev/null
if command -v systemctl >/dev/null; then
    systemctl --quiet disable docker.socket docker 2>/dev/null || true
fi
"""


class NoLane(Exception):
    """The lane can't be had; the message says why."""


def main() -> int:
    """Run the tests where there is an engine."""
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == [INSIDE]:
            return in_namespaces(Path(arguments[1]), arguments[2:])
        if engine_answers():
            return run_tests(arguments)
        return with_own_engine(arguments)
    except NoLane as error:
        print(f"The lane testcontainers can't be had: {error}", file=sys.stderr)
        return NO_LANE


def engine_answers(address: str | None = None) -> bool:
    """Whether an engine is there: the one that the environment names, or the one at *address*."""
    try:
        if address is None:
            return bool(docker.from_env(timeout=2).ping())
        return bool(docker.DockerClient(base_url=address, timeout=2).ping())
    except DockerException:
        return False


def run_tests(arguments: Sequence[str], **environment: str) -> int:
    """Run pytest on the lane."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *(arguments or ["tests/service"])],
        cwd=CHECKOUT,
        env=os.environ | {"SAS_TEST_LANE": "testcontainers"} | environment,
        check=False,
    ).returncode


def with_own_engine(arguments: Sequence[str]) -> int:
    """Start this program again in namespaces of its own, and remove its folder afterwards."""
    if os.geteuid() != 0:
        raise NoLane("no engine of containers answers, and only root can start one here")
    if shutil.which("unshare") is None:
        raise NoLane("there is no unshare (Debian's package util-linux)")
    if shutil.which("dockerd") is None:
        print("installing Debian's docker.io", flush=True)
        if subprocess.run(["sh", "-c", INSTALL], check=False).returncode:
            raise NoLane("Debian's package docker.io can't be installed")
    folder = Path(tempfile.mkdtemp(prefix="sas-engine-", dir="/tmp"))
    inside = [sys.executable, "-m", "tests.containers.run", INSIDE, str(folder), *arguments]
    try:
        return subprocess.run(
            ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--", *inside],
            cwd=CHECKOUT,
            check=False,
        ).returncode
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_namespaces(folder: Path, arguments: Sequence[str]) -> int:
    """Start the engine, make the images and run the tests."""
    order("mount", "-t", "proc", "proc", "/proc")
    order("ip", "link", "set", "lo", "up")
    mount_cgroups()
    began = time.monotonic()
    with engine(folder) as address:
        ready = time.monotonic()
        images.make_all(docker.DockerClient(base_url=address, timeout=120), folder)
        made = time.monotonic()
        print(
            f"engine ready after {ready - began:.1f} s, images made in {made - ready:.1f} s",
            flush=True,
        )
        return run_tests(
            arguments,
            DOCKER_HOST=address,
            # Without it, in a container itself, it would look for the engine's ports elsewhere.
            TESTCONTAINERS_CONNECTION_MODE="docker_host",
            # Its own cleaner is an image that can't be had; here all ends with the namespace.
            TESTCONTAINERS_RYUK_DISABLED="true",
            SAS_TEST_PG_IMAGE=images.POSTGRES,
            SAS_TEST_VAULT_IMAGE=images.VAULT,
            SAS_TEST_AMQP_IMAGE=images.BROKER,
        )


def mount_cgroups() -> None:
    """Show the engine the controllers that it needs, as the kernel has them (version 1 or 2)."""
    if (CGROUPS / "cgroup.controllers").exists():
        return
    # Unmounted first: what is only covered would still be found, and used.
    order("umount", "-R", "-l", str(CGROUPS))
    order("mount", "-t", "tmpfs", "none", str(CGROUPS))
    for name in (*CONTROLLERS, "systemd"):
        (CGROUPS / name).mkdir()
        option = "none,name=systemd" if name == "systemd" else name
        order("mount", "-t", "cgroup", "-o", option, "none", str(CGROUPS / name))


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[str]:
    """Run Debian's engine for the time of the block; give its address."""
    address = f"unix://{folder}/docker.sock"
    places = {"data-root": "root", "exec-root": "exec", "pidfile": "pid"}
    options = [f"--{option}={folder / place}" for option, place in places.items()]
    options += [f"--host={address}", "--storage-driver=overlay2"]
    # Containers share the namespace's own loopback, so no network of the engine's is needed.
    options += ["--bridge=none", "--iptables=false"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(["dockerd", *options], stdout=log, stderr=log)
    try:
        until = time.monotonic() + ENGINE_SECONDS
        while not engine_answers(address):
            if running.poll() is not None or time.monotonic() > until:
                said = (folder / "log").read_text(errors="replace").splitlines()[-5:]
                raise NoLane("\n  ".join(["the engine does not start:", *said]))
            time.sleep(0.1)
        yield address
    finally:
        with contextlib.suppress(DockerException):
            for container in docker.DockerClient(base_url=address).containers.list(all=True):
                container.remove(force=True)
        running.terminate()
        running.wait(30)
        remove_cgroups()


def remove_cgroups() -> None:
    """Remove the empty groups that the engine leaves in every controller."""
    for name in (*CONTROLLERS, "systemd", "."):
        left = CGROUPS / name / "docker"
        if left.exists():
            for group in sorted(left.rglob("*"), reverse=True):
                if group.is_dir():
                    group.rmdir()
            left.rmdir()


def order(*command: str) -> None:
    """
    Run one command.

    Raises:
        NoLane: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoLane(f"{' '.join(command)}: {done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())
