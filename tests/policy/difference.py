"""
Two versions of the policy file, compared for every request there can be: who gains, who loses.

Z3 looks for a request that one version allows and the other refuses. If there is one, it is cut
down to the few facts that are in the way. If there is none, nobody gains and nobody loses, however
different the two files look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs
import z3

from tests.policy.asking import (
    Path,
    Plain,
    Request,
    all_leaves,
    facts_in,
    from_model,
)
from tests.policy.cedar_rules import Asking, PolicyNotUnderstood, Rule, Rules
from tests.policy.cedar_schema import Entity, Scalar, SetOf, Type
from tests.policy.z3_cedar import CODES, Asked, Formulas, found

_TEXTS = ("something", "something else")
_NAMES = {"Person": ("somebody", "somebody else"), "Record": ("the record", "another record")}


@attrs.frozen
class Example:
    """Somebody to whom it makes a difference."""

    facts: Mapping[Path, Plain]
    """What is in their way in the version that refuses: no fact of these can be left out, and
    whatever else is so, it refuses. True for a thing that is there, None for one that isn't."""
    reasons: frozenset[str]
    """Why it refuses."""
    request: Request
    """The whole of it, with the rest as the version that allows it wants it."""


@attrs.frozen
class Change:
    """What is different for one action on one type of thing."""

    asking: Asking
    gains: Example | None = None
    """Somebody who may do it now and could not before."""
    loses: Example | None = None
    """Somebody who could do it before and may not now."""
    other_reasons: frozenset[str] = frozenset()
    """Where nobody gains or loses: reasons that a refusal now gives, or no longer."""


def changes(before: Rules, after: Rules) -> Iterator[Change]:
    """Compare two versions, action by action."""
    old = {(each.name, each.resource): each for each in before.everything_asked}
    new = {(each.name, each.resource): each for each in after.everything_asked}
    for key in [*new, *(key for key in old if key not in new)]:
        sides = _Sides(_side(before, old.get(key)), _side(after, new.get(key)))
        if sides.same_text:
            continue
        change = Change(new.get(key) or old[key], sides.gains, sides.loses)
        if not change.gains and not change.loses:
            change = attrs.evolve(change, other_reasons=sides.other_reasons)
        if change.gains or change.loses or change.other_reasons:
            yield change


def rules_that_differ(before: Rules, after: Rules) -> Mapping[str, str]:
    """Say what happened to each rule that is not as it was, by its @id."""
    old = {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    said = {}
    for id_ in sorted(old.keys() | new.keys()):
        if id_ not in new:
            said[id_] = "gone"
        elif id_ not in old:
            said[id_] = "added"
        elif parts := _parts_that_differ(old[id_], new[id_]):
            said[id_] = f"another {', another '.join(parts)}"
    return said


def _parts_that_differ(old: Rule, new: Rule) -> list[str]:
    annotations = sorted(
        f"@{name}"
        for name in old.annotations.keys() | new.annotations.keys()
        if old.annotations.get(name) != new.annotations.get(name)
    )
    scope = any(old.body[part] != new.body[part] for part in ("principal", "action", "resource"))
    return [
        *annotations,
        *(["effect"] if old.permits != new.permits else []),
        *(["scope"] if scope else []),
        *(["condition"] if old.body["conditions"] != new.body["conditions"] else []),
    ]


def _side(rules: Rules, asking: Asking | None) -> Formulas | None:
    return Formulas.of(rules, asking) if asking is not None else None


@attrs.frozen
class _Sides:
    """Both versions of one action; None where a version does not have it."""

    before: Formulas | None
    after: Formulas | None

    @property
    def same_text(self) -> bool:
        """Whether it is read from the same words, so that there is nothing to look for."""
        if self.before is None or self.after is None:
            return False
        return _text_of(self.before) == _text_of(self.after)

    @property
    def gains(self) -> Example | None:
        return self._example(self.after, self.before)

    @property
    def loses(self) -> Example | None:
        return self._example(self.before, self.after)

    @property
    def other_reasons(self) -> frozenset[str]:
        both = [each for each in (self.before, self.after) if each is not None]
        return frozenset(
            code
            for code in frozenset[str]().union(*(each.rules.reasons for each in both))
            if found(_because(self.before, code) != _because(self.after, code)) is not None
        )

    def _example(self, allowing: Formulas | None, refusing: Formulas | None) -> Example | None:
        if allowing is None:
            return None
        wanted = z3.And(allowing.allowed, z3.Not(_allowed(refusing)))
        asked = [allowing.asked, *([refusing.asked] if refusing is not None else [])]
        model = _plainest(wanted, asked)
        if model is None:
            return None
        against = refusing if refusing is not None else allowing
        request = from_model(model, against.asked)
        literals = facts_in(request, against.asked)
        sentence = z3.Not(refusing.allowed) if refusing is not None else allowing.allowed
        facts = {path: _said(path, request.facts) for path in _needed(literals, sentence)}
        return Example(facts, _reasons(refusing, model), from_model(model, allowing.asked))


def _text_of(said: Formulas) -> object:
    asking = said.asked.asking
    rules = {(rule.permits, rule.reason, str(rule.on(asking))) for rule in said.rules.about(asking)}
    return rules, asking.action.context, said.rules.schema.entities


def _allowed(said: Formulas | None) -> z3.BoolRef:
    return z3.BoolVal(False) if said is None else said.allowed


def _because(said: Formulas | None, reason: str) -> z3.BoolRef:
    return z3.BoolVal(False) if said is None else said.because(reason)


def _reasons(said: Formulas | None, model: z3.ModelRef) -> frozenset[str]:
    if said is None:
        return frozenset()
    return frozenset(
        code
        for code in said.rules.reasons
        if z3.is_true(model.eval(said.because(code), model_completion=True))
    )


def _said(path: Path, facts: Mapping[Path, Plain]) -> Plain:
    if path in facts:
        return facts[path]
    return True if any(each[: len(path)] == path for each in facts) else None


def _plainest(wanted: z3.BoolRef, asked: Sequence[Asked]) -> z3.ModelRef | None:
    """Give a case with as little in it as there can be; None when there is no case at all."""
    if found(wanted) is None:
        return None
    solver = z3.Solver()
    solver.add(wanted)
    for each in asked:
        for choices in _choices(each):
            for choice in choices:
                if solver.check(choice) == z3.sat:
                    solver.add(choice)
                    break
    if solver.check() != z3.sat:
        raise PolicyNotUnderstood(solver.reason_unknown())
    return solver.model()


def _choices(asked: Asked) -> Iterator[Iterator[z3.BoolRef]]:
    """Give for each fact what it is to be, best first; if none of that can be, it is left open."""
    yield _equal(asked.principal.number, _NAMES["Person"])
    names = _names(asked.resource.type)
    yield _equal(asked.resource.number, names[::-1] if names == _NAMES["Person"] else names)
    leaves = list(all_leaves(asked.schema, asked.asking))
    for path in dict.fromkeys(path for leaf in leaves for path in leaf.within):
        yield iter([z3.Not(asked.has(path))])
    for leaf in leaves:
        yield _values(asked.at(leaf.path), leaf.type)


def _values(value: z3.ExprRef, kind: Type) -> Iterator[z3.BoolRef]:
    match kind:
        case Entity(name):
            yield from _equal(value.number, _names(name))
        case Scalar("String"):
            yield from _equal(value, _TEXTS)
        case Scalar("Long"):
            yield from (value == number for number in range(3))
        case SetOf(of):
            nobody = z3.K(z3.IntSort(), False)
            yield value == nobody
            usual = _names(of.name) if isinstance(of, Entity) else _TEXTS
            for number in dict.fromkeys([*map(CODES.number, usual), *CODES.numbers()]):
                yield value == z3.SetAdd(nobody, number)


def _equal(number: z3.ArithRef, texts: Iterable[str]) -> Iterator[z3.BoolRef]:
    return (number == CODES.number(text) for text in texts)


def _names(kind: str) -> tuple[str, ...]:
    return _NAMES.get(kind, (f"the {kind.lower()}",))


def _needed(literals: Mapping[Path, z3.BoolRef], sentence: z3.BoolRef) -> list[Path]:
    """Leave out one fact after the other, as long as the sentence still follows from the rest."""
    needed = dict(literals)
    solver = z3.Solver()
    solver.add(z3.Not(sentence))
    for path in sorted(literals, key=_how_telling):
        without = [literal for each, literal in needed.items() if each != path]
        if solver.check(*without) == z3.unsat:
            del needed[path]
    return list(needed)


def _how_telling(path: Path) -> tuple[int, int]:
    """Who somebody is says most, then what it is about; the least, what is inside of something."""
    return ("context", "resource", "principal").index(path[0]), -len(path)
