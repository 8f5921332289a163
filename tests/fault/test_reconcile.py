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

from deploy.audit.__main__ import compare, entries
from deploy.audit.reconcile import (
    OPENING,
    Comparison,
    Finding,
    Unopened,
    audit_lines,
    opening_of,
    reconcile,
)
from deploy.demo import behind
from deploy.postgres import provision
from deploy.state import CHECKOUT
from services.consent.policies import questions
from tests.kit import deeds
from tests.kit.full_stack import FullStack
from tests.kit.planted import is_planted, planting

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

Line = dict[str, Any]


@pytest.fixture(scope="module")
def note(stack: FullStack) -> str:
    return deeds.adviser_writes_a_note(stack, deeds.adviser_opens_a_case(stack))


@pytest.fixture(scope="module")
def pair(stack: FullStack, note: str) -> tuple[Line, Line]:
    """Read the note, and give the line and the entry of that."""
    deeds.adviser_reads_a_note(stack, note)
    log = stack.state / "vault/audit.log"
    line = [each for each in audit_lines(log) if opening_of(each)][-1]
    entry = [each for each in entries(stack.state) if each["action"] == "case_note:read"][-1]
    return line, entry


def test_it_knows_every_action_that_opens() -> None:
    through_other_doors = {
        "access_copy:collect",
        "disclosure:send",
        "disclosure:collect",
        "use:confirm",
    }
    assert questions.OPENING | through_other_doors == OPENING


def test_every_opening_has_its_one_entry_and_the_other_way_round(
    stack: FullStack, pair: tuple[Line, Line]
) -> None:
    """Over all that the tests did until here, faults included."""
    found = compare(stack.state)
    assert found.openings > 0
    assert not [each for each in found.findings if not is_planted(each.opening.decision)]
    assert pair[1]["entry"] not in {each.decision for each in found.unopened}


def wrapped_key_of(stack: FullStack, note: str) -> tuple[str, str]:
    """Give the record of a note and its wrapped key, as a thief of the database has them."""
    with provision.connect(stack.state, "cases") as connection:
        row = connection.execute(
            "SELECT case_id, wrapped_key FROM notes WHERE id = %s", (note.removeprefix("notes/"),)
        ).fetchone()
    assert row is not None
    return str(row[0]), str(row[1])


def opened_past_consent(stack: FullStack, note: str, named: str = "") -> set[Finding]:
    """Open a note with consent's own Vault role in a thief's hands; give what is found of it."""
    before = set(compare(stack.state).findings)
    case, wrapped = wrapped_key_of(stack, note)
    with behind.vault_as(stack.state, "consent-serve") as vault, planting(named):
        vault.unwrap_keys("rk-case", case, [(note, wrapped)])
    return set(compare(stack.state).findings) - before


def test_an_opening_that_nobody_recorded_is_found(stack: FullStack, note: str) -> None:
    """Vault's log tells, by the thief's role; and the operators' command says so."""
    (finding,) = opened_past_consent(stack, note)
    assert finding.problem == "not in the ledger"
    case, _ = wrapped_key_of(stack, note)
    assert (finding.opening.role, finding.opening.record) == ("consent-serve", f"records/{case}")
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


def test_a_decision_used_a_second_time_is_found(stack: FullStack, note: str) -> None:
    """The thief names a decision that was taken, for the same note: its one opening is spent."""
    deeds.adviser_reads_a_note(stack, note)
    entry = [each for each in entries(stack.state) if each["action"] == "case_note:read"][-1]
    found = opened_past_consent(stack, note, named=entry["entry"])
    assert {each.problem for each in found} == {"opened more than once by one decision"}
    assert len(found) == 2  # which of the two was honest, the times tell


def test_a_refusal_explains_no_opening(stack: FullStack, note: str) -> None:
    with stack.http(stack.other_student) as stranger:
        assert stranger.get(f"/v1/{note}", params={"purpose": "PURPOSE_ADVICE"}).is_error
    refused = [each for each in entries(stack.state) if each["effect"] == "deny"][-1]
    assert refused["action"] == "case_note:read"
    (finding,) = opened_past_consent(stack, note, named=refused["entry"])
    assert finding.problem == "not in the ledger"


def test_a_key_taken_out_of_vault_whole_is_found() -> None:
    """By an operator who has made it exportable first, or backs it up: it opens every item."""
    for path in (
        "rk-case/export/encryption-key/0f3a",
        "rk-case/export/encryption-key/0f3a/1",
        "rk-case/backup/0f3a",
        "rk-case/byok-export/theirs/0f3a",
    ):
        line = {
            "type": "response",
            "time": "2026-11-25T05:00:00Z",
            "auth": {"display_name": "userpass-operator-one"},
            "request": {"id": "r", "path": path},
            "response": {"data": {"keys": "hmac-sha256:x"}},
        }
        (finding,) = reconcile([line], []).findings
        assert (finding.problem, finding.opening.record) == ("not in the ledger", "records/0f3a")
        assert reconcile([line | {"type": "request"}], []).findings == ()
        assert reconcile([line | {"response": {}}], []).findings == ()


def test_a_decision_that_opened_nothing_is_told_apart(pair: tuple[Line, Line]) -> None:
    """Vault was away after the commit: no alarm, but it can be seen."""
    line, entry = pair
    found = reconcile([], [entry])
    unopened = Unopened(entry["entry"], entry["trace"], entry["record"])
    assert found == Comparison(openings=0, findings=(), unopened=(unopened,))
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
