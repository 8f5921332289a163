"""
Cedar's policies as formulas for Z3, so that a sentence can be proved of every request there can be.

Texts, and names of people and things, are whole numbers here (only whether two are the same
matters), a set is a function from them to yes or no, and an optional fact has a second, "is there".
`test_z3_cedar.py` compares all this with Cedar's own engine, request by request; what is not known
here is an error, not a guess.

Cedar's whole numbers have 64 bits and ours have no end: times are milliseconds, far from both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
import z3

from tests.policy.cedar_rules import Asking, Json, PolicyNotUnderstood, Rule, Rules
from tests.policy.cedar_schema import CedarSchema, Entity, RecordType, Scalar, SetOf, Type

Value = Any
"""A formula of Z3; for a thing its `Thing`, for a record of facts its `Facts`."""


class Codes:
    """Gives each text and each name a number, the same in all policy files."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Give the number of a text or a name."""
        return self._numbers.setdefault(text, len(self._numbers))

    def text(self, number: int) -> str | None:
        """Give the text that has this number."""
        return next((text for text, known in self._numbers.items() if known == number), None)

    def numbers(self) -> Iterable[int]:
        """Give all numbers that stand for a text."""
        return self._numbers.values()


CODES = Codes()


@attrs.frozen
class Fact:
    """A value, and whether it is there."""

    value: Value
    present: z3.BoolRef


@attrs.frozen
class Facts:
    """A record of facts."""

    fields: Mapping[str, Fact]

    def __getattr__(self, name: str) -> Value:
        """Give the value of one fact, so that theorems read `asked.context.consent.state`."""
        fields: Mapping[str, Fact] = object.__getattribute__(self, "fields")
        if name not in fields:
            raise AttributeError(name)
        return fields[name].value

    def has(self, name: str) -> z3.BoolRef:
        """Say whether a fact is there; never, for one that the schema does not know."""
        found = self.fields.get(name)
        return z3.BoolVal(False) if found is None else found.present


@attrs.frozen
class Thing:
    """A person or a record: its type, and the number that stands for its name."""

    type: str
    number: z3.ArithRef


@attrs.frozen
class Asked:
    """Any request at all for one action: every fact is an unknown."""

    asking: Asking
    schema: CedarSchema
    principal: Thing
    resource: Thing
    context: Facts

    @classmethod
    def of(cls, schema: CedarSchema, asking: Asking) -> Asked:
        """Make the unknowns for one action on one type of thing."""
        (who,) = asking.action.principals
        return cls(
            asking,
            schema,
            Thing(who, z3.Int("principal")),
            Thing(asking.resource, z3.Int("resource")),
            _unknown("context", asking.action.context),
        )

    def facts(self, of: Value) -> Facts:
        """Give what is known of a person or a thing; facts are what they are."""
        if isinstance(of, Thing):
            of = _unknown(of.type, self.schema.entities[of.type], of.number)
        if not isinstance(of, Facts):
            raise PolicyNotUnderstood("attributes of something that has none")
        return of

    def at(self, path: Sequence[str]) -> Value:
        """Give the fact at a path, such as `("context", "consent", "state")`."""
        value: Value = getattr(self, path[0])
        for step in path[1:]:
            value = self.facts(value).fields[step].value
        return value

    def has(self, path: Sequence[str]) -> z3.BoolRef:
        """Say whether the optional fact at a path is there, in what it is part of."""
        return self.facts(self.at(path[:-1])).has(path[-1])

    @property
    def who(self) -> Facts:
        """What is known of whoever asks."""
        return self.facts(self.principal)

    @property
    def what(self) -> Facts:
        """What is known of what it is about."""
        return self.facts(self.resource)


@attrs.frozen
class Formulas:
    """A policy file, for one action on one type of thing."""

    rules: Rules
    asked: Asked

    @classmethod
    def of(cls, rules: Rules, asking: Asking) -> Formulas:
        """Translate what the rules say for one action."""
        return cls(rules, Asked.of(rules.schema, asking))

    def holds(self, rule: Rule) -> z3.BoolRef:
        """Say when a rule applies."""
        formula: z3.BoolRef = translated(rule.on(self.asked.asking), self.asked)
        return formula

    def any_of(self, rules: list[Rule]) -> z3.BoolRef:
        """Say when at least one of these rules applies."""
        return z3.Or([self.holds(each) for each in rules])

    @property
    def permitted(self) -> z3.BoolRef:
        """When some permit covers it."""
        return self.any_of([each for each in self.rules.rules if each.permits])

    @property
    def forbidden(self) -> z3.BoolRef:
        """When some forbid says no."""
        return self.any_of([each for each in self.rules.rules if not each.permits])

    @property
    def allowed(self) -> z3.BoolRef:
        """When the answer is yes."""
        return z3.And(self.permitted, z3.Not(self.forbidden))

    def because(self, reason: str) -> z3.BoolRef:
        """When *reason* is among the reasons for a no."""
        return self.any_of([each for each in self.rules.rules if each.reason == reason])


def found(*conditions: z3.BoolRef) -> z3.ModelRef | None:
    """Give a case in which all conditions hold; None when there is none at all."""
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(*conditions)
    answer = solver.check()
    if answer == z3.unknown:
        raise PolicyNotUnderstood(solver.reason_unknown())
    return solver.model() if answer == z3.sat else None


def translated(said: Json, asked: Asked) -> Value:
    """Translate an expression of Cedar's JSON, in which the action has been settled."""
    ((op, parts),) = said.items()
    match op:
        case "Value":
            return _literal(parts)
        case "Var" if parts in ("principal", "resource", "context"):
            return getattr(asked, parts)
        case "Set":
            return [translated(each, asked) for each in parts]
        case ".":
            return asked.facts(translated(parts["left"], asked)).fields[parts["attr"]].value
        case "has":
            return asked.facts(translated(parts["left"], asked)).has(parts["attr"])
        case "!":
            return z3.Not(translated(parts["arg"], asked))
        case "isEmpty":
            return _empty(translated(parts["arg"], asked))
        case "if-then-else" | "is" | "like" | "in" | "getTag" | "hasTag" | "Var":
            raise PolicyNotUnderstood(op)
    return _of_two(op, translated(parts["left"], asked), translated(parts["right"], asked))


def _of_two(op: str, left: Value, right: Value) -> Value:
    match op:
        case "&&":
            return z3.And(left, right)
        case "||":
            return z3.Or(left, right)
        case "==":
            return _same(left, right)
        case "!=":
            return z3.Not(_same(left, right))
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "+":
            return left + right
        case "-":
            return left - right
        case "contains":
            return _contains(left, right)
        case "containsAll" if isinstance(right, list):
            return z3.And([_contains(left, each) for each in right])
        case "containsAll":
            return z3.IsSubset(right, _as_set(left, right))
        case "containsAny" if isinstance(right, list):
            return z3.Or([_contains(left, each) for each in right])
        case "containsAny" if isinstance(left, list):
            return z3.Or([_contains(right, each) for each in left])
        case "containsAny":
            return z3.Not(_empty(z3.SetIntersect(left, right)))
    raise PolicyNotUnderstood(op)


def _contains(many: Value, one: Value) -> z3.BoolRef:
    if isinstance(many, list):
        return z3.Or([_same(each, one) for each in many])
    inside: z3.BoolRef = z3.Select(many, _number(one))
    return inside


def _as_set(written: Value, like: z3.ArrayRef) -> z3.ArrayRef:
    if not isinstance(written, list):
        return written
    made = z3.K(like.domain(), False)
    for each in written:
        made = z3.SetAdd(made, _number(each))
    return made


def _empty(many: z3.ArrayRef) -> z3.BoolRef:
    nothing: z3.BoolRef = many == z3.K(many.domain(), False)
    return nothing


def _same(left: Value, right: Value) -> z3.BoolRef:
    if isinstance(left, Thing) and isinstance(right, Thing) and left.type != right.type:
        return z3.BoolVal(False)
    same: z3.BoolRef = _number(left) == _number(right)
    return same


def _number(value: Value) -> z3.ExprRef:
    return value.number if isinstance(value, Thing) else value


def _literal(said: Json) -> Value:
    match said:
        case bool():
            return z3.BoolVal(said)
        case int():
            return z3.IntVal(said)
        case str():
            return z3.IntVal(CODES.number(said))
    raise PolicyNotUnderstood(f"value {said}")


def _unknown(path: str, kind: Type, *of: z3.ExprRef) -> Value:
    """Give what is at *path* as an unknown; with *of*, as an attribute of that thing."""
    if isinstance(kind, RecordType):
        return Facts(
            {
                name: Fact(
                    _unknown(f"{path}.{name}", field.type, *of),
                    _constant(f"{path}.{name}?", z3.BoolSort(), *of)
                    if field.optional
                    else z3.BoolVal(True),
                )
                for name, field in kind.fields.items()
            }
        )
    made = _constant(path, _sort(kind), *of)
    return Thing(kind.name, made) if isinstance(kind, Entity) else made


def _sort(kind: Type) -> z3.SortRef:
    match kind:
        case Scalar("Bool"):
            return z3.BoolSort()
        case Scalar() | Entity():
            return z3.IntSort()
        case SetOf(of):
            return z3.ArraySort(_sort(of), z3.BoolSort())
    raise PolicyNotUnderstood(f"a set of {kind}")


def _constant(name: str, sort: z3.SortRef, *of: z3.ExprRef) -> Any:
    if not of:
        return z3.Const(name, sort)
    return z3.Function(name, *(each.sort() for each in of), sort)(*of)
