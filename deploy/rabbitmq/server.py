"""
The private RabbitMQ node of one stack: Debian's broker with its own home, ports and port mapper.

The broker finds itself by a name that Erlang's port mapper (epmd) knows. Left alone, the broker
would start a port mapper that stays behind when it stops; so the port mapper is a process of ours.
"""

from __future__ import annotations

import socket
import ssl
import string
from pathlib import Path

from deploy.certificates import issue_server_certificate
from deploy.rabbitmq import definitions
from deploy.state import State, StateError, give, server_user, write_private
from deploy.supervisor.process import Command, NotReady

HERE = Path(__file__).resolve().parent
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
AMQP_HEADER = b"AMQP\0\0\x09\x01"
EPMD_NAMES_REQUEST = b"\0\x01n"


def prepare(state: State) -> None:
    """Make the broker's folders, users and configuration."""
    if not SERVER.exists():
        raise StateError("RabbitMQ is not installed; run `make setup`")
    configure(state, server_user("rabbitmq"))


def configure(state: State, user: str | None) -> None:
    """Write what a broker reads; *user* is the system user who runs it, None for ourselves."""
    home = state / "rabbitmq"
    for folder in ("home", "mnesia", "log", "generated", "schema"):
        (home / folder).mkdir(exist_ok=True)
        give(home / folder, user, 0o700)
    definitions.make(state, user)
    certificate = issue_server_certificate(state, "rabbitmq", user=user)
    template = string.Template((HERE / "rabbitmq.conf").read_text().replace("${...}", "$${...}"))
    settings = template.substitute(
        port=state.port("rabbitmq"),
        definitions=state / definitions.DEFINITIONS,
        certificate=certificate.certificate,
        key=certificate.key,
    )
    write_private(home / "rabbitmq.conf", settings, user=user)
    write_private(home / "plugins", "[].\n", user=user)


def command(state: State) -> Command:
    """Return how to start the broker, in the foreground."""
    home = state / "rabbitmq"
    node = f"sas{state.port_base}@localhost"
    settings = {
        "CONF_ENV_FILE": "/dev/null",
        "NODENAME": node,
        "NODE_IP_ADDRESS": "127.0.0.1",
        "NODE_PORT": state.port("rabbitmq"),
        # Below the ports that the kernel gives to outgoing connections, or it might be taken.
        "DIST_PORT": state.port("erlang"),
        "MNESIA_BASE": home / "mnesia",
        "LOG_BASE": home / "log",
        "PID_FILE": home / "home/pid",
        "CONFIG_FILE": home / "rabbitmq.conf",
        "ENABLED_PLUGINS_FILE": home / "plugins",
        "GENERATED_CONFIG_DIR": home / "generated",
        "SCHEMA_DIR": home / "schema",
        "LOG": "-color",
        # Waking a thread is slow on a small virtual machine: spin for a moment before sleeping.
        # The broker starts in two thirds of the time; idle, it takes 1 % of a core as before.
        "SERVER_ADDITIONAL_ERL_ARGS": (
            "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false"
            " +sbwt short +sbwtdio short"
        ),
    }
    return Command(
        argv=[str(SERVER)],
        env=erlang(state) | {f"RABBITMQ_{name}": str(value) for name, value in settings.items()},
        cwd=home / "home",
        user=server_user("rabbitmq"),
    )


def ready(state: State) -> None:
    """Greet the broker; it answers with its own first frame when it serves."""
    context = ssl.create_default_context(cafile=str(state / "tls/ca.pem"))
    with (
        socket.create_connection(("127.0.0.1", state.port("rabbitmq")), timeout=2) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(AMQP_HEADER)
        if connection.recv(1) != b"\x01":
            raise NotReady("no AMQP greeting")


def port_mapper_command(state: State) -> Command:
    """Return how to start Erlang's port mapper, in the foreground."""
    return Command(
        argv=["/usr/bin/epmd", "-port", str(state.port("epmd")), "-address", "127.0.0.1"],
        env=erlang(state),
        cwd=state.root,
        user=server_user("rabbitmq"),
    )


def port_mapper_ready(state: State) -> None:
    """Ask the port mapper for the names it knows; it answers with its own port first."""
    with socket.create_connection(("127.0.0.1", state.port("epmd")), timeout=2) as connection:
        connection.sendall(EPMD_NAMES_REQUEST)
        if int.from_bytes(connection.recv(4), "big") != state.port("epmd"):
            raise NotReady("no answer of a port mapper")


def erlang(state: State) -> dict[str, str]:
    """Return the environment in which anything of Erlang finds this stack's port mapper."""
    return {
        "HOME": str(state / "rabbitmq/home"),
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "ERL_EPMD_PORT": str(state.port("epmd")),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
