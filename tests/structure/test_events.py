"""Every event has a reader that handles it, and what carries events stays where it is."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor
from sas.cases.v1 import events_pb2 as cases_events
from sas.consent.v1 import events_pb2 as consent_events
from sas.identity.v1 import events_pb2 as identity_events

from common.events.topology import short_name
from common.outbox import readers_of

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "cases", "consent", "reports")


def events() -> dict[str, tuple[str, ...]]:
    """Give every event by its full name, with its readers."""
    found: dict[str, tuple[str, ...]] = {}
    for file in (cases_events, consent_events, identity_events):
        descriptors: dict[str, Descriptor] = file.DESCRIPTOR.message_types_by_name
        for name, descriptor in descriptors.items():
            found[descriptor.full_name] = readers_of(getattr(file, name))
    return found


def handled_by(service: str) -> list[str]:
    """Give the events that the worker of *service* handles."""
    handlers = importlib.import_module(f"services.{service}.worker").HANDLERS
    return [handler.event.DESCRIPTOR.full_name for handler in handlers]


def test_every_event_has_a_reader() -> None:
    assert [name for name, readers in events().items() if not readers] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_handles_exactly_the_events_that_name_it(service: str) -> None:
    """One that is missing would fill its queue for ever; one too many would never come."""
    to_read = [name for name, readers in events().items() if service in readers]
    assert sorted(handled_by(service)) == sorted(to_read)


@pytest.mark.parametrize("service", SERVICES)
def test_no_two_events_of_a_reader_share_a_queue(service: str) -> None:
    short = [short_name(event) for event in handled_by(service)]
    assert len(short) == len(set(short))


def test_an_event_says_names_and_codes_only() -> None:
    """Each field is one that was thought about; what is `sealed` is ciphertext."""
    allowed = {"record", "pseudonym", "cohort", "sealed_facts", "kind"}
    allowed |= {"consent", "disclosure", "how"}
    allowed |= {"staff_member", "version", "role", "begin_time", "end_time", "sealed_address"}
    allowed |= {"decider", "overdue"}
    for file in (cases_events, consent_events, identity_events):
        for descriptor in file.DESCRIPTOR.message_types_by_name.values():
            assert {field.name for field in descriptor.fields} <= allowed, descriptor.full_name


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_process_has_no_grpc(service: str) -> None:
    """The two hang each other, which is seen only when it happens."""
    source = f"""
import common.events.process, services.{service}.__main__, services.{service}.worker, sys
print(sorted(name for name in sys.modules if name.partition(".")[0] in ("grpc", "grpc_status")))
"""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def imports(file: Path) -> Iterator[str]:
    """Give the packages that *file* imports, at its top or anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    ("library", "where"),
    [
        ("nameko", {"common/events/container.py"}),
        ("kombu", set[str]()),
        ("eventlet", {"common/events/process.py", "common/events/relay.py"}),
        ("amqp", {"common/events/broker.py"}),
    ],
)
def test_few_files_know_what_carries_events(library: str, where: set[str]) -> None:
    """So that leaving a library changes these files and no handler."""
    found = {
        str(file.relative_to(ROOT))
        for folder in ("common", "services", "clients")
        for file in (ROOT / folder).rglob("*.py")
        if library in imports(file)
    }
    assert found == where
