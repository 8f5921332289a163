"""The record that it is about."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle.actions import (
    ACCIDENTS,
    EMBARGO,
    EXPLAINING,
    IN_USE,
    KIND_OF_ITEMS,
    KIND_OF_RECORD,
    ON_A_RECORD,
    READING,
)
from tests.policy.oracle.registry import Asked, on


@on(*ON_A_RECORD)
def no_such_record(asked: Asked) -> Any:
    """A record that nobody registered."""
    return not asked.record.known


@on(*IN_USE)
def record_disposed(asked: Asked) -> Any:
    """Retention is over."""
    return asked.record.disposed


@on(*READING)
def asked_by_another_service(asked: Asked) -> Any:
    """A service opens what it keeps."""
    return asked.record.known and asked.through != asked.record.kept_by


@on(*IN_USE, *EMBARGO, *EXPLAINING, "wall:declare", "conflict:check")
def conflict_of_interest(asked: Asked) -> Any:
    """A wall stands between them; but whose breach it is, only one of their own making."""
    if asked.record.involved == asked.who.name:
        return asked.who.name in asked.record.walled and (
            asked.who.name in asked.record.stepped_aside
        )
    return asked.who.name in asked.record.walled


@on(*KIND_OF_RECORD, *ACCIDENTS)
def record_of_another_kind(asked: Asked) -> Any:
    """Each action is about one kind of record; an accident is in a case, or has its own."""
    if asked.action in ACCIDENTS:
        return asked.record.known and asked.record.kind not in ("case", "incident")
    return asked.record.known and asked.record.kind != KIND_OF_RECORD[asked.action]


@on(*KIND_OF_ITEMS, "consent:request")
def items_of_another_kind(asked: Asked) -> Any:
    """What is opened is what the action says; what is asked about, what such a consent is for."""
    if asked.action == "consent:request":
        letter = asked.kind == "disclosure"
        return not asked.categories <= ({"documents", "disclosures"} if letter else {"contacts"})
    if asked.action == "name_request:read" and asked.who.kind == "student":
        return not asked.categories <= {"nameRequests"}  # what they wrote themselves
    return not asked.categories <= KIND_OF_ITEMS[asked.action]


@on(*READING)
def purpose_not_fitting(asked: Asked) -> Any:
    """Staff read for the Service's purposes, students for their own."""
    if asked.who.kind == "staff":
        return asked.purpose == "own_record"
    return asked.who.kind == "student" and asked.purpose not in ("own_record", "disclosure")
