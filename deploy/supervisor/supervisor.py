"""
Keeps the processes of one stack running, in order, until it is told to stop.

One thread does everything that must not be done by two: starting (the kernel ties a process to the
thread that started it), watching and stopping. What may be slow, such as asking Vault for a
secret or a process whether it is ready, is done by other threads meanwhile.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deploy.state import State, StateError
from deploy.supervisor.child import Child, Stage
from deploy.supervisor.logs import Log
from deploy.supervisor.process import Process

SOCKET = "run/stack.sock"
LOCK = "run/stack.lock"


class Supervisor:
    """The processes, and the orders that come in by the control socket."""

    def __init__(
        self, state: State, processes: Sequence[Process], prepare: Callable[[Process], None]
    ) -> None:
        self.state = state
        self.stopping = asyncio.Event()
        self.children = {
            process.name: Child(state, process, prepare, Log(state / "log" / f"{process.name}.log"))
            for process in processes
        }

    async def run(self) -> None:
        """Run the stack until SIGTERM or `down`."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(len(self.children) + 2, "slow"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        path = self.state / SOCKET
        path.unlink(missing_ok=True)
        old_mask = os.umask(0o177)
        server = await asyncio.start_unix_server(self.converse, path)
        os.umask(old_mask)
        for child in self.children.values():
            self.begin(child)
        await self.stopping.wait()
        await self.stop_all()
        server.close()
        path.unlink(missing_ok=True)

    def begin(self, child: Child) -> None:
        """Let *child* start as soon as its needs are met."""
        needs = [self.children[n] for n in child.process.needs if n in self.children]
        child.wanted = True
        child.enter(Stage.WAITING)
        child.task = asyncio.create_task(child.keep(needs))

    async def stop_all(self) -> None:
        """Stop everything, each process after all those that need it."""
        stopped = {name: asyncio.Event() for name in self.children}

        async def stop_in_turn(child: Child) -> None:
            for other in self.children.values():
                if child.process.name in self.all_needs(other.process):
                    await stopped[other.process.name].wait()
            await child.stop()
            stopped[child.process.name].set()

        await asyncio.gather(*(stop_in_turn(child) for child in self.children.values()))

    def all_needs(self, process: Process) -> set[str]:
        """Return what *process* needs, and what that needs, and so on."""
        found: set[str] = set()
        for need in process.needs:
            if need in self.children:
                found |= {need} | self.all_needs(self.children[need].process)
        return found

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one order: a line of JSON in, a line of JSON out."""
        try:
            order = json.loads(await reader.readline())
            answer = await self.obey(order)
        except (KeyError, ValueError) as error:
            answer = {"error": f"not understood: {error}"}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out *order* and return the answer."""
        what = order["do"]
        if what == "down":
            self.stopping.set()
            return {"pid": os.getpid()}
        if what == "status":
            if order.get("ask"):
                await self.ask_all()
            return {"processes": [child.row() for child in self.children.values()]}
        child = self.children.get(order["name"])
        if child is None:
            return {"error": f"there is no process {order['name']!r}"}
        if what == "kill":
            child.send(signal.SIGKILL)
        elif what in ("stop", "restart", "start"):
            if what != "start":
                await child.stop()
            if what != "stop" and (child.task is None or child.task.done()):
                child.forget_failures()
                self.begin(child)
        else:
            return {"error": f"there is no order {what!r}"}
        return {"process": child.row()}

    async def ask_all(self) -> None:
        """Ask every process that counts as ready whether it still is."""

        async def ask(child: Child) -> None:
            if await child.probe():
                child.why = ""

        ready = [c for c in self.children.values() if c.stage == Stage.READY]
        await asyncio.gather(*(ask(child) for child in ready))


def only_one(state: State) -> int:
    """
    Return an open file that marks this stack as running for as long as it is open.

    Raises:
        StateError: the stack is running already.

    """
    file = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StateError(f"the stack in {state.root} is running already") from error
    return file


def order(state: State, what: str, **details: object) -> dict[str, Any]:
    """
    Give the running supervisor an order and return its answer.

    Raises:
        StateError: no supervisor is running, or it refuses; the message says why.

    """
    path = state / SOCKET
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError as error:
            raise StateError(f"the stack in {state.root} is not running") from error
        connection.sendall(json.dumps({"do": what, **details}).encode() + b"\n")
        with connection.makefile() as file:
            answer: dict[str, Any] = json.loads(file.readline() or '{"error": "no answer"}')
    if "error" in answer:
        raise StateError(answer["error"])
    return answer
