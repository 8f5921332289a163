"""
Runs the oracle's plain Python on unknown facts, and gives the formula of when it says yes.

An unknown yes or no makes Python ask for its truth; each time, one answer is taken and the other
remembered, until every way through the function has been gone. That gives for each way what it
takes to go it, and what the function says there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import z3

from tests.policy.asking import Path, Plain, Request
from tests.policy.z3_cedar import CODES, Asked, Facts, Thing


@attrs.define
class _Ways:
    """The answers given on the way that is being gone, and those still to be tried."""

    answers: list[bool] = attrs.field(factory=list)
    taken: int = 0
    needed: list[z3.BoolRef] = attrs.field(factory=list)

    def answer(self, question: z3.BoolRef) -> bool:
        question = z3.simplify(question)
        if z3.is_true(question) or z3.is_false(question):
            return bool(z3.is_true(question))
        for known in self.needed:
            if known.eq(question) or known.eq(z3.Not(question)):
                return bool(known.eq(question))
        if self.taken == len(self.answers):
            self.answers.append(True)
        yes = self.answers[self.taken]
        self.taken += 1
        self.needed.append(question if yes else z3.Not(question))
        return yes

    def next(self) -> bool:
        """Go back to the last yes and take the no; False when there is none left."""
        while self.answers and not self.answers[-1]:
            self.answers.pop()
        if not self.answers:
            return False
        self.answers[-1] = False
        self.taken, self.needed = 0, []
        return True


def formula(says: Callable[[Any], Any], asked: Asked) -> z3.BoolRef:
    """Say when the function *says* says yes about *asked*."""
    ways = _Ways()
    found = []
    while True:
        said = bool(says(_Request(asked, ways)))
        found.append(z3.And([*ways.needed, z3.BoolVal(said)]))
        if not ways.next():
            return z3.Or(found)


class _Request:
    """A request, as the oracle sees it, with every fact unknown."""

    def __init__(self, asked: Asked, ways: _Ways) -> None:
        self.action = asked.asking.name
        self.who = _Thing(asked, asked.principal, ways)
        self.record = _Thing(asked, asked.resource, ways)
        self._context = _Facts(asked, asked.context, ways)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


@attrs.frozen
class _Facts:
    _asked: Asked
    _of: Any
    _ways: _Ways

    def __getattr__(self, name: str) -> Any:
        fact = self._asked.facts(self._of).fields[name]
        if not self._ways.answer(fact.present):
            return None
        return _seen(fact.value, self._asked, self._ways)


class _Thing(_Facts):
    @property
    def name(self) -> Any:
        return _Text(self._of.number, self._ways)


def _seen(value: Any, asked: Asked, ways: _Ways) -> Any:
    if isinstance(value, Facts):
        return _Facts(asked, value, ways)
    if isinstance(value, Thing):
        return _Text(value.number, ways)
    if z3.is_bool(value):
        return ways.answer(value)
    return _Many(value, ways) if z3.is_array(value) else _Text(value, ways)


@attrs.frozen(eq=False)
class _Text:
    """A text, a name or a number."""

    number: z3.ArithRef
    ways: _Ways

    __hash__ = None  # type: ignore[assignment]  # it stands for many

    def __eq__(self, other: object) -> bool:
        return other is not None and self.ways.answer(self.number == _number(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        return self.ways.answer(self.number < _number(other))

    def __le__(self, other: Any) -> bool:
        return self.ways.answer(self.number <= _number(other))

    def __gt__(self, other: Any) -> bool:
        return self.ways.answer(self.number > _number(other))

    def __ge__(self, other: Any) -> bool:
        return self.ways.answer(self.number >= _number(other))

    def __add__(self, other: Any) -> _Text:
        return _Text(self.number + _number(other), self.ways)


@attrs.frozen(eq=False)
class _Many:
    """A set of texts or names."""

    members: z3.ArrayRef
    ways: _Ways

    def __contains__(self, one: object) -> bool:
        return self.ways.answer(z3.Select(self.members, _number(one)))

    def __bool__(self) -> bool:
        return self.ways.answer(self.members != _set(()))

    def __and__(self, other: Any) -> _Many:
        return _Many(z3.SetIntersect(self.members, _set(other)), self.ways)

    def __le__(self, other: Any) -> bool:
        return self.ways.answer(z3.IsSubset(self.members, _set(other)))


def _number(value: Any) -> Any:
    if isinstance(value, _Text):
        return value.number
    return CODES.number(value) if isinstance(value, str) else value


def _set(value: Any) -> z3.ArrayRef:
    if isinstance(value, _Many):
        return value.members
    made = z3.K(z3.IntSort(), False)
    for each in value:
        made = z3.SetAdd(made, _number(each))
    return made


class Seen:
    """One request with all its facts said, as the oracle sees it."""

    def __init__(self, request: Request) -> None:
        self.action = request.asking.name
        self.who = _Seen(request, ("principal",))
        self.record = _Seen(request, ("resource",))
        self._context = _Seen(request, ("context",))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


@attrs.frozen
class _Seen:
    _request: Request
    _at: Path

    def __getattr__(self, name: str) -> Plain:
        facts, path = self._request.facts, (*self._at, name)
        if name == "name" and len(self._at) == 1:
            return facts[self._at]
        if path in facts:
            return facts[path]
        below = any(each[: len(path)] == path for each in facts)
        return _Seen(self._request, path) if below else None
