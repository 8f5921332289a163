"""Free ports for the servers of a test run, so that several runs share one machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket

from deploy.state import PORTS

STEP = 100


def free_port_base() -> int:
    """
    Find a port base where nothing listens on any port of a stack.

    `SAS_TEST_PORTS` is the range to look in; its end stays below the ports that the kernel gives
    to outgoing connections.
    """
    first, _, last = os.environ.get("SAS_TEST_PORTS", "20000-31900").partition("-")
    bases = range(int(first), int(last), STEP)
    while True:
        base = secrets.choice(bases)
        with contextlib.ExitStack() as taken:
            try:
                for offset in PORTS.values():
                    taken.enter_context(socket.create_server(("127.0.0.1", base + offset)))
            except OSError:
                continue
        return base
