"""Tell the whole story: `python -m deploy.demo`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from clients.gateway import ServiceError
from deploy import stack
from deploy.demo import people
from deploy.demo.chapters import (
    breach,
    case_file,
    confirming,
    disclosure,
    disposal,
    embargo,
    ledger,
    own_copy,
    question,
    reading,
    registration,
    report,
    sign_in,
    spoken,
    trace,
    trusted,
)
from deploy.demo.story import Story
from deploy.seeds.load import load
from deploy.state import State


def tell(state: State, students: int) -> int:
    """Tell every chapter against the running stack, and return the exit code."""
    story = Story()
    setting = sign_in.tell(story, state)
    story.say(f"Seed data for {students} students is loaded through the gateway.")
    counts = load(people.address(state), state / "tls/ca.pem", setting.adviser.token, students)
    story.show(", ".join(f"{count} {what}" for what, count in counts.items()))
    for chapter in (
        registration,
        case_file,
        reading,
        question,
        disclosure,
        confirming,
        spoken,
        breach,
        trusted,
        embargo,
        report,
        own_copy,
        disposal,
        ledger,
        trace,
    ):
        try:
            chapter.tell(setting)
        except ServiceError as error:
            name = chapter.__name__.rpartition(".")[2]
            story.check(f"the chapter '{name}' goes to its end", False, f"{error!r}")
    return story.end()


def main() -> int:
    """Start the stack, tell the story, and keep the stack up in a terminal."""
    parser = argparse.ArgumentParser(prog="deploy.demo", description=__doc__)
    parser.add_argument("--students", type=int, default=60, help="how many to invent (60)")
    parser.add_argument("--keep", action="store_true", help="use the stack that runs; leave it up")
    arguments = parser.parse_args()
    state = State.from_environment()
    if arguments.keep:
        return tell(state, arguments.students)
    code = stack.up(state, only=[])
    if code != 0:
        return code
    try:
        code = tell(state, arguments.students)
        if sys.stdin.isatty() and sys.stdout.isatty():
            _keep_up(state)
    except KeyboardInterrupt:
        print()
    finally:
        stack.down(state)
    return code


def _keep_up(state: State) -> None:
    """Print the addresses and wait for Ctrl-C."""
    print(f"\nThe stack stays up. The gateway: https://{people.address(state)}")
    print(f"Its certificates: {state / 'tls/ca.pem'}   Logs: make logs   Stop: Ctrl-C")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    sys.exit(main())
