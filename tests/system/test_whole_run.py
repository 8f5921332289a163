"""After all that the tests have done to the shared stack: nothing was opened unrecorded."""

from __future__ import annotations

import pytest

from deploy.audit.__main__ import compare
from deploy.demo import behind
from tests.kit.full_stack import FullStack
from tests.kit.planted import PLANTED, is_planted

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first


def test_every_opening_of_the_whole_run_is_in_the_ledger(stack: FullStack) -> None:
    """
    Faults, attacks, mistakes and the demo included; all but what a test planted, and all that.

    The services' own tests compare theirs when they end (`tests/kit/house.py`).
    """
    found = compare(stack.state)
    unexplained = {each.opening.decision for each in found.findings}
    assert not {name for name in unexplained if not is_planted(name)}
    assert unexplained >= PLANTED


def test_the_ledger_of_the_whole_run_is_whole(stack: FullStack) -> None:
    code, output = behind.run_sas(stack.state, stack.manager, "ledger", "fsck")
    assert code == 0, output
