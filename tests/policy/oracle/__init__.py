"""
The confidentiality policy once more, in plain Python, written from its sentences.

It is slow, long-winded and knows nothing of Cedar: it is what the policy file is compared with, by
truth tables and by proof. Each function is one reason for a no and is named as its code; what has
no reason against it is allowed. So whoever changes a rule says it twice, in two languages.

`asked` has the facts of one request: `asked.who`, `asked.record`, and what else the schema gives
the action, such as `asked.consent`; what isn't there is None. Write alternatives as a tuple (`in
("requested", "refused")`) and sets as sets: the same functions are also run by `symbolic.py`.

One file for each chapter of the policy file; `actions.py` has the sets of actions.
"""

from __future__ import annotations

from tests.policy.oracle import (
    accidents,
    breach,
    collect,
    consent,
    copying,
    explaining,
    keeping,
    naming,
    paper,
    record,
    reports,
)
from tests.policy.oracle.actions import ANSWERING, EMBARGO, EXPLAINING, LETTING_GO, READING
from tests.policy.oracle.registry import REASONS, reasons
from tests.policy.oracle.who import OBLIGATIONS, PERMITS, permits

__all__ = [
    "ANSWERING",
    "EMBARGO",
    "EXPLAINING",
    "LETTING_GO",
    "OBLIGATIONS",
    "PERMITS",
    "READING",
    "REASONS",
    "accidents",
    "breach",
    "collect",
    "consent",
    "copying",
    "explaining",
    "keeping",
    "naming",
    "paper",
    "permits",
    "reasons",
    "record",
    "reports",
]
