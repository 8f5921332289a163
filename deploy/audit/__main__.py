"""
Compare Vault's audit log with the ledger: `python -m deploy.audit`, in tests and nightly.

It ends with exit code 1 when something was opened that the ledger does not explain.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from deploy.audit.reconcile import Comparison, audit_lines, reconcile, report
from deploy.postgres import provision
from deploy.state import State


def main() -> int:
    """Compare, print what was found, and return the exit code."""
    found = compare(State.from_environment())
    print(report(found))
    return 1 if found.findings else 0


def compare(state: State) -> Comparison:
    """Compare the two logs of this stack, as they are now."""
    lines = list(audit_lines(state / "vault/audit.log"))
    return reconcile(lines, entries(state))


def entries(state: State) -> Iterator[dict[str, Any]]:
    """Give the entries of the ledger."""
    with provision.connect(state, "consent") as connection:
        for (entry,) in connection.execute("SELECT entry FROM entries ORDER BY idx"):
            assert isinstance(entry, bytes)  # noqa: S101 (for the type checker)
            yield json.loads(entry)


if __name__ == "__main__":
    sys.exit(main())
