"""
R3: one door. By which RPCs words can reach somebody outside, and that each goes through the gate.

Who adds an RPC says in its `access` option what leaves by it. What can reach a third party needs
`gate: true`, and its answer or mail can be made only of what `egress.let_out` has released.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sas.common.v1 import access_pb2

from tests.structure.test_protos import CHECKOUT, RPCS, Rpc, each_rpc

WORDS = (access_pb2.DATA_CLASS_PERSON, access_pb2.DATA_CLASS_WORDS)
OUTWARD = ("Collect", "Send", "Print", "Export", "Mail", "Post", "Publish", "Share", "Forward")
"""With such a verb somebody outside gets something."""

TO_ONESELF = {
    "identity.CompleteSignIn": "a new session, to the one who signs in",
}
"""RPCs without a session whose answer is about the one who calls, and nobody else."""

NO_WORDS = {
    "consent.ExportConsentRecord": "the student's own consent, to them or the staff",
    "consent.ExportFhirConsent": "the student's own consent, to them or the staff",
}
"""RPCs with an outward verb that let nobody's words out to a third party, and why."""

GATED = {
    "cases.CollectAccessCopy",
    "cases.CollectDisclosure",
    "cases.PrintItems",
    "cases.SendDisclosure",
    "reports.PublishReport",
}
"""All RPCs by which words or numbers leave. Another one is another decision, to be made here on
purpose."""


@each_rpc
def test_what_reaches_somebody_without_a_session_goes_through_the_gate(rpc: Rpc) -> None:
    """A third party has no session: by no other door can words reach one."""
    if rpc.access.door == access_pb2.DOOR_ANYONE and rpc.access.data_class in WORDS:
        assert rpc.access.gate or rpc.name in TO_ONESELF


@each_rpc
def test_what_is_sent_outward_goes_through_the_gate(rpc: Rpc) -> None:
    leaves = (*WORDS, access_pb2.DATA_CLASS_STATISTICS)
    if rpc.method.name.startswith(OUTWARD) and rpc.access.data_class in leaves:
        assert rpc.access.gate or rpc.name in NO_WORDS


@each_rpc
def test_the_gate_is_the_policys_and_leaves_a_line(rpc: Rpc) -> None:
    if rpc.access.gate:
        assert rpc.access.decided_by == access_pb2.DECIDED_BY_POLICY
        assert (rpc.access.audit.partition(":")[0], rpc.access.data_class) in {
            ("access_copy", access_pb2.DATA_CLASS_WORDS),
            ("disclosure", access_pb2.DATA_CLASS_WORDS),
            ("paper", access_pb2.DATA_CLASS_WORDS),
            ("report", access_pb2.DATA_CLASS_STATISTICS),
        }


def test_there_are_these_ways_out() -> None:
    """To a third party, to the student whose it is, on paper, and of what was frozen."""
    assert {rpc.name for rpc in RPCS if rpc.access.gate} == GATED


# The door itself

CASES = CHECKOUT / "services/cases"
REPORTS = CHECKOUT / "services/reports"


def calls_of(name: str, service: Path = CASES) -> set[str]:
    """Give the files of a service that call a function or make a value of this name."""
    return {
        str(file.relative_to(service))
        for file in sorted(service.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and called(node.func) == name
    }


def called(what: ast.expr) -> str:
    match what:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("Released", {"actions/egress.py"}),
        (
            "let_out",
            {
                "actions/access_copies.py",
                "actions/collection.py",
                "actions/disclosures.py",
                "actions/prints.py",
            },
        ),
        ("check", {"actions/egress.py"}),
        ("seal_delivery", {"actions/disclosures.py"}),
        ("SealedDelivery", {"actions/collection.py"}),
        ("recipients_key", {"actions/deliveries.py"}),
        ("send_both", {"actions/disclosures.py"}),
        ("send_link", {"actions/posting.py"}),
        ("send_code", {"actions/posting.py"}),
        ("Contents", {"actions/disclosures.py", "actions/questions.py"}),
        ("CollectedDocument", {"api/disclosures.py"}),
        ("PrintedItems", {"api/prints.py"}),
        ("CollectedAccessCopy", {"api/access_requests.py"}),
    ],
)
def test_the_door_is_one_place(name: str, where: set[str]) -> None:
    """What leaves is released in one place, and nobody makes it, or mails a link, elsewhere."""
    assert calls_of(name) - {"domain/links.py"} == where


def test_the_door_of_reports_is_one_place() -> None:
    """And what leaves by it is what was released: nobody makes the file's answer of a report."""
    assert calls_of("Released", REPORTS) == calls_of("check", REPORTS) == {"actions/egress.py"}
    assert calls_of("PublishedReport", REPORTS) == {"api/reports.py"}
    text = (REPORTS / "api/reports.py").read_text()
    assert text.count("egress.publish_report(") == text.count("content=released.content") == 1


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ("CollectedDocument", "api/disclosures.py"),
        ("CollectedAccessCopy", "api/access_requests.py"),
    ],
)
def test_what_somebody_gets_is_what_was_released(answer: str, where: str) -> None:
    """The answer of an RPC that gives bytes away is filled from `released` only."""
    tree = ast.parse((CASES / where).read_text())
    (made,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node.func) == answer
    ]
    for argument in made.keywords:
        match argument.value:
            case ast.Attribute(value=ast.Name(id="released")):
                continue
        pytest.fail(f"{argument.arg} is not what was released")


def test_the_gate_signs_in_one_place_only() -> None:
    """Only `consent` may sign passes, by its code and by its Vault policy."""
    signing = [
        str(file.relative_to(CHECKOUT))
        for file in sorted((CHECKOUT / "services").rglob("*.py"))
        if "PassOffice(" in file.read_text()
    ]
    assert signing == ["services/consent/__main__.py"]
    policies = CHECKOUT / "deploy/vault/policies"
    may_sign = {
        each.name for each in Path(policies).glob("*.hcl") if "tokens/sign/gate" in each.read_text()
    }
    assert may_sign == {"consent-serve.hcl"}
