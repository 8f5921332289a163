"""
What a call did, as the collector kept it: wait for its spans, and compare them with what we expect.

An expected tree is written as it is printed, by indentation:

    gateway
      -> identity.Check
        identity.Check
      cases.GetCaseNote
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

from deploy.telemetry.spans import Node, Span, build
from deploy.telemetry.store import SpanStore

SETTLED_SECONDS = 1.5
"""Processes send their spans every half second; after this long without a new one, that was all."""


def spans_of(state: Path, trace_id: str, *, seconds: float = 15) -> list[Span]:
    """Give all spans of a trace, when no more come."""
    store = SpanStore(state / "telemetry" / "spans.db")
    until = time.monotonic() + seconds
    found: list[Span] = []
    since = time.monotonic()
    try:
        while time.monotonic() < until:
            now = store.trace(trace_id)
            if len(now) != len(found):
                found, since = now, time.monotonic()
            elif found and time.monotonic() - since > SETTLED_SECONDS:
                return found
            time.sleep(0.1)
    finally:
        store.close()
    return found


def shape(roots: Sequence[Node]) -> str:
    """Write the names only, as a tree; alike siblings in the order in which they began."""

    def lines(node: Node, depth: int) -> list[str]:
        below = [line for child in node.children for line in lines(child, depth + 1)]
        return ["  " * depth + node.span.name, *below]

    return "\n".join(line for root in roots for line in lines(root, 0))


def assert_tree(spans: Sequence[Span], expected: str) -> None:
    """Check that the spans are exactly this tree."""
    assert shape(build(spans)) == dedent(expected).strip("\n")


def ways_to(spans: Sequence[Span], name: str) -> list[list[str]]:
    """Give the names from the root down to each span called *name*."""
    found: list[list[str]] = []

    def look(node: Node, above: list[str]) -> None:
        here = [*above, node.span.name]
        if node.span.name == name:
            found.append(here)
        for child in node.children:
            look(child, here)

    for root in build(spans):
        look(root, [])
    return found
