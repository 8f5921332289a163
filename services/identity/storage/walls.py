"""
Which students are behind the caller's walls, as consent says it.

Only staff members have walls; nobody is asked for anybody else. When consent can't answer, a staff
member finds nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from sas.consent.v1 import walls_pb2, walls_pb2_grpc

from common.caller import optional_caller
from services.identity.domain.sessions import STAFF


@attrs.frozen
class Walls:
    """The walls around the caller of the call at hand."""

    stub: walls_pb2_grpc.ConflictsServiceStub

    def hidden(self) -> frozenset[str]:
        """
        Give the ids of the students who are not there for the caller.

        Raises:
            TryAgain: consent can't answer.
        """
        who = optional_caller()
        if who is None or who.kind != STAFF:
            return frozenset()
        answer = self.stub.GetOwnWalls(walls_pb2.GetOwnWallsRequest())
        return frozenset(each.partition("/")[2] for each in answer.students)

    def stand_in_the_way(self, students: Sequence[str]) -> bool:
        """
        Say whether the caller should pass these to a colleague; the question is written down.

        Raises:
            NotAvailable: the caller is not of the Service.
            SecondFactorNeeded: the session has none.
            TryAgain: consent can't answer.
        """
        answer = self.stub.CheckConflict(walls_pb2.CheckConflictRequest(students=students))
        return bool(answer.pass_to_a_colleague)
