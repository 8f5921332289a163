"""Whoever changes the policy file is told who gains and who loses, and never for nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.policy.asking import Engine
from tests.policy.cedar_rules import Rules
from tests.policy.diff import FOLDER, POLICY, Checkout, main, report
from tests.policy.diff import SCHEMA as SCHEMA_FILE
from tests.policy.difference import Change, changes
from tests.policy.the_policy import POLICIES, RULES, SCHEMA

TEAM = '["adviser", "manager"]'
NO_ADVICE = """
@id("not-for-advice") @clause("R10 planted") @deny("purpose_not_fitting")
forbid (principal, action == SAS::Action::"case_note:read", resource)
when { context.purpose == "advice" };
"""


def changed(*replaced: tuple[str, str], more: str = "") -> str:
    policies = POLICIES
    for old, new in replaced:
        assert old in policies
        policies = policies.replace(old, new)
    return policies + more


def compared(policies: str, schema: str = SCHEMA) -> dict[str, Change]:
    return {each.asking.name: each for each in changes(RULES, Rules.read(policies, schema))}


def test_who_gains_by_a_wider_permit_is_named() -> None:
    found = compared(changed((TEAM, '["adviser", "manager", "trustee"]')))
    assert {"case_note:read", "disclosure:send", "breach:decide"} <= found.keys()
    assert not any(each.loses for each in found.values())
    gains = found["case_note:read"].gains
    assert gains is not None
    assert gains.facts == {("principal", "roles"): {"trustee"}}
    assert gains.reasons == {"not_staff_of_service"}


def test_who_loses_by_another_forbid_is_named() -> None:
    (found,) = compared(changed(more=NO_ADVICE)).values()
    assert (found.asking.name, found.gains) == ("case_note:read", None)
    assert found.loses is not None
    assert found.loses.facts == {("context", "purpose"): "advice"}
    assert found.loses.reasons == {"purpose_not_fitting"}


@pytest.mark.parametrize(
    "rewritten",
    [
        [(f"principal.roles.containsAny({TEAM})", "true && principal.roles.containsAny({TEAM})")],
        [("unless { context has consent };\n", "when { !(context has consent) };\n")],
        [('@id("not-withdrawn")', '@id("withdrawal")')],
        [("context.told_at > context.now", "!(context.told_at <= context.now)")],
    ],
)
def test_nobody_gains_or_loses_when_it_is_only_written_otherwise(
    rewritten: list[tuple[str, str]],
) -> None:
    pairs = [(old, new.replace("{TEAM}", TEAM)) for old, new in rewritten]
    assert compared(changed(*pairs)) == {}
    said = list(report(RULES, Rules.read(changed(*pairs), SCHEMA)))
    assert said[-1] == "nobody gains or loses"


def test_a_rule_in_two_halves_is_the_same_rule() -> None:
    """Both with the reason of the one: nobody is told anything else either."""
    start = POLICIES.index('@id("not-withdrawn")')
    rule = POLICIES[start : POLICIES.index("@id(", start + 1)]
    halves = [
        rule.replace('@id("not-withdrawn")', f'@id("half-{sign}")').replace(
            "context has consent &&", f"context has consent && context.now {sign} 1000 &&"
        )
        for sign in ("<", ">=")
    ]
    assert compared(changed((rule, "".join(halves)))) == {}


def test_the_same_no_for_another_reason_is_told_as_such() -> None:
    found = compared(changed(('@deny("not_prior")', '@deny("consent_not_given")')))
    assert set(found) == {"disclosure:send", "disclosure:collect", "use:confirm"}
    for each in found.values():
        assert not each.gains
        assert not each.loses
        assert each.other_reasons == {"not_prior", "consent_not_given"}


def test_an_action_that_was_not_there_is_a_gain_and_one_that_is_gone_a_loss() -> None:
    more = """
  action "case_note:burn" in ["by staff", "on a record"]
    appliesTo { principal: Person, resource: Record, context: {} };
}"""
    schema = SCHEMA.rstrip().removesuffix("}") + more
    (new,) = compared(POLICIES, schema).values()
    assert (new.asking.name, new.loses) == ("case_note:burn", None)
    assert new.gains is not None
    assert new.gains.facts[("principal", "second_factor")] is True
    (gone,) = changes(Rules.read(POLICIES, schema), RULES)
    assert (gone.asking.name, gone.gains) == ("case_note:burn", None)
    assert gone.loses is not None


@pytest.mark.parametrize("id_", ["second-factor", "no-conflict-of-interest", "this-recipient"])
def test_what_is_told_is_so_by_cedars_own_engine(id_: str) -> None:
    (rule,) = (each for each in RULES.rules if each.id == id_)
    without = RULES.without(rule)
    before, after = Engine(RULES, SCHEMA), Engine(without, SCHEMA)
    found = list(changes(RULES, without))
    assert found
    for each in found:
        if each.gains is not None:
            assert after.ask(each.gains.request).allowed
            refused = before.ask(each.gains.request)
            assert not refused.allowed
            assert before.reasons(refused) == each.gains.reasons == {rule.reason}


def test_no_fact_that_is_told_can_be_left_out() -> None:
    """Two names that must not be the same: each of the two is told, and nothing else."""
    (rule,) = (each for each in RULES.rules if each.id == "a-second-person-witnesses")
    (found,) = changes(RULES, RULES.without(rule))
    assert found.gains is not None
    assert set(found.gains.facts) == {
        ("principal",),
        ("context", "consent", "given_by"),
    }


# The command


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout of two commits: the policy, and one that lets trustees in; and a branch."""
    folder = tmp_path / "checkout"
    (folder / FOLDER).mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, POLICIES)
    commit(folder, changed((TEAM, '["adviser", "manager", "trustee"]')))
    return Checkout(folder)


def git(folder: Path, *words: str) -> None:
    me = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", "-C", str(folder), *me, *words], check=True, capture_output=True)


def commit(folder: Path, policies: str) -> None:
    write(folder, policies)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a policy")


def write(folder: Path, policies: str) -> None:
    (folder / FOLDER / POLICY).write_text(policies, "utf-8")
    (folder / FOLDER / SCHEMA_FILE).write_text(SCHEMA, "utf-8")


@pytest.mark.long
def test_main_is_compared_with_the_commit_before(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], checkout) == 0
    said = capsys.readouterr().out
    assert "only-staff-of-the-service: another condition" in said
    assert "somebody gains:\n    roles of whoever asks: trustee\n" in said
    assert "was refused: Only advisers and managers" in said


@pytest.mark.long
def test_a_branch_is_compared_with_where_it_left(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    git(checkout.folder, "switch", "--quiet", "--create", "branch")
    commit(checkout.folder, POLICIES)
    commit(checkout.folder, changed(more=NO_ADVICE))
    assert main([], checkout) == 0
    said = capsys.readouterr().out
    assert "somebody loses:\n    purpose: advice\n" in said
    assert "not-for-advice: added" in said
    assert "somebody gains" not in said


def test_what_is_not_committed_counts(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout.folder, POLICIES)
    assert main([], checkout) == 0
    said = capsys.readouterr().out
    assert "somebody loses:\n    roles of whoever asks: trustee\n    is refused now:" in said


@pytest.mark.long
def test_two_commits_can_be_named(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["HEAD", "HEAD~1"], checkout) == 0
    assert "somebody loses" in capsys.readouterr().out
    assert main(["HEAD", "HEAD"], checkout) == 0
    assert capsys.readouterr().out.endswith("rules that differ: 0\nnobody gains or loses\n")


@pytest.mark.parametrize("asked", [["no-such-commit"], ["HEAD", "no-such-commit"]])
def test_a_version_that_is_not_there_is_said_to_be_none(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], asked: list[str]
) -> None:
    assert main(asked, checkout) == 2
    assert "no-such-commit" in capsys.readouterr().err


def test_a_policy_that_is_not_whole_is_said_to_be_none(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout.folder, "permit (principal, action, resource);")
    assert main(["HEAD"], checkout) == 2
    assert "no @id" in capsys.readouterr().err


def test_without_history_there_is_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy of the files is no reason for a red build."""
    assert main([], Checkout(tmp_path)) == 0
    assert "can't be compared" in capsys.readouterr().err
