"""Walls, and what consent tells the services that must not show what is behind them."""

from __future__ import annotations

from uuid import uuid4

from sas.consent.v1 import records_pb2, walls_pb2

from tests.kit.house import Person
from tests.service.consent.deeds import Case
from tests.service.consent.house import House


def declare(sas: House, who: Person, around: Case | Person, **fields: str) -> walls_pb2.Wall:
    """Put up a wall around a case or a student: for oneself, unless another `staff_member`."""
    what = {"student": around.name} if isinstance(around, Person) else {"record": around.record}
    request = walls_pb2.DeclareWallRequest(**{"request_id": str(uuid4())} | what | fields)
    return sas.call(who, sas.gateway.walls.DeclareWall, request)


def lift(sas: House, who: Person, wall: walls_pb2.Wall) -> walls_pb2.Wall:
    """Take a wall down."""
    request = walls_pb2.LiftWallRequest(name=wall.name)
    return sas.call(who, sas.gateway.walls.LiftWall, request)


def listed(sas: House, who: Person, *, size: int = 200) -> list[walls_pb2.Wall]:
    """List everybody's walls, page by page."""
    found: list[walls_pb2.Wall] = []
    token = ""
    while True:
        request = walls_pb2.ListWallsRequest(everybodys=True, page_size=size, page_token=token)
        page = sas.call(who, sas.gateway.walls.ListWalls, request)
        found += page.walls
        token = page.next_page_token
        if not token:
            return found


def hidden_from(sas: House, who: Person) -> walls_pb2.OwnWalls:
    """Give what cases and identity are told not to show to somebody."""
    return sas.call(who, sas.cases.conflicts.GetOwnWalls, walls_pb2.GetOwnWallsRequest())


def should_pass_on(sas: House, who: Person, *, records: str = "", student: str = "") -> bool:
    """Ask for a conflict of interest, as cases and identity do."""
    request = walls_pb2.CheckConflictRequest(
        records=records.split(), students=[student] if student else []
    )
    return sas.call(who, sas.cases.conflicts.CheckConflict, request).pass_to_a_colleague


def register(
    sas: House, kind: records_pb2.RecordKind.ValueType, *, student: str = "", parent: str = ""
) -> str:
    """Make a record known, as the service that keeps such."""
    record = f"records/{uuid4()}"
    identity = kind == records_pb2.RECORD_KIND_REGISTRATION_FORM
    request = records_pb2.RegisterRecordRequest(
        record=record, kind=kind, student=student, parent=parent
    )
    callers = sas.identity if identity else sas.cases
    sas.call(None, callers.records.RegisterRecord, request)
    return record
