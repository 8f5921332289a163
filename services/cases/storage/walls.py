"""
What is behind the caller's walls, as consent says it.

Only staff members have walls; nobody is asked for anybody else. When consent can't answer, a staff
member sees nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

import attrs
from sas.consent.v1 import walls_pb2, walls_pb2_grpc

from common.caller import Caller, optional_caller
from common.rpc.client import Peer

_STAFF = "staff"


@attrs.frozen
class _Hidden:
    """What is hidden from the caller of one call."""

    caller: Caller | None = None
    records: frozenset[str] = frozenset()
    """By their uuids, which cases, enquiries and breaches have in common with their records."""
    students: frozenset[str] = frozenset()


_hidden: ContextVar[_Hidden | None] = ContextVar("hidden", default=None)


class Walls:
    """The walls around the caller of the call at hand, asked for once a call."""

    def __init__(self, peer: Peer) -> None:
        self._conflicts = peer.stub(walls_pb2_grpc.ConflictsServiceStub)

    def hidden(self) -> frozenset[str]:
        """
        Give the ids of what is not there for the caller: of records, and of students.

        Raises:
            TryAgain: consent can't answer.
        """
        known = self._of_caller()
        return known.records | {_bare(each) for each in known.students}

    def hides(self, student: str) -> bool:
        """
        Say whether a student is not there for the caller.

        Raises:
            TryAgain: consent can't answer.
        """
        return student in self._of_caller().students

    def stands_in_the_way(self, records: Sequence[str]) -> bool:
        """
        Say whether the caller should pass this to a colleague; the question is written down.

        Raises:
            NotAvailable: the caller is not of the Service.
            SecondFactorNeeded: the session has none.
            TryAgain: consent can't answer.
        """
        answer = self._conflicts.CheckConflict(walls_pb2.CheckConflictRequest(records=records))
        return bool(answer.pass_to_a_colleague)

    def _of_caller(self) -> _Hidden:
        who = optional_caller()
        if who is None or who.kind != _STAFF:
            return _Hidden()
        known = _hidden.get()
        # Each call has a caller of its own, so what is known of an earlier call is not taken.
        if known is None or known.caller is not who:
            answer = self._conflicts.GetOwnWalls(walls_pb2.GetOwnWallsRequest())
            ids = frozenset(map(_bare, answer.records))
            known = _Hidden(who, ids, frozenset(answer.students))
            _hidden.set(known)
        return known


def _bare(name: str) -> str:
    return name.partition("/")[2]
