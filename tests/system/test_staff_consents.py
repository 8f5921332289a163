"""What students say yes to, and what goes wrong, at the terminal: consents, contacts, accidents."""

from __future__ import annotations

import datetime
import hashlib
import json
import shlex
from pathlib import Path

import pytest
from sas.consent.v1 import consents_pb2, consents_pb2_grpc

from tests.canary.student import unlike_any
from tests.kit import breaching, deeds, disclosing
from tests.kit.full_stack import FullStack
from tests.kit.terminal import Terminal

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

NEXT_YEAR = (datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=300)).isoformat()


@pytest.fixture
def adviser(stack: FullStack, tmp_path: Path) -> Terminal:
    return Terminal(stack, tmp_path, stack.adviser)


@pytest.fixture
def colleague(stack: FullStack, tmp_path: Path) -> Terminal:
    (tmp_path / "colleague").mkdir()
    return Terminal(stack, tmp_path / "colleague", stack.colleague)


@pytest.fixture(scope="module")
def case(stack: FullStack) -> str:
    return deeds.adviser_opens_a_case(stack)


def named(stack: FullStack, adviser: Terminal, case: str, purpose: str) -> dict[str, str]:
    """Note whom the student names, and give the contact as `--json` prints it."""
    mother = disclosing.adviser_notes_a_tutor(
        stack, display_name="Ingrid", address="ingrid@family.example"
    )
    said = adviser.types(
        "contact",
        *("name", case, mother.name, "--purpose", purpose, "--ends-on", NEXT_YEAR, "--json"),
    )
    assert said.code == 0, said.err
    found: dict[str, str] = json.loads(said.out)
    return found


def noted(adviser: Terminal, contact: dict[str, str]) -> None:
    """Preview it, and note that the student says yes on the telephone."""
    assert adviser.types("contact", "preview", contact["name"]).code == 0
    spoken = ("note-spoken", contact["consent"], "--manner", "by-telephone")
    said = adviser.types("consent", *spoken, "--really")
    assert said.code == 0, said.err


def state_of(adviser: Terminal, contact: dict[str, str]) -> str:
    found = json.loads(adviser.types("consent", "show", contact["consent"], "--json").out)
    return str(found["state"])


def test_whom_a_student_names_is_listed_without_a_name(
    stack: FullStack, adviser: Terminal, case: str
) -> None:
    """R9: names are seen by whoever opens them, with a line in the student's list."""
    contact = named(stack, adviser, case, "trusted-contact")
    listed = adviser.types("contact", "list", case)
    assert contact["name"] in listed.out
    shown = adviser.types("contact", "show", contact["name"])
    assert shown.code == 0
    assert "Ingrid" not in listed.out + shown.out
    previewed = adviser.types("contact", "preview", contact["name"])
    assert "Ingrid" in previewed.out
    assert "ingrid@family.example" in previewed.out


def test_a_spoken_yes_is_noted_witnessed_and_taken_back(
    stack: FullStack, adviser: Terminal, colleague: Terminal, case: str
) -> None:
    """R7: it counts for a week; a second person confirms it; taking back is as easy."""
    contact = named(stack, adviser, case, "trusted-contact")
    consent = contact["consent"]
    adviser.types("contact", "preview", contact["name"])
    shown = adviser.types("consent", "note-spoken", consent, "--manner", "by-telephone")
    assert (shown.code, "add --really" in shown.err) == (0, True)
    assert state_of(adviser, contact) == "CONSENT_STATE_REQUESTED"
    noted(adviser, contact)
    assert state_of(adviser, contact) == "CONSENT_STATE_PROVISIONAL"
    oneself = adviser.types("consent", "witness", consent, "--really")
    assert oneself.code == 1
    assert "A second person confirms a spoken yes" in oneself.err
    blind = colleague.types("consent", "witness", consent, "--really")
    assert (blind.code, "have not yet seen exactly" in blind.err) == (1, True)
    colleague.types("contact", "preview", contact["name"])
    assert colleague.types("consent", "witness", consent, "--really").code == 0
    assert state_of(adviser, contact) == "CONSENT_STATE_GIVEN"
    assert consent in adviser.types("consent", "list", stack.student.name).out
    assert adviser.types("consent", "note-withdrawal", consent).code == 0
    assert state_of(adviser, contact) == "CONSENT_STATE_WITHDRAWN"


def test_a_consent_is_exported_to_its_reader_alone(
    stack: FullStack, adviser: Terminal, case: str, tmp_path: Path
) -> None:
    """R7: as a record that the ledger proves; never over a file that is there."""
    contact = named(stack, adviser, case, "trusted-contact")
    out = tmp_path / "record.jsonld"
    export = ("consent", "export", contact["consent"], "--out", str(out))
    said = adviser.types(*export)
    assert said.code == 0, said.err
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said.out
    assert (out.stat().st_mode & 0o077, b"Ingrid" in out.read_bytes()) == (0, False)
    again = adviser.types(*export)
    assert (again.code, "exists already" in again.err) == (1, True)
    fhir = ("--form", "fhir-r5", "--out", str(tmp_path / "consent.json"))
    assert adviser.types("consent", "export", contact["consent"], *fhir).code == 0
    assert json.loads((tmp_path / "consent.json").read_text())["resourceType"] == "Consent"


def test_confirming_use_stops_when_it_is_taken_back_and_a_near_miss_is_offered(
    stack: FullStack, adviser: Terminal, case: str
) -> None:
    """R9, R14: one sentence, to one person; a refusal types out what to record, with ids only."""
    contact = named(stack, adviser, case, "confirm-use")
    early = adviser.types("contact", "confirm-use", contact["name"])
    assert (early.code, early.out) == (1, "")
    assert "sas incident record" not in early.err
    noted(adviser, contact)
    said = adviser.types("contact", "confirm-use", contact["name"])
    assert "Yes, this student uses the Student Advice Service." in said.out
    assert adviser.types("consent", "note-withdrawal", contact["consent"]).code == 0
    refused = adviser.types("contact", "confirm-use", contact["name"])
    assert (refused.code, refused.out) == (1, "")
    offer = f"sas incident record other --near-miss --case {case}"
    assert offer in refused.err
    happened = f"nearly told her, {unlike_any()}"
    recorded = adviser.types(*shlex.split(offer)[1:], "--from", "-", "--json", words=happened)
    assert recorded.code == 0, recorded.err
    incident = json.loads(recorded.out)
    assert (incident["kind"], incident["case"]) == ("near_miss", case)
    assert incident["decider"] == stack.adviser.name
    assert happened in adviser.types("incident", "show", incident["name"]).out


def test_an_accident_of_which_no_case_is_known_is_decided_by_the_one_named(
    stack: FullStack, adviser: Terminal, colleague: Terminal
) -> None:
    """R14: a letter left on a printer."""
    words = f"a letter on the printer, {unlike_any()}"
    said = adviser.types("incident", "record", "paper_lost", "--from", "-", "--json", words=words)
    assert said.code == 0, said.err
    incident = json.loads(said.out)
    assert (incident["case"], incident["kind"]) == ("", "incident")
    assert incident["name"] in adviser.types("incident", "list").out
    decide = ("incident", "decide", incident["name"], "not_reportable", "--from", "-")
    other = colleague.types(*decide, words="it was shredded")
    assert (other.code, "Whoever is named in the register" in other.err) == (1, True)
    assert adviser.types(*decide, words="it was shredded").code == 0
    shown = colleague.types("incident", "show", incident["name"])
    assert words in shown.out
    assert "it was shredded" in shown.out


def test_the_procedure_says_whom_the_student_trusts_and_how_to_tell_them(
    stack: FullStack, adviser: Terminal, case: str
) -> None:
    """R33: shown by ids, with the command that opens who it is."""
    contact = named(stack, adviser, case, "trusted-contact")
    shown = adviser.types("contact", "preview", contact["name"], "--json")
    noted(adviser, contact)
    draft = ("breach", "draft", case, "--ground", breaching.RISK, "--from", "-", "--json")
    said = adviser.types(*draft, words="")
    assert said.code == 0, said.err
    assert f"sas contact preview {contact['name']}" in said.err
    assert f"--recipient {contact['recipient']}=trusted_contact" in said.err
    assert json.loads(shown.out)["recipient_name"] not in said.out + said.err
    consents = stack.adviser.at(consents_pb2_grpc.ConsentsServiceStub)
    consents.RecordWithdrawal(consents_pb2.RecordWithdrawalRequest(name=contact["consent"]))
    breach = json.loads(said.out)["name"]
    after = adviser.types("breach", "decide", breach)
    assert contact["recipient"] not in after.out + after.err
