"""
Small mistakes in the policy file, one at a time: what somebody could get wrong when changing it.

A rule left out or turned round; a condition, or half of an "and" or "or", left out; a comparison
turned round or off by one; a text or an action misspelt or dropped from a list.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tests.policy.cedar_rules import Json, Rule, Rules

_OTHERWISE = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_TURNED = ("contains", "containsAll", "containsAny", "isEmpty", "has", ".")


@attrs.frozen
class Mutant:
    """The file with one mistake."""

    what: str
    rule: Rule
    """The rule that was changed, as it should be."""
    rules: Rules


def mutants(rules: Rules) -> Iterator[Mutant]:
    """Make every mistake once."""
    for rule in rules.rules:
        yield Mutant(f"without {rule.id}", rule, rules.without(rule))
        for what, body in _bodies(rule):
            changed = attrs.evolve(rule, body={**rule.body, **body})
            yield Mutant(f"{rule.id}: {what}", rule, rules.with_(changed))


def _bodies(rule: Rule) -> Iterator[tuple[str, Json]]:
    yield "turned round", {"effect": "forbid" if rule.permits else "permit"}
    conditions = rule.body["conditions"]
    for place, condition in enumerate(conditions):
        before, after = conditions[:place], conditions[place + 1 :]
        yield "without its condition", {"conditions": [*before, *after]}
        for what, body in _mistakes(condition["body"]):
            yield what, {"conditions": [*before, {**condition, "body": body}, *after]}
    action = rule.body["action"]
    for left_out in action.get("entities", ()):
        kept = [each for each in action["entities"] if each != left_out]
        yield f"not for {left_out['id']}", {"action": {**action, "entities": kept}}


def _mistakes(said: Json) -> Iterator[tuple[str, Json]]:
    ((op, parts),) = said.items()
    if op in ("&&", "||"):
        yield f"only the left of {op}", parts["left"]
        yield f"only the right of {op}", parts["right"]
        yield f"{op} mistaken", {"||" if op == "&&" else "&&": parts}
    elif op in _OTHERWISE:
        yield f"{op} mistaken", {_OTHERWISE[op]: parts}
    elif op in _TURNED:
        yield f"{op} turned round", {"!": {"arg": said}}
    elif op == "!":
        yield "! left out", parts["arg"]
    if op == "Value" and isinstance(parts, str):
        yield f"{parts} misspelt", {"Value": f"{parts}x"}
    elif op == "Value" and isinstance(parts, int) and not isinstance(parts, bool):
        yield f"{parts} off by one", {"Value": parts + 1}
    elif op == "Set":
        for place in range(len(parts)):
            yield "a member left out", {"Set": [*parts[:place], *parts[place + 1 :]]}
    if isinstance(parts, dict) and op != ".":
        for side in ("left", "right", "arg"):
            if side in parts:
                for what, changed in _mistakes(parts[side]):
                    yield what, {op: {**parts, side: changed}}
