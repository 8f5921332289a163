"""
Openings past consent, planted by tests on purpose, to be found by the reconciler.

Every one is remembered, so that after the whole run each must have been found, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from common.vault import decision

PLANTED: set[str] = set()
"""The decisions named by what was opened past consent in the whole stack, in this run."""
PREFIX = "planted-by-a-test-"


@contextmanager
def planting(named: str = "") -> Iterator[str]:
    """Have what is opened in the block name this decision, or one that nobody has taken."""
    name = named or f"{PREFIX}{uuid4()}"
    PLANTED.add(name)
    with decision(name):
        yield name


def is_planted(name: str) -> bool:
    """Whether this is a test's; a stack that is used again remembers earlier runs, too."""
    return name in PLANTED or name.startswith(PREFIX)
