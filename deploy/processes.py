"""
The one list of processes: what runs, what it needs first, and how one knows that it works.

Everything that starts, stops or describes the stack is made from this list.
"""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable

from deploy.postgres import server as postgres
from deploy.postgres.migrations import is_newest
from deploy.rabbitmq import server as rabbitmq
from deploy.state import CHECKOUT, State
from deploy.supervisor import probes
from deploy.supervisor.process import Command, Process
from deploy.vault import server as vault

SERVICES = ("consent", "identity", "cases", "reports")


def python(module: str, *arguments: str) -> Callable[[State], Command]:
    """Return how to start one of our own modules; `{etc}` is the folder of configurations."""

    def command(state: State) -> Command:
        return Command(
            argv=[
                sys.executable,
                "-m",
                module,
                *(argument.format(etc=state / "etc") for argument in arguments),
            ],
            env={
                "HOME": str(state.root),
                "LANG": "C.UTF-8",
                "PATH": "/usr/bin:/bin",
                "PYTHONUNBUFFERED": "1",
                # Without a limit, each thread may take a heap of its own from the C library.
                "MALLOC_ARENA_MAX": "2",
                "SAS_STATE": str(state.root),
                "SAS_PORT_BASE": str(state.port_base),
            },
            cwd=CHECKOUT,
        )

    return command


def migrate(service: str) -> Process:
    """Return the one-shot that brings the database of *service* to its newest form."""
    name = f"{service}-migrate"
    return Process(
        name=name,
        command=python(f"services.{service}", "migrate", "--config", f"{{etc}}/{name}.toml"),
        ready=probes.never,
        needs=("provision-vault",),
        unneeded=functools.partial(is_newest, service=service),
        vault_role=name,
        once=True,
    )


def serve(service: str) -> Process:
    """Return the process that answers calls to *service*."""
    name = f"{service}-serve"
    return Process(
        name=name,
        command=python(f"services.{service}", "serve", "--config", f"{{etc}}/{name}.toml"),
        ready=probes.grpc_health(service),
        ports=(service,),
        needs=(f"{service}-migrate",),
        vault_role=name,
        stop_seconds=15,
    )


def work(service: str) -> Process:
    """Return the process that handles the events of *service*."""
    name = f"{service}-work"
    return Process(
        name=name,
        command=python(f"services.{service}", "work", "--config", f"{{etc}}/{name}.toml"),
        ready=probes.readiness_file(name),
        prepare=probes.without_readiness_file(name),
        needs=(f"{service}-migrate", "rabbitmq"),
        vault_role=name,
        stop_seconds=15,
    )


PROCESSES = (
    Process(
        name="postgres",
        command=postgres.command,
        ready=postgres.ready,
        prepare=postgres.prepare,
        ports=("postgres",),
        # "Fast" shutdown: SIGTERM would wait for clients to leave by themselves.
        stop_signal=signal.SIGINT,
    ),
    Process(
        name="vault",
        command=vault.command,
        ready=vault.ready,
        prepare=vault.prepare,
        ports=("vault", "vault-cluster"),
    ),
    Process(
        name="epmd",
        command=rabbitmq.port_mapper_command,
        ready=rabbitmq.port_mapper_ready,
        ports=("epmd",),
    ),
    Process(
        name="rabbitmq",
        command=rabbitmq.command,
        ready=rabbitmq.ready,
        prepare=rabbitmq.prepare,
        ports=("rabbitmq", "erlang"),
        needs=("epmd",),
        stop_seconds=15,
    ),
    Process(
        name="telemetry",
        command=python("deploy.telemetry", "--config", "{etc}/telemetry.toml"),
        ready=probes.https("telemetry"),
        ports=("telemetry",),
    ),
    Process(
        name="mail",
        command=python("deploy.mail", "--config", "{etc}/mail.toml"),
        ready=probes.smtp("mail"),
        ports=("mail",),
    ),
    Process(
        name="provision-postgres",
        command=python("deploy.postgres.provision"),
        ready=probes.never,
        needs=("postgres",),
        once=True,
    ),
    Process(
        name="provision-vault",
        command=python("deploy.vault.provision"),
        ready=probes.never,
        needs=("vault", "provision-postgres"),
        once=True,
    ),
    Process(
        name="witness",
        command=python("witness", "serve", "--config", "{etc}/witness.toml"),
        ready=probes.https("witness"),
        ports=("witness",),
        # It knows a log by its key, which is made in Vault.
        needs=("provision-vault",),
    ),
    *(migrate(service) for service in SERVICES),
    *(serve(service) for service in SERVICES),
    *(work(service) for service in SERVICES),
    Process(
        name="gateway",
        command=python("deploy.gateway", "--config", "{etc}/gateway.toml"),
        ready=probes.https("gateway"),
        ports=("gateway",),
        needs=tuple(f"{service}-serve" for service in SERVICES),
        vault_role="gateway",
    ),
)


def select(names: list[str]) -> tuple[Process, ...]:
    """
    Return the processes in *names* and all that they need, in the order of the list.

    Raises:
        KeyError: there is no process of that name.

    """
    by_name = {process.name: process for process in PROCESSES}
    wanted = list(names)
    for name in wanted:
        wanted += [need for need in by_name[name].needs if need not in wanted]
    return tuple(process for process in PROCESSES if not names or process.name in wanted)
