"""
One of our processes, from its command line to its end: `python -m services.cases serve --config F`.

Shared because the `__main__` of every service does the same around its own wiring. Imports stay
inside the functions: a `work` process must be made green (eventlet) before anything else that
keeps a socket or a lock is imported.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from common.config import Config
    from common.vault import Vault

T = TypeVar("T")

EXIT_CONFIG = 2
EXIT_TRY_AGAIN = 75
"""EX_TEMPFAIL: something we need is not there yet; start me again."""


def run(
    package: str,
    settings_class: type[T],
    serve: Callable[[Config[T], Vault], None],
    work: Callable[[Config[T], Vault], None],
    arguments: Sequence[str] | None = None,
) -> None:
    """
    Do what the command line says, and exit with a status that the supervisor understands.

    Args:
        package: the service, as `services.cases`; its migrations are in `<package>.migrations`.
        settings_class: the service's own settings (attrs).
        serve: answers calls until told to leave. It imports what it needs itself.
        work: handles events until told to leave. It imports what it needs itself, and no gRPC.
        arguments: the command line, if not this process's own.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("command", choices=["serve", "work", "migrate"])
    parser.add_argument("--config", type=Path, required=True, metavar="FILE")
    told = parser.parse_args(arguments)
    if told.command == "work":
        import common.events.process  # noqa: F401  # makes this process green

    from common.config import ConfigError, NoSettings, load
    from common.errors import TryAgain

    try:
        if told.command == "migrate":
            _start(load(told.config, NoSettings), partial(_migrate, package))
        else:
            config = load(told.config, settings_class)
            _start(config, serve if told.command == "serve" else work)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201  # for whoever configured it
        sys.exit(EXIT_CONFIG)
    except TryAgain as error:
        import structlog

        structlog.get_logger().error("not_started", exc_info=error)
        sys.exit(EXIT_TRY_AGAIN)


def _start(config: Config[T], do: Callable[[Config[T], Vault], None]) -> None:
    from common import logs, telemetry
    from common.vault import Vault

    logs.start(config.process)
    telemetry.start(config.process, config.telemetry.url, config.telemetry.ca_file)
    vault = Vault.login(config.vault)
    try:
        do(config, vault)
    finally:
        vault.close()
        telemetry.stop()


def _migrate(package: str, config: Config[Any], vault: Vault) -> None:
    from common import migrate

    migrate.run(config, f"{package}.migrations", vault)
