"""
Asks the policy file, which is parsed once and checked against its schema before anybody is served.

What Cedar leaves out of a decision because it can't evaluate it could be the very `forbid` that
would have said no. So any error while deciding is a no.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import attrs
import cedarpy
import structlog

from services.consent.domain.decision import Decision, Fact, Question, Ref
from services.consent.domain.facts import AccessList, Record, Report, WallList
from services.consent.domain.obligations import Obligation
from services.consent.policies.by_action import PoliciesByAction

log = structlog.get_logger(__name__)

_NAMESPACE = "SAS"
CANNOT_DECIDE = "policy_cannot_decide"
"""The reason when the question itself does not fit the schema; always our own mistake."""
NOT_PERMITTED = "not_permitted"
"""The reason when no permit covers the question and no forbid says why; tests see to it that a
caller always gets a better one."""


class PolicyBroken(RuntimeError):
    """The policy file does not parse or does not fit its schema; the message says where."""


@attrs.frozen
class _Notes:
    """What a policy says about itself."""

    id: str
    clauses: frozenset[str]
    deny: str
    obligations: Mapping[Obligation, frozenset[str]]
    """What has to follow, with the actions after which; without any, after all."""
    missing: bool

    def obliges(self, action: str) -> frozenset[Obligation]:
        """Give what has to follow after *action*."""
        return frozenset(
            obligation
            for obligation, actions in self.obligations.items()
            if not actions or action in actions
        )


class Policy:
    """The confidentiality policy, ready to be asked."""

    def __init__(self, policies: str, schema: str) -> None:
        """
        Parse and check the policy.

        Raises:
            PolicyBroken: it does not parse, does not fit the schema, or a `forbid` has no reason.
        """
        try:
            self._schema = cedarpy.Schema.from_str(schema)
            found = cedarpy.validate_policies(policies, self._schema)
            parsed = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
            self._policies = PoliciesByAction(parsed, self._schema)
        except ValueError as error:
            raise PolicyBroken(str(error)) from error
        if not found.validation_passed:
            raise PolicyBroken("; ".join(str(each) for each in found.errors))
        self._notes = {key: _notes_of(each) for key, each in parsed.items()}
        ids = [notes.id for notes in self._notes.values()]
        if len(set(ids)) != len(ids):
            raise PolicyBroken("two policies have the same @id")
        for notes in self._notes.values():
            for action in frozenset[str]().union(*notes.obligations.values()):
                if f'"{action}"' not in schema:
                    raise PolicyBroken(f"{notes.id}: an @obligation for {action}, which is none")
        self.sha256 = hashlib.sha256(f"{policies}\0{schema}".encode()).hexdigest()
        """Names this very policy in each ledger entry."""

    @classmethod
    def load(cls) -> Policy:
        """Read the policy that lies beside this file."""
        here = resources.files(__package__ or "")
        return cls(
            (here / "confidentiality.cedar").read_text("utf-8"),
            (here / "confidentiality.cedarschema").read_text("utf-8"),
        )

    @property
    def reasons(self) -> frozenset[str]:
        """All reasons that this policy can give."""
        return frozenset(notes.deny for notes in self._notes.values() if notes.deny)

    def clauses_of(self, reason: str) -> frozenset[str]:
        """Give the numbers of the sentences behind a reason."""
        return frozenset[str]().union(
            *(notes.clauses for notes in self._notes.values() if notes.deny == reason)
        )

    def decide(self, question: Question) -> Decision:
        """Answer *question*; a no names every reason."""
        request = {
            "principal": _uid("Person", question.who.name),
            "action": _uid("Action", question.action),
            "resource": _uid(*_resource(question)),
            "context": {key: _json(fact) for key, fact in question.context.items()},
        }
        entities = _entities(question)
        policies = self._policies.that_concern(question.action, request, entities)
        answer = cedarpy.is_authorized(request, policies, entities, self._schema)
        decided_by = [self._notes[key] for key in answer.diagnostics.reasons]
        if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
            # The texts of the errors quote facts, so only their number is told.
            log.error(
                "policy_cannot_decide",
                action=question.action,
                errors=len(answer.diagnostics.errors),
            )
            reasons = {CANNOT_DECIDE} | {notes.deny for notes in decided_by if notes.deny}
            return Decision(False, frozenset(reasons), policy_set=self.sha256)
        reasons = {notes.deny for notes in decided_by if notes.deny}
        if not answer.allowed and not reasons:
            reasons = {NOT_PERMITTED}
        return Decision(
            allowed=answer.allowed,
            reasons=frozenset(reasons),
            policies=frozenset(notes.id for notes in decided_by),
            clauses=frozenset[str]().union(*(notes.clauses for notes in decided_by)),
            obligations=frozenset[Obligation]().union(
                *(notes.obliges(question.action) for notes in decided_by)
            ),
            missing=frozenset(notes.deny for notes in decided_by if notes.missing),
            policy_set=self.sha256,
        )


def _notes_of(policy: Mapping[str, Any]) -> _Notes:
    says = policy.get("annotations", {})
    if not says.get("id") or not says.get("clause"):
        raise PolicyBroken("a policy has no @id or no @clause")
    if (policy["effect"] == "forbid") != bool(says.get("deny")):
        raise PolicyBroken(f"{says['id']}: a forbid has a @deny, a permit has none")
    numbers = frozenset(word for word in says["clause"].split() if word[1:].isdigit())
    return _Notes(
        id=says["id"],
        clauses=numbers,
        deny=says.get("deny") or "",
        obligations=_obligations(says.get("obligation") or ""),
        missing="missing" in says,
    )


def _obligations(said: str) -> Mapping[Obligation, frozenset[str]]:
    """Read `record; receipt for consent:give, consent:confirm`."""
    found = {}
    for each in filter(None, said.split(";")):
        name, _, actions = each.partition(" for ")
        try:
            obligation = Obligation(name.strip())
        except ValueError:
            raise PolicyBroken(f"{name.strip()} is no obligation") from None
        found[obligation] = frozenset(action.strip() for action in actions.split(",")) - {""}
    return found


def _resource(question: Question) -> tuple[str, str]:
    match question.resource:
        case Record(name=name):
            return "Record", name
        case Report(name=name):
            return "Report", name
        case AccessList(student=somebody) | WallList(staff_member=somebody):
            return "Person", somebody


def _entities(question: Question) -> list[dict[str, Any]]:
    who, resource = question.who, question.resource
    entities = [
        _entity(
            Ref("Person", who.name),
            kind=who.kind,
            roles=sorted(who.roles),
            second_factor=who.second_factor,
        )
    ]
    if isinstance(resource, Record):
        about = {
            fact: _json(Ref("Person", name))
            for fact, name in (("student", resource.student), ("involved", resource.involved))
            if name
        }
        entities.append(
            _entity(
                Ref("Record", resource.name),
                kind=resource.kind,
                known=resource.known,
                disposed=resource.disposed_at is not None,
                kept_by=resource.kept_by,
                walled=_people(resource.walled),
                stepped_aside=_people(resource.stepped_aside),
                **about,
            )
        )
    return entities


def _entity(ref: Ref, **attributes: Any) -> dict[str, Any]:
    return {"uid": _uid(ref.type, ref.name), "attrs": attributes, "parents": []}


def _people(names: frozenset[str]) -> list[Any]:
    return [_json(Ref("Person", name)) for name in sorted(names)]


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": f"{_NAMESPACE}::{kind}", "id": name}


def _json(fact: Fact) -> Any:
    known: Any = fact  # a frozenset's elements lose their type in a match
    match known:
        case Ref(type=kind, name=name):
            return {"__entity": _uid(kind, name)}
        case frozenset():
            return [_json(each) for each in sorted(known, key=str)]
        case Mapping():
            return {key: _json(value) for key, value in known.items()}
        case _:
            return known
