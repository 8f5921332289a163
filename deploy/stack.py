"""
The stack of one machine: `python -m deploy.stack up`, and what else one does with it.

    up [--foreground] [--only NAME,...]   start everything and wait until it is ready
    down                                  stop everything, in order
    status                                what runs, and whether it answers
    logs [NAME] [-f]                      what it says
    restart|stop|start|kill NAME          one process (kill: at once, to see what others do)
    migrate                               bring the databases to their newest form
    clean                                 stop, and remove everything the stack has written

`SAS_STATE` and `SAS_PORT_BASE` choose the stack (deploy/state.py); the processes are listed in
deploy/processes.py.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from deploy.state import CHECKOUT, State, StateError, write_private
from deploy.supervisor import logs
from deploy.supervisor.guard import guarded
from deploy.supervisor.process import Process

# The list of processes and the set-up import the servers' parts. The guard does without, so that
# the process which only waits stays small; hence the imports within functions below.

HOPELESS = 4
"""How many times a process may fail, without ever having been ready, before `up` gives up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(
        prog="stack", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in ("up", "run"):
        command = commands.add_parser(name)
        command.add_argument("--only", default="")
        command.add_argument("--foreground", action="store_true")
    for name in ("down", "status", "migrate", "clean"):
        commands.add_parser(name)
    command = commands.add_parser("logs")
    command.add_argument("name", nargs="?")
    command.add_argument("-f", "--follow", action="store_true")
    for name in ("restart", "stop", "start", "kill"):
        commands.add_parser(name).add_argument("name")
    options = parser.parse_args(arguments)
    state = State.from_environment()
    try:
        match options.command:
            case "run":
                return run(state, names(options.only))
            case "up":
                return up(state, names(options.only), options.foreground)
            case "down":
                down(state)
            case "status":
                return status(state)
            case "logs":
                show_logs(state, options.name, options.follow)
            case "migrate":
                migrate(state)
            case "clean":
                clean(state)
            case order:
                tell(state, order, name=options.name)
    except StateError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def names(only: str) -> list[str]:
    """Return the process names in a list with commas."""
    return [name for name in only.split(",") if name]


def up(state: State, only: list[str], foreground: bool = False) -> int:
    """
    Start what is in *only* (or everything), wait until it is ready, and say so.

    Returns:
        The exit code; why it isn't 0 has been printed.

    """
    began = time.monotonic()
    try:
        state = started(state, only, foreground)
        wait_until_ready(state)
    except StateError as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        down(state)
        return 130
    print(f"Ready after {time.monotonic() - began:.1f} s: {address(state)}", flush=True)
    if foreground:
        try:
            show_logs(state, None, follow=True)
        except KeyboardInterrupt:
            down(state)
    return 0


def started(state: State, only: list[str], foreground: bool) -> State:
    """
    Start the stack, or what has given up in a running one, and return its state as it now is.

    Raises:
        StateError: it can't be started here.

    """
    processes = chosen(only)
    state = state.prepare()
    if is_running(state):
        print(f"The stack in {state.root} is running already.")
        for name, row in rows(state).items():
            if row["stage"] == "pausing":
                tell(state, "restart", name=name)
        return state
    from deploy.preparation import prepare_stack

    prepare_stack(state)
    refuse_taken_ports(state, processes)
    begin(state, only, foreground)
    return state


def chosen(only: list[str]) -> tuple[Process, ...]:
    """Return the processes to run."""
    from deploy.processes import select

    try:
        return select(only)
    except KeyError as error:
        raise StateError(f"there is no process {error}") from error


def address(state: State) -> str:
    """Return where people find the stack."""
    return f"https://localhost:{state.port('gateway')}"


def begin(state: State, only: list[str], foreground: bool) -> None:
    """Start guard and supervisor as processes of their own, and wait until they take orders."""
    path = state / "log/supervisor.log"
    command = [sys.executable, "-m", "deploy.stack", "run", "--only", ",".join(only)]
    if foreground:
        command = ["/usr/bin/setpriv", "--pdeathsig=TERM", "--", *command]
    environment = {
        "HOME": str(state.root),
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "SAS_STATE": str(state.root),
        "SAS_PORT_BASE": str(state.port_base),
    }
    with path.open("ab") as log:
        guard = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while not is_running(state):
        if guard.poll() is not None:
            raise StateError("\n".join(["it did not start:", *logs.last_lines(path, 20)]))
        time.sleep(0.05)


def run(state: State, only: list[str]) -> int:
    """Be the guard, and under it the supervisor, until told to stop."""
    from deploy.supervisor.supervisor import only_one

    # Held until this process has ended: whoever waits for it finds nothing of us afterwards.
    only_one(state)
    write_private(state / "run/guard.pid", str(os.getpid()))

    def supervise() -> None:
        from deploy.preparation import prepare_process
        from deploy.supervisor.supervisor import Supervisor

        write_private(state / "run/supervisor.pid", str(os.getpid()))

        async def keep() -> None:
            prepare = functools.partial(prepare_process, state)
            await Supervisor(state, chosen(only), prepare).run()

        asyncio.run(keep())

    return guarded(supervise)


def is_running(state: State) -> bool:
    """Whether a supervisor takes orders."""
    with contextlib.suppress(StateError):
        tell(state, "status")
        return True
    return False


def tell(state: State, what: str, **details: object) -> dict[str, Any]:
    """Give the supervisor an order."""
    from deploy.supervisor.supervisor import order

    return order(state, what, **details)


def rows(state: State, ask: bool = False) -> dict[str, dict[str, Any]]:
    """Return what the supervisor knows of each process; with *ask*, each is asked first."""
    return {row["name"]: row for row in tell(state, "status", ask=ask)["processes"]}


def refuse_taken_ports(state: State, processes: Sequence[Process]) -> None:
    """
    Make sure that all ports are free.

    Raises:
        StateError: one isn't.

    """
    for process in processes:
        for name in process.ports:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", state.port(name)))
                except OSError as error:
                    raise StateError(
                        f"port {state.port(name)} ({name}) is taken by another program; "
                        "stop that, or choose another SAS_PORT_BASE"
                    ) from error


def wait_until_ready(state: State) -> None:
    """
    Wait for every process, and say of each when it is ready.

    Raises:
        StateError: one doesn't become ready; the message ends with its last log lines.

    """
    told: set[str] = set()
    while True:
        found = rows(state)
        for name, row in found.items():
            after = row["ready_after"]
            if after is not None and name not in told:
                told.add(name)
                print(f"  {name:<20} {row['stage']:<6} {after:5.1f} s", flush=True)
            elif after is None and is_hopeless(row):
                raise StateError(last_words(state, row))
        if len(told) == len(found):
            return
        time.sleep(0.2)


def is_hopeless(row: dict[str, Any]) -> bool:
    """Whether a process that was never ready has had its chances."""
    return bool(row["failures"] >= HOPELESS or row["waited"] > row["start_seconds"])


def last_words(state: State, row: dict[str, Any]) -> str:
    """Return what is known of a process that doesn't become ready."""
    path = state / "log" / f"{row['name']}.log"
    return "\n".join(
        [
            f"{row['name']} is not ready after {row['waited']:.0f} s"
            f" ({row['restarts']} restarts): {row['why'] or 'no reason known'}",
            *(f"  {line}" for line in logs.last_lines(path, 20)),
            f"The whole log is {path}; `make down` stops the rest.",
        ]
    )


def down(state: State) -> None:
    """Stop everything and wait until it is gone."""
    from deploy.supervisor.supervisor import only_one

    if not is_running(state):
        print("The stack is not running.")
        return
    tell(state, "down")
    while True:
        with contextlib.suppress(StateError):
            os.close(only_one(state))
            break
        time.sleep(0.1)
    print("Stopped.")


def status(state: State) -> int:
    """Show every process, and the ledger; exit with 1 when something isn't as it should be."""
    from deploy import ledger_health, mail_health

    found = rows(state, ask=True)
    print(f"{'process':<20} {'state':<9} {'pid':>7} {'for':>8} {'restarts':>8}  last exit")
    good = True
    for name, row in found.items():
        fine = row["stage"] in ("ready", "done") and not row["why"]
        good &= fine
        since = f"{row['seconds']:.0f} s"
        ended = row["last_exit"] or "-"
        why = f"  ({row['why']})" if row["why"] else ""
        print(
            f"{name:<20} {row['stage']:<9} {row['pid'] or '-':>7} {since:>8}"
            f" {row['restarts']:>8}  {ended}{why}"
        )
    if found.get("consent-serve", {}).get("stage") == "ready":
        for line in ledger_health.lines(state):
            good &= line.fine
            print(f"{'ledger':<20} {'' if line.fine else 'ATTENTION: '}{line.text}")
    if found.get("cases-serve", {}).get("stage") == "ready":
        for line in mail_health.lines(state):
            good &= line.fine
            print(f"{'mails':<20} {'' if line.fine else 'ATTENTION: '}{line.text}")
    return 0 if good else 1


def migrate(state: State) -> None:
    """
    Run all migrations again.

    Raises:
        StateError: one failed; the message ends with its last log lines.

    """
    for name in [name for name in rows(state) if name.endswith("-migrate")]:
        tell(state, "restart", name=name)
        while (row := rows(state)[name])["stage"] != "done":
            if row["failures"]:
                raise StateError(last_words(state, row))
            time.sleep(0.1)
        print(f"  {name:<20} done")


def show_logs(state: State, name: str | None, follow: bool) -> None:
    """Print the last lines of one log or of all, and what is added, if wanted."""
    paths = {path.stem: path for path in sorted((state / "log").glob("*.log"))}
    if name is not None:
        if name not in paths:
            raise StateError(f"there is no log of {name!r}; there are {', '.join(paths)}")
        paths = {name: paths[name]}
    for shown, path in paths.items():
        for line in logs.last_lines(path, 10 if name is None else 200):
            print(f"{shown:<18} | {line}")
    if follow:
        for shown, line in logs.follow(paths):
            print(f"{shown:<18} | {line}", flush=True)


def clean(state: State) -> None:
    """Stop the stack and remove everything it has written."""
    if is_running(state):
        down(state)
    state.remove()
    print(f"Removed {state.root}.")


if __name__ == "__main__":
    sys.exit(main())
