"""
The lane `testcontainers`: images, started by an engine of containers on this machine.

The containers share the engine's network, so a server listens where the stack's would, on the
loopback; and they share one folder, at the same path inside and outside, with the stack's own
configurations. Images are the official ones unless `SAS_TEST_PG_IMAGE`, `SAS_TEST_VAULT_IMAGE` or
`SAS_TEST_AMQP_IMAGE` name others; `python -m tests.containers.run` makes some without a registry.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import docker  # type: ignore[import-untyped]
from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from deploy.certificates import make_root
from deploy.postgres import server as postgres
from deploy.rabbitmq import server as rabbitmq
from deploy.state import State, write_private
from deploy.vault import server as vault
from tests.kit.servers.ports import free_port_base
from tests.kit.servers.spawn import wait_until
from tests.kit.servers.values import BROKER, POSTGRES, VAULT, LaneError

IMAGES = {
    POSTGRES: os.environ.get("SAS_TEST_PG_IMAGE", "postgres:15"),
    VAULT: os.environ.get("SAS_TEST_VAULT_IMAGE", "openbao/openbao:2.7.2"),
    BROKER: os.environ.get("SAS_TEST_AMQP_IMAGE", "rabbitmq:3.13"),
}
READY: dict[str, Callable[[State], None]] = {
    POSTGRES: postgres.ready,
    VAULT: vault.ready,
    BROKER: rabbitmq.ready,
}
IMAGES_USER = 999
"""Of the servers in the official Debian images of PostgreSQL and RabbitMQ."""


class Containers:
    """Starts one container for each server."""

    name = "testcontainers"
    stays = False

    def __init__(self) -> None:
        self._state: State | None = None
        self._running: dict[str, DockerContainer] = {}
        # The engine can make files of another user's ours only if we are root.
        self._user = IMAGES_USER if os.geteuid() == 0 else os.geteuid()

    def describe(self) -> list[str]:
        """Name the engine and the images."""
        try:
            version = docker.from_env(timeout=5).version()["Version"]
        except DockerException as error:
            raise LaneError(
                f"no engine of containers answers ({error}); `make test-containers` brings one"
            ) from error
        return [f"engine {version}", *(f"{name} {image}" for name, image in IMAGES.items())]

    def place(self) -> State:
        """Make the folder, once."""
        if self._state is None:
            folder = Path(tempfile.mkdtemp(prefix="sas-servers-", dir="/tmp"))
            folder.chmod(0o755)
            self._state = State(root=folder, port_base=free_port_base()).prepare()
            make_root(self._state)
        return self._state

    def broker_user(self) -> str | None:
        """The user of an image need not be one of this machine's: `begin` sees to that."""
        return None

    def begin(self, server: str) -> None:
        """Make and start the container."""
        state = self.place()
        makers = {POSTGRES: self._postgres, VAULT: self._vault, BROKER: self._broker}
        container = makers[server](state)
        container.with_volume_mapping(str(state.root), str(state.root), "rw")
        self._running[server] = container.start()

    def wait(self, server: str) -> None:
        """Wait until the server in the container serves."""
        container = self._running[server]

        def ready() -> None:
            container.reload()
            if container.status != "exited":
                READY[server](self.place())

        wait_until(ready, 90)
        if container.status == "exited":
            out, err = container.get_logs()
            raise LaneError(f"{server} ended:\n{(out + err).decode(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Remove the containers and the folder."""
        for container in self._running.values():
            container.stop(force=True)
        if self._state is not None:
            shutil.rmtree(self._state.root, ignore_errors=True)

    def _postgres(self, state: State) -> DockerContainer:
        write_private(state / postgres.SUPERUSER_SECRET, secrets.token_urlsafe(32))
        postgres.configure(state, None)
        self._hand_over(state / "postgres/socket", state / "tls/postgres.key")
        sockets = f"/var/run/postgresql,{state / 'postgres/socket'}"
        options = f"-c config_file={state / 'postgres/postgresql.conf'} -c fsync=off"
        return (
            self._container(POSTGRES, self._user)
            .with_env("POSTGRES_PASSWORD", (state / postgres.SUPERUSER_SECRET).read_text())
            .with_env("POSTGRES_INITDB_ARGS", "--locale=C.UTF-8 --encoding=UTF8 --data-checksums")
            # The image's own first steps use the first of the two sockets, we use the second.
            .with_command(f"postgres {options} -c unix_socket_directories={sockets}")
        )

    def _vault(self, state: State) -> DockerContainer:
        vault.prepare(state)
        command = vault.command(state)
        policies = str(vault.HERE / "policies")
        return (
            self._container(VAULT, os.geteuid(), entrypoint=["bao"], working_dir=str(command.cwd))
            .with_envs(**{name: value for name, value in command.env.items() if name != "PATH"})
            .with_volume_mapping(policies, policies, "ro")
            .with_command(list(command.argv[1:]))
        )

    def _broker(self, state: State) -> DockerContainer:
        rabbitmq.configure(state, None)
        self._hand_over(*(state / "rabbitmq").rglob("*"), state / "tls/rabbitmq.key")
        port, env = state.port("epmd"), rabbitmq.command(state).env
        start = f"epmd -port {port} -address 127.0.0.1 -daemon && exec rabbitmq-server"
        return self._container(BROKER, self._user, entrypoint=["sh", "-c", start]).with_envs(
            **{name: value for name, value in env.items() if name != "PATH"}
        )

    def _container(self, server: str, user: int, **more: object) -> DockerContainer:
        return DockerContainer(IMAGES[server]).with_kwargs(
            network_mode="host", user=f"{user}:{user}", **more
        )

    def _hand_over(self, *paths: Path) -> None:
        """Give files to the user of the servers in the images."""
        for path in paths:
            if os.geteuid() == 0:
                os.chown(path, self._user, self._user)
