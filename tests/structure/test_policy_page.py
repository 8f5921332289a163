"""`docs/policy.md` keeps every sentence of the policy in view, with the tests that keep it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/policy.md"
NUMBERS = [f"R{number}" for number in range(1, 39)]
STATES = {"kept", "partly", "not yet"}


@attrs.frozen
class Row:
    """One sentence of the policy, as the page has it."""

    number: str
    state: str
    tests: tuple[str, ...]


def rows() -> list[Row]:
    """Return the rows of the page's table."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"R\d+", cells[0]):
            found.append(
                Row(cells[0], cells[2], tuple(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", cells[4])))
            )
    return found


def test_every_sentence_of_the_policy_has_its_row() -> None:
    assert [row.number for row in rows()] == NUMBERS


def test_every_row_says_how_far_it_is_kept() -> None:
    assert {row.state for row in rows()} <= STATES


def test_what_is_kept_names_a_test_and_what_is_not_yet_names_none() -> None:
    """A number without a passing test is not done."""
    for row in rows():
        assert bool(row.tests) == (row.state != "not yet"), row.number


def test_every_test_that_the_page_names_exists() -> None:
    for row in rows():
        for name in row.tests:
            path, _, function = name.partition("::")
            file = ROOT / "tests" / path
            assert file.exists(), f"{row.number}: {name}"
            if function:
                tree = ast.parse(file.read_text(encoding="utf-8"))
                names = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
                assert function in names, f"{row.number}: {name}"
