"""
One trace as a tree, for operators and for the tests of the walks.

    gateway  12.3 ms  [gateway]
      cases.GetCaseNote  9.8 ms  [cases-serve]
        -> consent.OpenRecord  7.0 ms  [cases-serve]
          consent.OpenRecord  6.1 ms  [consent-serve]  ledger 42  permit
            ledger append  0.9 ms  [consent-serve]  batch of 3
            vault decrypt  1.3 ms  [consent-serve]  rk-case
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

SHOWN = {
    "sas.route": "{}",
    "sas.effect": "{}",
    "sas.ledger_index": "ledger {}",
    "sas.ledger_batch": "batch of {}",
    "sas.vault.mount": "{}",
    "rpc.grpc.status_code": "status {}",
    "http.status_code": "http {}",
}
"""The attributes a reader of the tree wants to see, and how each is written."""

FAILED = 2
"""OTLP's status code of a span that failed."""


@attrs.frozen
class Span:
    """What one process did, once; times in nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    process: str
    name: str
    kind: int
    started: int
    ended: int
    status: int
    attributes: dict[str, str | int | float | bool] = attrs.field(factory=dict, hash=False)
    links: tuple[str, ...] = ()
    """The ids of the traces that this span follows from, other than by its parent."""

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started) / 1e6


@attrs.frozen
class Node:
    """A span and what happened inside it, in order of beginning."""

    span: Span
    children: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Give this node and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


def build(spans: Iterable[Span]) -> tuple[Node, ...]:
    """Put spans under their parents; one whose parent is not there becomes a root of its own."""
    by_id = {span.span_id: span for span in spans}
    below: dict[str, list[Span]] = {}
    for span in sorted(by_id.values(), key=lambda each: (each.started, each.span_id)):
        parent = span.parent_id if span.parent_id in by_id else ""
        below.setdefault(parent, []).append(span)

    def node(span: Span) -> Node:
        return Node(span, tuple(node(child) for child in below.get(span.span_id, ())))

    return tuple(node(root) for root in below.get("", ()))


def render(roots: Sequence[Node]) -> str:
    """Write the trees as indented text."""
    return "\n".join(line for root in roots for line in _lines(root, 0))


def _lines(node: Node, depth: int) -> Iterator[str]:
    span = node.span
    words = [f"{span.name}", f"{span.milliseconds:.1f} ms", f"[{span.process}]"]
    for name, form in SHOWN.items():
        value = span.attributes.get(name)
        if value is not None and not (name == "rpc.grpc.status_code" and value == 0):
            words.append(form.format(value))
    if span.status == FAILED:
        words.append("failed")
    yield "  " * depth + "  ".join(words)
    for child in node.children:
        yield from _lines(child, depth + 1)
