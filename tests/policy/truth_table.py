"""
Truth tables of the policy file: every case that a rule can tell apart.

A rule looks at some facts. For each of them there are the values that matter: yes and no; the texts
that the rules name, and another one; a name that is the same as the one it is compared with, and
another; just before, at, and just after a moment; there, and not there. All combinations are the
table of that rule; all combinations of everything that the rules for an action look at are the
table of that action. Both follow from file and schema, so a new rule has its table at once.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs
import z3

from tests.policy.asking import (
    PRINCIPAL,
    RESOURCE,
    Leaf,
    Path,
    Plain,
    Request,
    all_leaves,
    from_model,
)
from tests.policy.cedar_rules import Asking, Json, PolicyNotUnderstood, Rules
from tests.policy.cedar_schema import Entity, Scalar, SetOf, Type
from tests.policy.z3_cedar import Formulas, found

_FEW = 3
"""Of a set with at most this many possible members, every subset is tried."""


class _There:
    """Stands for "this optional thing is there", whatever its facts."""


_THERE = _There()


@attrs.frozen
class Dimension:
    """One fact, and its values that matter; None stands for "not there"."""

    path: Path
    values: tuple[Plain, ...]


@attrs.frozen
class Space:
    """All facts that the rules for one action look at."""

    asking: Asking
    usual: Request
    """A request that is allowed; what a table doesn't speak of is as here."""
    full: Request
    """A request in which everything optional is there."""
    dimensions: Mapping[Path, Dimension]
    looked_at: Mapping[str, frozenset[Path]]
    """By the rule's key: which facts it looks at."""

    @classmethod
    def of(cls, rules: Rules, asking: Asking) -> Space:
        """Find all facts that matter for one action, with their values."""
        formulas = Formulas.of(rules, asking)
        everything = list(all_leaves(rules.schema, asking))
        optional = {path for leaf in everything for path in leaf.within}
        present = [formulas.asked.has(path) for path in optional]
        full = found(z3.And(present))
        usual = found(formulas.allowed, z3.And(present)) or found(formulas.allowed)
        if full is None or usual is None:
            raise PolicyNotUnderstood(f"nobody may ever do {asking.name}")
        facts = from_model(usual, formulas.asked)
        looking = _Looking(asking, everything)
        looked_at = {
            rule.key: frozenset(looking.at(rule.on(asking))) for rule in rules.about(asking)
        }
        paths = frozenset[Path]().union(*looked_at.values())
        paths |= {each for path in paths for each in looking.within(path)}
        return cls(
            asking,
            facts,
            from_model(full, formulas.asked),
            {path: Dimension(path, looking.values(path, facts)) for path in paths},
            {key: at | _parts(at, looking) for key, at in looked_at.items()},
        )

    def table(self, *rules: str) -> Iterator[Request]:
        """Give all cases that these rules can tell apart; without rules, those that all can."""
        return self._cases(self._of(rules), {})

    def size(self, *rules: str) -> int:
        """Say how many cases a table has at the most."""
        return math.prod(len(each.values) for each in self._of(rules))

    def some(self, chance: random.Random) -> Request:
        """Give one case out of the table of the whole action, by chance."""
        facts: dict[Path, Plain] = {}
        for dimension in self._of(()):
            if not _gone(dimension.path, facts):
                facts |= self._put(dimension.path, chance.choice(dimension.values))
        return self.usual.with_facts(facts)

    def _of(self, rules: Iterable[str]) -> Sequence[Dimension]:
        paths = frozenset[Path]().union(*(self.looked_at[key] for key in rules or self.looked_at))
        # What a thing is part of comes first: whether it is there at all.
        return [self.dimensions[path] for path in sorted(paths, key=lambda each: (len(each), each))]

    def _cases(
        self, dimensions: Sequence[Dimension], facts: Mapping[Path, Plain]
    ) -> Iterator[Request]:
        if not dimensions:
            yield self.usual.with_facts(facts)
            return
        first, rest = dimensions[0], dimensions[1:]
        if _gone(first.path, facts):
            yield from self._cases(rest, facts)
            return
        for value in first.values:
            yield from self._cases(rest, {**facts, **self._put(first.path, value)})

    def _put(self, path: Path, value: Plain) -> Mapping[Path, Plain]:
        if value is not _THERE:
            return {path: value}
        return {
            each: fact
            for each, fact in self.full.facts.items()
            if each[: len(path)] == path and each not in self.usual.facts
        }


def _gone(path: Path, facts: Mapping[Path, Plain]) -> bool:
    return any(facts.get(path[:end], _THERE) is None for end in range(1, len(path)))


def _parts(paths: Iterable[Path], looking: _Looking) -> frozenset[Path]:
    return frozenset(each for path in paths for each in looking.within(path))


class _Looking:
    """Finds what rules look at, and which facts they compare with which."""

    def __init__(self, asking: Asking, leaves: Iterable[Leaf]) -> None:
        self._kinds: dict[Path, Type] = {leaf.path: leaf.type for leaf in leaves}
        self._kinds[PRINCIPAL] = Entity(asking.action.principals[0])
        self._kinds[RESOURCE] = Entity(asking.resource)
        self._optional = {path for leaf in leaves for path in leaf.within}
        self._compared: list[set[Path | str | int]] = []

    def within(self, path: Path) -> Iterator[Path]:
        """Give the optional things that a fact is part of, or is."""
        return (path[:end] for end in range(2, len(path) + 1) if path[:end] in self._optional)

    def at(self, said: Json) -> Iterator[Path]:
        """Give the facts that an expression looks at."""
        ((op, parts),) = said.items()
        match op:
            case "Value":
                return
            case "Set":
                for each in parts:
                    yield from self.at(each)
            case "Var" | ".":
                path = self._path(said)
                if path not in self._kinds:
                    raise PolicyNotUnderstood(f"{path} is no fact of the request")
                yield path
            case "has":
                yield (*self._path(parts["left"]), parts["attr"])
            case "!" | "isEmpty":
                yield from self.at(parts["arg"])
            case _:
                if op not in ("&&", "||"):
                    self._compare(said)
                yield from self.at(parts["left"])
                yield from self.at(parts["right"])

    def values(self, path: Path, usual: Request) -> tuple[Plain, ...]:
        """Give the values of a fact that matter."""
        kind = self._kinds.get(path)
        missing = (None,) if path in self._optional else ()
        if kind is None:
            return (_THERE, None)
        if path == PRINCIPAL or (path == RESOURCE and kind != self._kinds[PRINCIPAL]):
            return (usual.facts[path],)
        group = self._with(path)
        match kind:
            case Scalar("Bool"):
                return (False, True, *missing)
            case SetOf(of):
                return (*_subsets(self._pool(of, group, usual)), *missing)
        return (*self._pool(kind, group, usual), *missing)

    def _path(self, said: Json) -> Path:
        ((op, parts),) = said.items()
        if op == "Var":
            return (parts,)
        if op == ".":
            return (*self._path(parts["left"]), parts["attr"])
        raise PolicyNotUnderstood(f"a fact of {said}")

    def _terms(self, said: Json) -> Iterator[Path | str | int]:
        ((op, parts),) = said.items()
        match op:
            case "Value":
                yield parts
            case "Var" | ".":
                yield self._path(said)
            case "Set":
                for each in parts:
                    yield from self._terms(each)
            case "+" | "-":
                yield from self._terms(parts["left"])
                yield from self._terms(parts["right"])
            case _:
                raise PolicyNotUnderstood(f"{op} inside of a comparison")

    def _compare(self, said: Json) -> None:
        terms = set(self._terms_of_comparison(said))
        apart = [group for group in self._compared if not group & terms]
        for group in self._compared:
            if group & terms:
                terms |= group
        self._compared = [*apart, terms]

    def _terms_of_comparison(self, said: Json) -> Iterator[Path | str | int]:
        ((_, parts),) = said.items()
        yield from self._terms(parts["left"])
        yield from self._terms(parts["right"])

    def _with(self, path: Path) -> set[Path | str | int]:
        return next((group for group in self._compared if path in group), {path})

    def _pool(self, kind: Type, group: set[Path | str | int], usual: Request) -> tuple[Plain, ...]:
        paths = [each for each in group if isinstance(each, tuple)]
        if kind == Scalar("Long"):
            numbers = {0, 1, 2}
            for each in group:
                if isinstance(each, int):
                    numbers |= {each - 1, each, each + 1, each + 2}
            return tuple(sorted(numbers))
        if isinstance(kind, Entity):
            named = [each for each in (PRINCIPAL, RESOURCE) if each in group]
            same = [usual.facts[each] for each in named if self._kinds[each] == kind]
            free = len(paths) - len(named)
        else:
            same = sorted(each for each in group if isinstance(each, str))
            free = len(paths)
        others = ("somebody", "somebody else") if free > 1 else ("somebody",)
        return (*same, *others)


def _subsets(members: Sequence[Plain]) -> Iterator[frozenset[Plain]]:
    few = len(members) <= _FEW
    sizes = range(len(members) + 1) if few else (0, 1, len(members))
    for size in sizes:
        yield from map(frozenset, itertools.combinations(members, size))
