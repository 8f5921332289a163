"""Walls, over gRPC."""

from __future__ import annotations

import grpc
from sas.consent.v1 import walls_pb2, walls_pb2_grpc

from services.consent.actions import walls
from services.consent.actions.parts import Parts
from services.consent.api.translate import caller
from services.consent.storage.records import Wall


class WallsServicer(walls_pb2_grpc.WallsServiceServicer):
    """A conflict of interest between a staff member and a record."""

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
            request_id=request.request_id,
        )
        return _wall(wall)

    def LiftWall(
        self, request: walls_pb2.LiftWallRequest, context: grpc.ServicerContext
    ) -> walls_pb2.Wall:
        return _wall(walls.lift_wall(self._parts, caller(), request.name))


def _wall(wall: Wall) -> walls_pb2.Wall:
    return walls_pb2.Wall(
        name=wall.name, staff_member=wall.staff_member, record=wall.record, lifted=wall.lifted
    )
