"""
Who gains and who loses when the policy file changes.

    python -m tests.policy.diff [OLD [NEW]]

OLD and NEW are commits, or folders with a policy file and its schema. Without NEW it is this
checkout as it lies there; without OLD, what it grew from: the commit where this branch left `main`,
or the last one if this is `main` itself and nothing is changed. It reports and judges nothing: a
change that lets somebody in may be just what was meant, and whoever reads the report says so.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import attrs

from services.consent.domain.reasons import REASONS, in_words
from services.consent.policies.engine import Policy, PolicyBroken
from tests.policy.asking import Path as FactPath
from tests.policy.asking import Plain
from tests.policy.cedar_rules import Rules
from tests.policy.difference import Change, changes, rules_that_differ

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = "services/consent/policies"
POLICY, SCHEMA = "confidentiality.cedar", "confidentiality.cedarschema"


class NothingToRead(Exception):
    """There is no such version of the policy; the message says which."""


@attrs.frozen
class Checkout:
    """A checkout with its history."""

    folder: Path = CHECKOUT

    def read(self, version: str) -> Rules:
        """
        Read the policy of a commit, or in a folder.

        Raises:
            NothingToRead: there is none, or it is no policy.
        """
        at = self.folder / version
        if at.is_dir():
            policies, schema = (at / POLICY, at / SCHEMA)
            if not policies.is_file() or not schema.is_file():
                raise NothingToRead(f"{version}: no {POLICY} with its schema in this folder")
            return _read(version, policies.read_text("utf-8"), schema.read_text("utf-8"))
        texts = (self._git("show", f"{version}:{FOLDER}/{name}") for name in (POLICY, SCHEMA))
        return _read(version, *texts)

    def before(self) -> str:
        """
        Give the commit that this checkout grew from.

        Raises:
            NothingToRead: there is no history here.
        """
        here = self._git("rev-parse", "HEAD").strip()
        left = self._git("merge-base", "HEAD", "main").strip()
        changed = self._git("status", "--porcelain", "--", FOLDER).strip()
        return left if left != here or changed else "HEAD~1"

    def _git(self, *words: str) -> str:
        said = subprocess.run(
            ["git", "-C", str(self.folder), *words], capture_output=True, text=True, check=False
        )
        if said.returncode:
            raise NothingToRead(said.stderr.strip() or f"git {words[0]} gave nothing")
        return said.stdout


def _read(version: str, policies: str, schema: str) -> Rules:
    try:
        Policy(policies, schema)
    except PolicyBroken as error:
        raise NothingToRead(f"{version}: {error}") from error
    return Rules.read(policies, schema)


def report(before: Rules, after: Rules) -> Iterator[str]:
    """Say in words who gains and who loses, line by line."""
    rules = rules_that_differ(before, after)
    yield f"rules that differ: {len(rules)}"
    yield from (f"  {id_}: {how}" for id_, how in rules.items())
    found = sorted(changes(before, after), key=_said_of)
    if not any(each.gains or each.loses for each in found):
        yield "nobody gains or loses"
    for said, actions in groupby(found, key=_said_of):
        names = ", ".join(each.asking.name for each in actions)
        yield from textwrap.wrap(names, 100, break_on_hyphens=False)
        yield from said


def _said_of(change: Change) -> list[str]:
    """Say what a change does; actions of which the same is said are told together."""
    said = []
    for example, who, refused in (
        (change.gains, "gains", "was refused"),
        (change.loses, "loses", "is refused now"),
    ):
        if example is not None:
            facts = (_fact(path, fact, change) for path, fact in sorted(example.facts.items()))
            said.append(f"  somebody {who}:")
            said.extend(f"    {each}" for each in facts)
            said.extend(f"    {refused}: {_reason(each)}" for each in sorted(example.reasons))
    for reason in sorted(change.other_reasons):
        said.append(f"  the same no, now with or now without this reason: {_reason(reason)}")
    return said


def _reason(code: str) -> str:
    return in_words(code) if code in REASONS else code


def _fact(path: FactPath, fact: Plain, change: Change) -> str:
    things = {"principal": "whoever asks", "resource": f"the {change.asking.resource.lower()}"}
    last, *of = (each.replace("_", " ") for each in reversed(path) if each != "context")
    name = [things.get(last, last), *(things.get(each, f"the {each}") for each in of)]
    return f"{' of '.join(name)}: {_value(fact)}"


def _value(fact: Plain) -> str:
    match fact:
        case None:
            return "not there"
        case True:
            return "yes"
        case False:
            return "no"
        case frozenset():
            return ", ".join(sorted(fact)) or "none"
    return str(fact)


def main(arguments: Sequence[str], checkout: Checkout | None = None) -> int:
    """Print the report; 2 when a version that was asked for is not there, or is no policy."""
    checkout = checkout or Checkout()
    old, new = [*arguments, *[""] * 2][:2]
    try:
        old = old or checkout.before()
        before = checkout.read(old)
        after = checkout.read(new or FOLDER)
    except NothingToRead as error:
        print(f"the policy can't be compared: {error}", file=sys.stderr)
        return 2 if arguments else 0
    print(f"the confidentiality policy, from {old[:12]} to {new[:12] or 'this checkout'}")
    for line in report(before, after):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
