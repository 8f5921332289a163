"""Consent as it runs, and the people and services that call it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import attrs
import pytest
from google.protobuf.message import Message
from sas.consent.v1 import (
    breach_procedure_pb2_grpc,
    breach_tasks_pb2_grpc,
    consents_pb2_grpc,
    embargoes_pb2_grpc,
    gate_pb2_grpc,
    ledger_health_pb2_grpc,
    ledger_pb2_grpc,
    name_procedure_pb2_grpc,
    policy_pb2_grpc,
    records_pb2_grpc,
    releases_pb2_grpc,
    walls_pb2_grpc,
)

from common.db import Database
from common.errors import RefusedByPolicy
from common.passes import PassOffice
from common.rpc.client import Peer
from services.consent.actions.parts import Parts
from services.consent.actions.signing import LedgerKey
from services.consent.config import Settings
from services.consent.policies.engine import Policy
from services.consent.storage.group_commit import GroupCommit
from services.consent.storage.work import Change, Work
from tests.kit import house
from tests.kit.house import Person, Refusal, login

STAFF = frozenset({"breach:draft", "ledger:verify", "name_task:list"})


def staff(role: str = "adviser", **changes: Any) -> Person:
    """Make up a staff member."""
    person = Person(f"staffMembers/{uuid4()}", "staff", frozenset({role}), STAFF)
    return attrs.evolve(person, **changes)


def student() -> Person:
    """Make up a student."""
    return Person(f"students/{uuid4()}", "student", frozenset({"student"}), second_factor=False)


class Callers:
    """Consent's stubs, as one service or the gateway has them."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.records = self.peer.stub(records_pb2_grpc.RecordsServiceStub)
        self.gate = self.peer.stub(gate_pb2_grpc.GateServiceStub)
        self.consents = self.peer.stub(consents_pb2_grpc.ConsentsServiceStub)
        self.procedure = self.peer.stub(breach_procedure_pb2_grpc.BreachProcedureServiceStub)
        self.tasks = self.peer.stub(breach_tasks_pb2_grpc.BreachTasksServiceStub)
        self.embargoes = self.peer.stub(embargoes_pb2_grpc.EmbargoesServiceStub)
        self.names = self.peer.stub(name_procedure_pb2_grpc.NameProcedureServiceStub)
        self.walls = self.peer.stub(walls_pb2_grpc.WallsServiceStub)
        self.conflicts = self.peer.stub(walls_pb2_grpc.ConflictsServiceStub)
        self.releases = self.peer.stub(releases_pb2_grpc.ReleasesServiceStub)
        self.health = self.peer.stub(ledger_health_pb2_grpc.LedgerHealthServiceStub)
        self.policy = self.peer.stub(policy_pb2_grpc.PolicyServiceStub)
        self.ledger = self.peer.stub(ledger_pb2_grpc.LedgerServiceStub)


class House(house.House):
    """The running services."""

    service = "consent"
    databases = ("consent",)
    processes = ("telemetry", "witness", "consent-serve", "consent-work")
    told = {"consent-work": {"checkpoint_seconds": 2, "witness_seconds": 0.5}}  # noqa: RUF012
    by_relay = "consent-serve"

    def move_in(self) -> None:
        """Make the stubs, as each of consent's callers has them."""
        roles = ("identity-serve", "cases-serve", "reports-serve", "gateway")
        self.vaults = {role: self.vault(role) for role in roles}
        self.gateway = Callers(self.peer("consent"))
        self.cases = Callers(self.peer("consent", "cases-serve"))
        self.identity = Callers(self.peer("consent", "identity-serve"))
        self.reports = Callers(self.peer("consent", "reports-serve"))

    def refusal(
        self, callers: Callers, who: Person | None, method: str, request: Message
    ) -> Refusal:
        """Call a method (`RecordsService/OpenRecord`) and give the refusal as it is."""
        return self.refusal_by(callers.peer, who, f"sas.consent.v1.{method}", request)

    def last_entry(self, **having: str) -> dict[str, Any]:
        """Give the newest ledger entry whose columns have these values."""
        conditions = " and ".join(f"{column} = %s" for column in having)
        found = self.sql(
            f"select entry from entries where {conditions} order by idx desc limit 1",  # noqa: S608
            *having.values(),
        )
        assert found, "there is no such entry"
        fields: dict[str, Any] = json.loads(bytes(found[0][0]))
        return fields

    def knows(self, person: Person, role: str = "adviser", until: datetime | None = None) -> None:
        """Let consent know of a staff member, as after identity has told; the first time counts."""
        self.sql(
            "insert into staff_roles values (%s, 1, %s, now() - interval '1 year', %s)"
            " on conflict do nothing",
            person.name,
            role,
            until or in_days(100),
        )

    @contextmanager
    def parts(self, clock: Callable[[], datetime]) -> Iterator[Parts]:
        """Give what consent's actions work with, on the same servers, by another clock."""
        vault = login(self.state, "consent-serve")
        database = Database(self.settings("consent-serve"), vault)
        try:
            group_commit = GroupCommit(database.reserved("AUTOCOMMIT"), database.reserved())
            yield Parts(
                new_change=lambda: Change(database.engine, group_commit.forget),
                new_work=lambda: Work(database.engine),
                new_reads=lambda: Work(database.reads),
                group_commit=group_commit,
                policy=Policy.load(),
                vault=vault,
                passes=PassOffice(vault),
                ledger_key=LedgerKey(vault, Settings().origin),
                clock=clock,
            )
        finally:
            database.close()
            vault.close()


def in_days(days: float) -> datetime:
    """Give a time, counted from now."""
    return datetime.now(UTC) + timedelta(days=days)


def reasons(refused: pytest.ExceptionInfo[RefusedByPolicy]) -> tuple[str, ...]:
    """Give the reasons of a refusal."""
    return refused.value.reasons
