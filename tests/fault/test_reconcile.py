"""
Vault's audit log and the ledger tell of the same openings, and whoever goes past consent is found.

"Every decrypt has exactly one committed entry and the other way round."
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import attrs
import pytest

from common.vault import decision
from deploy.audit.__main__ import audit_lines, compare, entries
from deploy.audit.reconcile import OPENING, Comparison, opening_of, reconcile
from deploy.demo import behind
from deploy.postgres import provision
from deploy.state import CHECKOUT
from services.consent.policies import questions
from tests.kit import deeds
from tests.kit.deeds import PLANTED
from tests.kit.full_stack import FullStack

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

Line = dict[str, Any]


@pytest.fixture(scope="module")
def note(stack: FullStack) -> str:
    return deeds.adviser_writes_a_note(stack, deeds.adviser_opens_a_case(stack))


@pytest.fixture(scope="module")
def pair(stack: FullStack, note: str) -> tuple[Line, Line]:
    """Read the note, and give the line and the entry of that."""
    deeds.adviser_reads_a_note(stack, note)
    line = [each for each in audit_lines(stack.state) if opening_of(each)][-1]
    entry = [each for each in entries(stack.state) if each["action"] == "case_note:read"][-1]
    return line, entry


def test_it_knows_every_action_that_opens() -> None:
    through_other_doors = {"disclosure:send", "disclosure:collect"}
    assert questions.OPENING | through_other_doors == OPENING


def test_every_opening_has_its_one_entry_and_the_other_way_round(
    stack: FullStack, pair: tuple[Line, Line]
) -> None:
    """Over all that the tests did until here, faults included."""
    found = compare(stack.state)
    assert found.openings > 0
    assert not [each for each in found.findings if each.opening.decision != PLANTED]
    assert pair[1]["entry"] not in found.unopened


def test_an_opening_that_nobody_recorded_is_found(stack: FullStack, note: str) -> None:
    """Consent's own Vault role in a thief's hands opens a note; Vault's log tells, by its role."""
    before = set(compare(stack.state).findings)
    with provision.connect(stack.state, "cases") as connection:
        row = connection.execute(
            "SELECT case_id, wrapped_key FROM notes WHERE id = %s", (note.removeprefix("notes/"),)
        ).fetchone()
    assert row is not None
    with behind.vault_as(stack.state, "consent-serve") as vault, decision(PLANTED):
        vault.unwrap_keys("rk-case", str(row[0]), [(note, str(row[1]))])
    (finding,) = set(compare(stack.state).findings) - before
    assert finding.problem == "not in the ledger"
    assert (finding.opening.role, finding.opening.record) == ("consent-serve", f"records/{row[0]}")
    done = subprocess.run(
        [sys.executable, "-m", "deploy.audit"],
        cwd=CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "SAS_STATE": str(stack.state.root),
            "SAS_PORT_BASE": str(stack.state.port_base),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert str(finding) in done.stdout


def test_a_decision_that_opened_nothing_is_told_apart(pair: tuple[Line, Line]) -> None:
    """Vault was away after the commit: no alarm, but it can be seen."""
    line, entry = pair
    found = reconcile([], [entry])
    assert found == Comparison(openings=0, findings=(), unopened=(entry["entry"],))
    assert reconcile([line], [entry]) == attrs.evolve(found, openings=1, unopened=())


@pytest.mark.parametrize(
    ("problem", "changed"),
    [
        ("not in the ledger", {"effect": "deny"}),
        ("not in the ledger", {"action": "consent:request"}),
        ("decided for another record", {"record": "records/another"}),
        ("another number of keys than was decided", {"items": ["notes/1", "notes/2"]}),
        ("decided in another trace", {"trace": "0" * 32}),
    ],
)
def test_an_entry_that_does_not_fit_explains_nothing(
    pair: tuple[Line, Line], problem: str, changed: Line
) -> None:
    line, entry = pair
    assert [each.problem for each in reconcile([line], [entry | changed]).findings] == [problem]


def test_one_decision_opens_once(pair: tuple[Line, Line]) -> None:
    line, entry = pair
    found = reconcile([line, line], [entry])
    assert {each.problem for each in found.findings} == {"opened more than once by one decision"}
