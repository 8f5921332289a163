"""
Was everything that Vault opened decided and recorded before, and nothing else opened?

Words can be read only after Vault unwrapped a data key of their record, and Vault writes an audit
line before it answers. Consent names the ledger entry of its decision in that line. So each
opening is in both logs, under one id, and whoever opened something past consent, with a stolen
token or as an operator, has left a line in Vault's log that no entry explains.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

OPENING = frozenset(
    {
        "access_copy:collect",
        "access_copy:preview",
        "breach:read",
        "case_note:read",
        "disclosure:collect",
        "disclosure:preview",
        "disclosure:send",
        "document:read",
        "incident:read",
        "name_request:read",
        "enquiry:answer",
        "enquiry:read",
        "registration_form:read",
        "third_party:read",
        "use:confirm",
    }
)
"""The actions after which consent has data keys unwrapped; a test compares them with consent's."""


WAYS = ("decrypt", "export", "byok-export", "backup")
"""What Vault's transit engine can be asked for that leads to what was sealed: its data keys, or the
record's own key whole, which no key of ours allows until somebody changes it."""


@attrs.frozen
class Opening:
    """Data keys of one record that Vault unwrapped, by one line of its audit log."""

    request: str
    """Vault's id of the request, by which an operator finds the line."""
    at: str
    role: str
    """Whose token it was."""
    record: str
    keys: int
    decision: str
    """The ledger entry that it names; empty if it names none."""
    trace: str


@attrs.frozen
class Finding:
    """An alarm: an opening that no entry of the ledger explains."""

    problem: str
    opening: Opening

    def __str__(self) -> str:
        return (
            f"{self.problem}: {self.opening.keys} keys of {self.opening.record} at"
            f" {self.opening.at} for {self.opening.role}, Vault's request {self.opening.request}"
        )


@attrs.frozen
class Unopened:
    """An entry that allowed an opening of which Vault knows nothing."""

    decision: str
    trace: str
    record: str

    def __str__(self) -> str:
        return f"decided and not opened: {self.record} by entry {self.decision}, trace {self.trace}"


@attrs.frozen
class Comparison:
    """What the two logs say of each other, joined by decision and trace."""

    openings: int
    """How many there were."""
    findings: tuple[Finding, ...]
    unopened: tuple[Unopened, ...]
    """
    Entries that allowed an opening which did not happen: Vault was away, or the answer is on its
    way. Harmless: a line too many in a student's list, where a line too few would not be.
    """


def reconcile(
    lines: Iterable[Mapping[str, Any]], entries: Iterable[Mapping[str, Any]]
) -> Comparison:
    """
    Compare Vault's audit lines with the ledger's entries.

    Read the entries after the lines: an entry is committed before its opening, never after.
    """
    allowing = {each["entry"]: each for each in entries if each["effect"] == "allow"}
    openings = [found for line in lines if (found := opening_of(line)) is not None]
    times = Counter(each.decision for each in openings)
    problems = (
        (_problem(each, allowing.get(each.decision), times[each.decision]), each)
        for each in openings
    )
    return Comparison(
        openings=len(openings),
        findings=tuple(Finding(problem, each) for problem, each in problems if problem),
        unopened=tuple(
            Unopened(name, entry["trace"], entry["record"])
            for name, entry in allowing.items()
            if entry["action"] in OPENING and entry["items"] and name not in times
        ),
    )


def report(found: Comparison) -> str:
    """Say what was found, one line each."""
    return "\n".join(
        [
            *map(str, found.findings),
            *map(str, found.unopened),
            f"{found.openings} openings, {len(found.findings)} of them not explained;"
            f" {len(found.unopened)} decisions that opened nothing",
        ]
    )


def audit_lines(log: Path) -> Iterator[dict[str, Any]]:
    """Give the lines of Vault's audit log that have to do with opening."""
    with log.open(encoding="utf-8") as opened:
        for line in opened:
            if any(f"/{way}/" in line for way in WAYS):
                yield json.loads(line)


def opening_of(line: Mapping[str, Any]) -> Opening | None:
    """
    Give what an audit line says was opened: data keys of a record, in Vault's answer.

    Or the record's own key, which opens all of them, taken out of Vault by an operator.
    """
    request = line.get("request") or {}
    mount, _, rest = str(request.get("path", "")).partition("/")
    how, _, key = rest.partition("/")
    if line["type"] != "response" or not mount.startswith("rk-") or how not in WAYS:
        return None
    data = (line.get("response") or {}).get("data") or {}
    if how == "decrypt":
        keys = sum("plaintext" in each for each in (data, *(data.get("batch_results") or ())))
    else:
        keys = 1 if data else 0
        key = next(part for part in reversed(key.split("/")) if not part.isdecimal())
    if keys == 0:
        return None
    headers = request.get("headers") or {}
    return Opening(
        request=request["id"],
        at=line["time"],
        role=(line["auth"].get("metadata") or {}).get("role_name", line["auth"]["display_name"]),
        record=f"records/{key}",
        keys=keys,
        decision=_only(headers.get("x-sas-decision")),
        trace=_only(headers.get("traceparent"))[3:35],
    )


def _problem(opening: Opening, entry: Mapping[str, Any] | None, times: int) -> str:
    """Say what is wrong with an opening, or nothing."""
    if entry is None or entry["action"] not in OPENING:
        return "not in the ledger"
    if times > 1:
        return "opened more than once by one decision"
    if entry["record"] != opening.record:
        return "decided for another record"
    if len(entry["items"]) != opening.keys:
        return "another number of keys than was decided"
    if entry["trace"] != opening.trace:
        return "decided in another trace"
    return ""


def _only(values: list[str] | None) -> str:
    """Give a header's value if it came once."""
    return values[0] if values is not None and len(values) == 1 else ""
