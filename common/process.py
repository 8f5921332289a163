"""
One of our processes, from its command line to its end: `python -m services.cases serve --config F`.

Shared because the `__main__` of every service does the same around its own wiring. Imports stay
inside the functions: a `work` process must be made green (eventlet) before anything else that
keeps a socket or a lock is imported.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from common.config import Config
    from common.vault import Vault

T = TypeVar("T")

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_TRY_AGAIN = 75
"""EX_TEMPFAIL: something that we need is not there yet; start me again."""

EVENT_ACTIONS = ("parked", "retry")
"""What `events` does with parked events: list them, or send them to their reader again."""


def run(
    package: str,
    settings_class: type[T],
    commands: Mapping[str, Callable[[Config[T], Vault], None]],
    arguments: Sequence[str] | None = None,
) -> None:
    """
    Do what the command line says; failing, exit with a status that the supervisor understands.

    Args:
        package: the service, as `services.cases`; its migrations are in `<package>.migrations`,
            its handlers of events in `<package>.worker.HANDLERS`.
        settings_class: the service's own settings (attrs).
        commands: what each command does, `serve` and `work` among them, with the process logging,
            traced and signed in to Vault. Each imports what it needs itself, and `work` no gRPC.
            `migrate` and `events` are the same for all services and need not be here.
        arguments: the command line, if not this process's own.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("command", choices=[*commands, "migrate", "events"])
    parser.add_argument("action", nargs="?", choices=EVENT_ACTIONS, help="of `events`")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    told = parser.parse_args(arguments)
    if told.command == "work":
        import common.events.process  # noqa: F401  # makes the standard library green

    from common.config import ConfigError, load

    try:
        config = load(told.config, settings_class)
        if told.command == "migrate":
            _within(config, partial(_migrate, package))
        elif told.command == "events":
            _within(config, partial(_events, package, told.action or EVENT_ACTIONS[0]))
        else:
            _within(config, commands[told.command])
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201  # one line for whoever configured it
        sys.exit(EXIT_CONFIG)


def _within(config: Config[T], do: Callable[[Config[T], Vault], None]) -> None:
    """Do *do* with everything around it that every process has."""
    import structlog

    from common import logs, telemetry
    from common.config import ConfigError
    from common.errors import TryAgain
    from common.vault import Vault

    logs.start(config.process)
    telemetry.start(config.process, config.telemetry.url, config.telemetry.ca_file)
    try:
        vault = Vault.login(config.vault)
        try:
            do(config, vault)
        finally:
            vault.close()
    except ConfigError:
        raise
    except Exception as error:
        structlog.get_logger().critical("process_failed", exc_info=error)
        sys.exit(EXIT_TRY_AGAIN if isinstance(error, TryAgain) else EXIT_FAILED)
    finally:
        telemetry.stop()


def _migrate(package: str, config: Config[Any], vault: Vault) -> None:
    from common import migrate

    migrate.run(config, f"{package}.migrations", vault)


def _events(package: str, action: str, config: Config[Any], vault: Vault) -> None:
    from common.events import command

    command.run(action, config, vault, importlib.import_module(f"{package}.worker").HANDLERS)
