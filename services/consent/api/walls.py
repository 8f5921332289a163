"""Walls, and what they leave of the world for a caller, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import walls_pb2, walls_pb2_grpc

from common.pages import encode_token, page_size
from services.consent.actions import walls
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller, entry_id, timestamp
from services.consent.domain.names import bare
from services.consent.storage.records import Wall
from services.consent.storage.walls import StandingWall


class WallsServicer(walls_pb2_grpc.WallsServiceServicer):
    """A conflict of interest between a staff member and a record or a student."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def DeclareWall(
        self, request: walls_pb2.DeclareWallRequest, context: grpc.ServicerContext
    ) -> walls_pb2.Wall:
        wall = walls.declare_wall(
            self._parts,
            caller(),
            staff_member=request.staff_member,
            record=request.record,
            student=request.student,
            request_id=request.request_id,
        )
        return _wall(wall)

    def LiftWall(
        self, request: walls_pb2.LiftWallRequest, context: grpc.ServicerContext
    ) -> walls_pb2.Wall:
        return _wall(walls.lift_wall(self._parts, caller(), request.name))

    def ListWalls(
        self, request: walls_pb2.ListWallsRequest, context: grpc.ServicerContext
    ) -> walls_pb2.ListWallsResponse:
        size = page_size(request.page_size)
        last = entry_id(request.page_token)
        found = walls.list_walls(
            self._parts,
            caller(),
            everybodys=request.everybodys,
            after=f"walls/{last}" if last else None,
            count=size + 1,
        )
        page, more = found[:size], len(found) > size
        return walls_pb2.ListWallsResponse(
            walls=map(_standing, page),
            next_page_token=encode_token(bare(page[-1].name)) if more else "",
        )


class ConflictsServicer(walls_pb2_grpc.ConflictsServiceServicer):
    """What other services ask about the caller's conflicts of interest."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def GetOwnWalls(
        self, request: walls_pb2.GetOwnWallsRequest, context: grpc.ServicerContext
    ) -> walls_pb2.OwnWalls:
        found = walls.own_walls(self._parts, caller())
        return walls_pb2.OwnWalls(records=sorted(found.records), students=sorted(found.students))

    def CheckConflict(
        self, request: walls_pb2.CheckConflictRequest, context: grpc.ServicerContext
    ) -> walls_pb2.CheckConflictResponse:
        answer = walls.stands_in_the_way(
            self._parts, caller(), records=request.records, students=request.students
        )
        return walls_pb2.CheckConflictResponse(pass_to_a_colleague=answer)


def _standing(wall: StandingWall) -> walls_pb2.Wall:
    return walls_pb2.Wall(
        name=wall.name,
        staff_member=wall.staff_member,
        record=wall.record,
        student=wall.student,
        declared_by=wall.declared_by,
        declare_time=timestamp(wall.declared_at),
    )


def _wall(wall: Wall) -> walls_pb2.Wall:
    return walls_pb2.Wall(
        name=wall.name,
        staff_member=wall.staff_member,
        record=wall.record,
        lifted=wall.lifted,
        student=wall.student,
    )
