"""
Requests with every fact said, and Cedar's engine to put them to.

This is below `services/consent/policies/engine.py` on purpose: the policy file has to be right for
every request that fits its schema, not only for those that consent makes today.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import cedarpy
import z3

from tests.policy.cedar_rules import Asking, Json, Rules
from tests.policy.cedar_schema import CedarSchema, Entity, RecordType, Scalar, SetOf, Type
from tests.policy.z3_cedar import CODES, Asked, Thing, Value

Path = tuple[str, ...]
"""Where a fact is: `("context", "consent", "state")`."""

Plain = Any
"""A fact: a text, a name, a number, yes or no, or a frozenset of them."""


PRINCIPAL: Path = ("principal",)
RESOURCE: Path = ("resource",)
"""Where the names of the two are."""


@attrs.frozen
class Request:
    """One request. What is not among the facts is not there."""

    asking: Asking
    facts: Mapping[Path, Plain]

    def with_facts(self, facts: Mapping[Path, Plain]) -> Request:
        """Give the same request but for these facts; None takes one away."""
        changed = {**self.facts, **facts}
        gone = [path for path, value in changed.items() if value is None]
        there = {
            path: value
            for path, value in changed.items()
            if not any(path[: len(each)] == each for each in gone)
        }
        return attrs.evolve(self, facts=_as_one(there, self.asking))

    def __str__(self) -> str:
        lines = [f"{self.asking.name} on a {self.asking.resource}"]
        for path, value in sorted(self.facts.items()):
            said = sorted(value, key=str) if isinstance(value, frozenset) else value
            lines.append(f"  {'.'.join(path)}: {said}")
        return "\n".join(lines)


@attrs.frozen
class Answer:
    """What the engine says."""

    allowed: bool
    policies: frozenset[str]
    """The keys of the policies that decided."""
    errors: int


class Engine:
    """Cedar, with one policy file, parsed once."""

    def __init__(self, rules: Rules, schema: str) -> None:
        self._rules = rules
        self._schema = cedarpy.Schema.from_str(schema)
        self._policies = cedarpy.PolicySet.from_json_str(json.dumps(rules.to_json()))
        self._by_key = {rule.key: rule for rule in rules.rules}

    def ask(self, request: Request) -> Answer:
        """Put a request to the engine."""
        answer = cedarpy.is_authorized(
            to_cedar(request, self._rules.schema.namespace),
            self._policies,
            entities(request, self._rules.schema),
            self._schema,
        )
        return Answer(
            answer.allowed,
            frozenset(answer.diagnostics.reasons),
            len(answer.diagnostics.errors),
        )

    def reasons(self, answer: Answer) -> frozenset[str]:
        """Give the reasons for a no."""
        return frozenset(self._by_key[key].reason for key in answer.policies) - {""}

    def ids(self, answer: Answer) -> frozenset[str]:
        """Give the policies that decided, by their @id."""
        return frozenset(self._by_key[key].id for key in answer.policies)


def to_cedar(request: Request, namespace: str) -> Json:
    """Give a request as cedarpy takes it."""
    who, what = request.asking.action.principals[0], request.asking.resource
    return {
        "principal": _uid(namespace, who, request.facts[PRINCIPAL]),
        "action": _uid(namespace, "Action", request.asking.name),
        "resource": _uid(namespace, what, request.facts[RESOURCE]),
        "context": _nested(request, "context", request.asking.action.context, namespace),
    }


def entities(request: Request, schema: CedarSchema) -> list[Json]:
    """Give what is known of whoever asks and of what it is about."""
    found = {}
    for variable, kind in (
        ("resource", request.asking.resource),
        ("principal", request.asking.action.principals[0]),
    ):
        uid = _uid(schema.namespace, kind, request.facts[(variable,)])
        attributes = _nested(request, variable, schema.entities[kind], schema.namespace)
        found[json.dumps(uid)] = {"uid": uid, "attrs": attributes, "parents": []}
    return list(found.values())


def _uid(namespace: str, kind: str, name: str) -> Json:
    return {"type": f"{namespace}::{kind}", "id": name}


def _nested(request: Request, at: str, kind: RecordType, namespace: str) -> Json:
    return _record(request.facts, (at,), kind, namespace)


def _record(facts: Mapping[Path, Plain], at: Path, kind: RecordType, namespace: str) -> Json:
    made = {}
    for name, field in kind.fields.items():
        path = (*at, name)
        if isinstance(field.type, RecordType):
            if any(each[: len(path)] == path for each in facts):
                made[name] = _record(facts, path, field.type, namespace)
        elif path in facts:
            made[name] = _json(facts[path], field.type, namespace)
    return made


def _json(value: Plain, kind: Type, namespace: str) -> Json:
    match kind:
        case SetOf(of):
            return [_json(each, of, namespace) for each in sorted(value, key=str)]
        case Entity(name):
            return {"__entity": _uid(namespace, name, value)}
    return value


@attrs.frozen
class Leaf:
    """One fact that a request can have."""

    path: Path
    type: Type
    within: tuple[Path, ...]
    """The optional things that it is part of, or is."""


def all_leaves(schema: CedarSchema, asking: Asking) -> Iterator[Leaf]:
    """Give every fact that a request for this action can have."""
    yield from _leaves(schema.entities[asking.action.principals[0]], PRINCIPAL, ())
    yield from _leaves(schema.entities[asking.resource], RESOURCE, ())
    yield from _leaves(asking.action.context, ("context",), ())


def _leaves(kind: RecordType, at: Path, within: tuple[Path, ...]) -> Iterator[Leaf]:
    for name, field in kind.fields.items():
        path = (*at, name)
        inside = (*within, path) if field.optional else within
        if isinstance(field.type, RecordType):
            yield from _leaves(field.type, path, inside)
        else:
            yield Leaf(path, field.type, inside)


def facts_in(request: Request, asked: Asked) -> Mapping[Path, z3.BoolRef]:
    """Say each fact of a request to Z3, also of optional things whether they are there."""
    said = {
        PRINCIPAL: asked.principal.number == CODES.number(request.facts[PRINCIPAL]),
        RESOURCE: asked.resource.number == CODES.number(request.facts[RESOURCE]),
    }
    for leaf in all_leaves(asked.schema, asked.asking):
        for path in leaf.within:
            below = any(each[: len(path)] == path for each in request.facts)
            said[path] = asked.has(path) == below
        if leaf.path in request.facts:
            is_so = _is(asked.at(leaf.path), request.facts[leaf.path], leaf.type)
            said[leaf.path] = z3.And(is_so, said[leaf.path]) if leaf.path in said else is_so
    return said


def _is(value: Value, fact: Plain, kind: Type) -> z3.BoolRef:
    match kind:
        case Entity():
            return value.number == CODES.number(fact)
        case Scalar("String"):
            return value == CODES.number(fact)
        case SetOf():
            members = z3.K(z3.IntSort(), False)
            for each in sorted(fact):
                members = z3.SetAdd(members, CODES.number(each))
            return value == members
    return value == fact


def from_model(model: z3.ModelRef, asked: Asked) -> Request:
    """Give the request that a case found by Z3 stands for."""
    reader = _Reader(model, asked)
    facts: dict[Path, Plain] = {
        PRINCIPAL: reader.name(asked.principal),
        RESOURCE: reader.name(asked.resource),
    }
    for leaf in all_leaves(asked.schema, asked.asking):
        if all(map(reader.is_there, leaf.within)):
            facts[leaf.path] = reader.value(leaf)
    return Request(asked.asking, _as_one(facts, asked.asking))


def _as_one(facts: Mapping[Path, Plain], asking: Asking) -> Mapping[Path, Plain]:
    """Who asks about themselves is one person: what is known of them is known once."""
    kinds_differ = asking.action.principals[0] != asking.resource
    if kinds_differ or facts[PRINCIPAL] != facts[RESOURCE]:
        return facts
    mine = {("resource", *path[1:]): fact for path, fact in facts.items() if path[0] == "principal"}
    return {path: fact for path, fact in facts.items() if path[0] != "resource"} | mine


class _Reader:
    def __init__(self, model: z3.ModelRef, asked: Asked) -> None:
        self._model, self._asked = model, asked
        self._numbers = self._all_numbers()

    def name(self, thing: Thing) -> str:
        return _text(self._number(thing.number), thing.type)

    def is_there(self, path: Path) -> bool:
        return bool(self._model.eval(self._asked.has(path), model_completion=True))

    def value(self, leaf: Leaf) -> Plain:
        found = self._asked.at(leaf.path)
        match leaf.type:
            case Scalar("Bool"):
                return bool(self._model.eval(found, model_completion=True))
            case Scalar("Long"):
                return self._number(found)
            case Scalar():
                return _text(self._number(found), "text")
            case Entity(name):
                return _text(self._number(found.number), name)
            case SetOf(of):
                word = of.name if isinstance(of, Entity) else "text"
                return frozenset(
                    _text(number, word)
                    for number in self._numbers
                    if self._model.eval(z3.Select(found, number), model_completion=True)
                )
        raise TypeError(leaf.type)

    def _number(self, number: z3.ArithRef) -> int:
        return int(self._model.eval(number, model_completion=True).as_long())

    def _all_numbers(self) -> list[int]:
        """Give every number that stands for something here: a set is read by asking for each."""
        found = {
            self._number(self._asked.principal.number),
            self._number(self._asked.resource.number),
        }
        for leaf in all_leaves(self._asked.schema, self._asked.asking):
            value = self._asked.at(leaf.path)
            if isinstance(leaf.type, Entity):
                found.add(self._number(value.number))
            elif leaf.type == Scalar("String"):
                found.add(self._number(value))
        for each in self._model.decls():
            found |= set(_numerals(self._model[each]))
        return sorted(found | set(CODES.numbers()))


def _numerals(value: Any) -> Iterator[int]:
    if isinstance(value, z3.FuncInterp):
        for entry in range(value.num_entries()):
            yield from _numerals(value.entry(entry).value())
        yield from _numerals(value.else_value())
    elif isinstance(value, z3.ExprRef):
        if z3.is_int_value(value):
            yield value.as_long()
        for child in value.children():
            yield from _numerals(child)


def _text(number: int, kind: str) -> str:
    known = CODES.text(number)  # which may be the empty text
    return f"{kind} {number}" if known is None else known
