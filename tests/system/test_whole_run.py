"""After all that the tests have done to the shared stack: nothing was opened unrecorded."""

from __future__ import annotations

import pytest

from deploy.audit.__main__ import compare
from deploy.demo import behind
from tests.kit.deeds import PLANTED
from tests.kit.full_stack import FullStack

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first


def test_every_opening_of_the_whole_run_is_in_the_ledger(stack: FullStack) -> None:
    """Faults, attacks, mistakes and the demo included; all but what a test planted."""
    found = compare(stack.state)
    assert not [each for each in found.findings if each.opening.decision != PLANTED]


def test_the_ledger_of_the_whole_run_is_whole(stack: FullStack) -> None:
    code, output = behind.run_sas(stack.state, stack.manager, "ledger", "fsck")
    assert code == 0, output
