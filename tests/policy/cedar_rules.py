"""
Reads a Cedar policy file as Cedar itself gives it in JSON, rule by rule.

What a rule says for one action is its condition with everything settled that only depends on the
action and on the kind of thing it is about; what is left speaks of facts alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import attrs
import cedarpy

from tests.policy.cedar_schema import Action, CedarSchema

Json = Any
YES: Json = {"Value": True}
NO: Json = {"Value": False}


class PolicyNotUnderstood(ValueError):
    """A policy uses something that is not read here yet."""


@attrs.frozen
class Asking:
    """One action on one type of thing: what the rules are looked at for."""

    action: Action
    resource: str

    @property
    def name(self) -> str:
        """The action's name."""
        return self.action.name

    def is_in(self, group: str) -> bool:
        """Whether the action is this one, or in this group."""
        return group == self.action.name or group in self.action.groups


@attrs.frozen(eq=False)
class Rule:
    """One policy of the file."""

    key: str
    body: Json = attrs.field(repr=False)

    @property
    def annotations(self) -> Mapping[str, str]:
        """What it says about itself."""
        said: Mapping[str, str] = self.body.get("annotations", {})
        return said

    @property
    def permits(self) -> bool:
        """Whether it is a permit."""
        return bool(self.body["effect"] == "permit")

    @property
    def id(self) -> str:
        """Its @id."""
        return self.annotations.get("id", self.key)

    @property
    def reason(self) -> str:
        """Its @deny."""
        return self.annotations.get("deny", "")

    def on(self, asking: Asking) -> Json:
        """Give its condition for this action, as one expression; `NO` when it never applies."""
        (who,) = asking.action.principals
        settled = [
            _scope(self.body["principal"], who),
            YES if _action_matches(self.body["action"], asking) else NO,
            _scope(self.body["resource"], asking.resource),
        ]
        found = YES
        for part in settled:
            found = _and(found, part)
        for condition in self.body["conditions"]:
            said = condition["body"] if condition["kind"] == "when" else not_(condition["body"])
            found = found if found == NO else _and(found, settle(said, asking))
        return found


@attrs.frozen(eq=False)
class Rules:
    """A whole policy file."""

    schema: CedarSchema
    rules: tuple[Rule, ...]

    @classmethod
    def read(cls, policies: str, schema: str) -> Rules:
        """Read a policy file with its schema."""
        parsed = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
        return cls(CedarSchema.parse(schema), tuple(Rule(*each) for each in parsed.items()))

    @cached_property
    def everything_asked(self) -> tuple[Asking, ...]:
        """Give each action on each type of thing that it applies to."""
        return tuple(
            Asking(action, resource)
            for action in self.schema.actions.values()
            for resource in action.resources
        )

    def about(self, asking: Asking) -> Iterator[Rule]:
        """Give the rules that can ever apply to this action."""
        return (rule for rule in self.rules if rule.on(asking) != NO)

    @property
    def reasons(self) -> frozenset[str]:
        """All reasons that are given."""
        return frozenset(each.reason for each in self.rules if each.reason)

    def to_json(self) -> Json:
        """Give the file in Cedar's JSON."""
        return {
            "staticPolicies": {rule.key: rule.body for rule in self.rules},
            "templates": {},
            "templateLinks": [],
        }

    def without(self, rule: Rule) -> Rules:
        """Give the file without one policy."""
        return attrs.evolve(self, rules=tuple(each for each in self.rules if each is not rule))

    def with_(self, rule: Rule) -> Rules:
        """Give the file with another policy in the place of the one with the same key."""
        changed = tuple(rule if each.key == rule.key else each for each in self.rules)
        return attrs.evolve(self, rules=changed)


def not_(said: Json) -> Json:
    """Give the opposite of an expression."""
    return {"!": {"arg": said}}


def settle(said: Json, asking: Asking) -> Json:
    """Give an expression with what the action decides put in its place."""
    ((op, parts),) = said.items()
    match op:
        case "&&":
            left = settle(parts["left"], asking)
            return NO if left == NO else _and(left, settle(parts["right"], asking))
        case "||":
            left = settle(parts["left"], asking)
            if left == YES:
                return YES
            right = settle(parts["right"], asking)
            if left == NO or right == YES:
                return right
            return left if right == NO else {"||": {"left": left, "right": right}}
        case "!":
            arg = settle(parts["arg"], asking)
            return {"true": NO, "false": YES}.get(json.dumps(arg.get("Value")), not_(arg))
        case "==" | "!=" if _is_action(parts["left"]) or _is_action(parts["right"]):
            named = _names(parts["right"] if _is_action(parts["left"]) else parts["left"])
            return YES if (named == [asking.name]) is (op == "==") else NO
        case "in" if _is_action(parts["left"]):
            return YES if any(map(asking.is_in, _names(parts["right"]))) else NO
        case "contains" if _is_action(parts["right"]):
            return YES if asking.name in _names(parts["left"]) else NO
    return said


def _and(left: Json, right: Json) -> Json:
    if left == YES or right == NO:
        return right
    return left if right == YES or left == NO else {"&&": {"left": left, "right": right}}


def _is_action(said: Json) -> bool:
    return bool(said == {"Var": "action"})


def _names(said: Json) -> list[str]:
    match said:
        case {"Value": {"__entity": {"id": name}}}:
            return [name]
        case {"Set": each}:
            return [name for one in each for name in _names(one)]
    raise PolicyNotUnderstood(f"an action compared with {said}")


def _scope(scope: Json, kind: str) -> Json:
    match scope:
        case {"op": "All"}:
            return YES
        case {"op": "is", "entity_type": named, **more} if not more:
            return YES if named.rpartition("::")[2] == kind else NO
    raise PolicyNotUnderstood(f"scope {scope}")


def _action_matches(scope: Json, asking: Asking) -> bool:
    match scope:
        case {"op": "All"}:
            return True
        case {"op": "==", "entity": {"id": name}}:
            return bool(name == asking.name)
        case {"op": "in", "entity": {"id": name}}:
            return asking.is_in(name)
        case {"op": "in", "entities": entities}:
            return any(asking.is_in(each["id"]) for each in entities)
    raise PolicyNotUnderstood(f"scope {scope}")
