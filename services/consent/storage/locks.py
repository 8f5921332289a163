"""
Locks by name, until the end of the transaction.

For transactions that change facts: each shares the locks of what its own decision rests on, and
holds those of what it changes. Row locks would need the right to update, which nobody has here.
Whoever changes nothing needs none: `group_commit` finds out whether the facts stayed as they were.

Taken in this order, so that nobody waits in a circle: a student as a whole, then records (a record
before the one it belongs to), then one breach, then disclosures or contacts in the order of their
names, or one request for a name or line of a list, then the ledger's frontier.
"""

from __future__ import annotations

import attrs
from sqlalchemy import Connection, text

_SHARE = text("select pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


@attrs.frozen
class Locks:
    """Locks by resource name; two names with one hash only wait for each other."""

    connection: Connection

    def share(self, name: str) -> None:
        """Keep *name* from being changed until this transaction ends."""
        self.connection.execute(_SHARE, {"name": name})

    def hold(self, name: str) -> None:
        """Keep *name* to oneself until this transaction ends."""
        self.connection.execute(_HOLD, {"name": name})
