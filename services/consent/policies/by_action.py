"""
Of all policies, those that concern an action; with the others, a decision takes twice as long.

A policy whose scope does not match the action has no say in the answer. Which ones match, groups of
actions included, Cedar itself is asked, with the first question about each action.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import cedarpy

_ANYTHING = {"op": "All"}


class PoliciesByAction:
    """A set of policies, and the part of it for each action that was asked about."""

    def __init__(self, parsed: Mapping[str, Any], schema: cedarpy.Schema) -> None:
        """
        Take the policies as Cedar's JSON has them.

        Raises:
            ValueError: they are none.
        """
        self._parsed, self._schema = parsed, schema
        self._all = _policy_set(parsed)
        self._scopes = _policy_set({name: _scope_only(each) for name, each in parsed.items()})
        self._of_action: dict[str, cedarpy.PolicySet] = {}

    def that_concern(
        self, action: str, request: dict[str, Any], entities: list[dict[str, Any]]
    ) -> cedarpy.PolicySet:
        """Give the policies for *action*; all of them if *request* is not one that fits it."""
        known = self._of_action.get(action)
        if known is not None:
            return known
        scopes = cedarpy.is_authorized(request, self._scopes, entities, self._schema)
        if scopes.diagnostics.errors:
            return self._all
        matching = {name: self._parsed[name] for name in scopes.diagnostics.reasons}
        self._of_action[action] = _policy_set(matching)
        return self._of_action[action]


def _scope_only(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a permit for the same actions, whoever asks about whatever."""
    return {
        "effect": "permit",
        "principal": _ANYTHING,
        "action": policy["action"],
        "resource": _ANYTHING,
        "conditions": [],
    }


def _policy_set(policies: Mapping[str, Any]) -> cedarpy.PolicySet:
    parts = {"staticPolicies": policies, "templates": {}, "templateLinks": []}
    return cedarpy.PolicySet.from_json_str(json.dumps(parts))
