"""
Repeated calls: the same `request_id` makes one thing, however often and however parallel.

The name is chosen and committed before anything else happens. A repeat gets the same name, and goes
through the same steps, each of which does nothing the second time: consent knows the record, Vault
has its key, the row is there. So a repeat also finishes what a crash left half done. What a crash
leaves, if nobody repeats, is a name, a registered record and a key that seals nothing.
"""

from __future__ import annotations

from common.caller import Caller
from common.errors import TryAgain
from common.requests import earlier_result, remember_request
from services.cases.actions.tools import Tools
from services.cases.domain.names import name_of, new_id


def name_once(tools: Tools, who: Caller, method: str, request_id: str, collection: str) -> str:
    """
    Give the name of the thing that this call creates: a fresh one, or that of the earlier try.

    Raises:
        RequestIdReused: somebody else, or another method, used this `request_id`.
    """
    fresh = name_of(collection, new_id())
    try:
        with tools.begin() as work:
            earlier = earlier_result(work.connection, request_id, who.person, method)
            if earlier is not None:
                return earlier
            remember_request(work.connection, request_id, who.person, method, fresh)
            work.commit()
    except TryAgain:
        # The same call came at the same moment and was first: its name is committed now. Or the
        # database is away; then asking again, which takes a fresh connection, says so.
        with tools.begin() as work:
            first = earlier_result(work.connection, request_id, who.person, method)
        if first is None:
            raise
        return first
    return fresh
