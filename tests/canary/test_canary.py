"""
R5, "or indirectly": nothing about a student leaves by the side.

A student whose every detail is unlike anything else goes through everything that the Service does,
mistakes and failures included; then every log, trace, message, dump, process and file is searched.
"""

from __future__ import annotations

import base64
import io
import smtplib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from pathlib import Path
from uuid import uuid4

import amqp
import attrs
import pytest
from pypdf import PdfReader
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc
from sas.identity.v1 import students_pb2, students_pb2_grpc

from clients.gateway import understood_errors
from common.errors import NotAvailable, RefusedByPolicy, ServiceError, TryAgain
from common.vault import KeyGone
from deploy.demo import behind
from deploy.postgres import provision
from deploy.postgres.provision import SERVICES
from deploy.state import State
from tests.canary.places import Processes, Spy, all_places, spy
from tests.canary.student import Canary, hits, unlike_any
from tests.kit import breaching, deeds, disclosing
from tests.kit.disclosing import Tutor
from tests.kit.full_stack import FullStack, eventually

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

PLACES = [
    "logs",
    "spans",
    "broker",
    *(f"database {each}" for each in SERVICES),
    "vault audit",
    "processes",
    "mail",
    "file names",
    "gateway",
    "settings",
    "witness",
    "servers' own files",
]


@attrs.frozen
class Told:
    """What was told by whom, and everywhere that was looked, when all was over."""

    canary: Canary
    link: str
    code: str
    places: Mapping[str, bytes]


@pytest.fixture(scope="module")
def told(stack: FullStack) -> Iterator[Told]:
    """Let the student go through everything, with planted texts to be found in each place."""
    canary = Canary()
    with Processes(stack.state) as processes, spy(stack.state) as spied:
        link, code = everything_that_the_service_does(stack, canary)
        everything_that_goes_wrong(stack, canary)
        behind.wait_for_facts(stack.state)
        read = all_places(stack.state, processes, spied)
        assert list(read) == PLACES
        yield Told(canary, link, code, {place: look() for place, look in read.items()})


def everything_that_the_service_does(stack: FullStack, canary: Canary) -> tuple[str, str]:
    """Tell the whole story with the student's own words; give the link and the code of a letter."""
    form = students_pb2.RegistrationForm(
        full_name=canary.full_name,
        preferred_name=canary.preferred_name,
        crsid=canary.crsid,
        contact=canary.contact,
    )
    deeds.student_completes_the_registration_form(stack, form)
    assert deeds.adviser_reads_the_registration_form(stack) == form
    other = deeds.adviser_registers_a_student(stack, form)
    assert deeds.adviser_finds_a_student(stack, canary.crsid.upper()) == other

    case = deeds.adviser_opens_a_case(stack)
    words = (canary.situation, canary.advice_offered, canary.action_taken)
    note = deeds.adviser_reads_a_note(stack, deeds.adviser_writes_a_note(stack, case, *words))
    assert (note.situation, note.advice_offered, note.action_taken) == words
    line = deeds.student_sees_who_read(stack, note.name)
    wish = deeds.student_asks_who_it_was(stack, line, canary.why_the_name)
    deeds.adviser_says_what_they_think_of_being_named(stack, wish, canary.view)
    assert deeds.manager_tells_the_name(stack, wish, canary.weighed)

    letter = deeds.adviser_attaches_a_letter(
        stack, case, canary.title, canary.letter.encode(), "text/plain"
    )
    assert deeds.adviser_reads_a_letter(stack, letter).title == canary.title

    tutor = disclosing.adviser_notes_a_tutor(
        stack, canary.recipient, canary.address, canary.organisation
    )
    disclosure = disclosing.adviser_proposes_a_disclosure(stack, letter, tutor)
    with pytest.raises(RefusedByPolicy):
        disclosing.adviser_sends(stack, disclosure, tutor)
    disclosing.student_gives_consent(stack, disclosure)
    link, code = disclosing.adviser_sends(stack, disclosure, tutor)
    assert disclosing.tutor_collects(stack, link, "00000000").status_code == 403
    collected = disclosing.tutor_collects(stack, link, code).json()
    assert in_one_line(canary.letter) in in_one_line(text_of(collected["content"]))
    disclosing.student_withdraws_consent(stack, disclosure)

    breach(stack, canary, case, tutor)
    enquiry = deeds.adviser_records_an_enquiry(stack, canary.enquiry)
    assert deeds.adviser_reads_an_enquiry(stack, enquiry).words == canary.enquiry
    asked = deeds.anybody_asks_about(stack, canary.about, canary.question, canary.answer_to)
    assert asked.status_code == 200
    return link, code


def text_of(content: str) -> str:
    """Read the text of a PDF, as JSON carries it."""
    return PdfReader(io.BytesIO(base64.b64decode(content))).pages[0].extract_text()


def in_one_line(text: str) -> str:
    """Take away blanks and line ends: a page breaks its lines where it is full."""
    return "".join(text.split())


def breach(stack: FullStack, canary: Canary, case: str, doctor: Tutor) -> None:
    """Go through the procedure for breaching confidentiality."""
    words = (canary.outline, canary.reason, canary.intended_outcome, canary.spoken_to)
    name = breaching.adviser_drafts_a_breach(stack, case, doctor, *words)
    breaching.colleague_advises(stack, name)
    breaching.adviser_decides(stack, name)
    record = breaching.adviser_records_what_was_told(stack, name, doctor, canary.told)
    assert canary.told in record.told[0]


def everything_that_goes_wrong(stack: FullStack, canary: Canary) -> None:
    """Put the student's words where they don't belong, and take servers away in mid-flow."""
    calls_that_are_wrong(stack, canary)
    case = deeds.adviser_opens_a_case(stack)
    note = deeds.adviser_writes_a_note(stack, case, canary.situation)
    with away(stack, "consent-serve"), pytest.raises(TryAgain):
        deeds.adviser_reads_a_note(stack, note)
    with away(stack, "vault"), pytest.raises(TryAgain):
        deeds.adviser_writes_a_note(stack, case, canary.mistaken)
    assert deeds.adviser_reads_a_note(stack, note).situation == canary.situation


class away:
    """A server is stopped for the time of the block, and everything is well again after it."""

    def __init__(self, stack: FullStack, server: str) -> None:
        self._stack, self._server = stack, server

    def __enter__(self) -> None:
        self._stack.tell("stop", self._server)
        assert eventually(lambda: self._stack.process(self._server)["stage"] == "stopped", 20)

    def __exit__(self, *_: object) -> None:
        self._stack.tell("start", self._server)
        assert eventually(self._stack.is_well, 60)


def calls_that_are_wrong(stack: FullStack, canary: Canary) -> None:
    """Send words in place of names, codes, numbers, tokens and paths."""
    wrong = canary.mistaken
    made_up = unlike_any()
    note = {"situation": wrong, "requestId": str(uuid4())}
    with stack.http(stack.adviser) as adviser:
        nobodys = f"/v1/cases/{uuid4()}/notes"
        answers = [
            adviser.post(nobodys, json=note),
            adviser.post(nobodys, json=note | {"situation": wrong + "x" * 20_001}),
            adviser.post(nobodys, json=note | {"situation": {wrong: wrong}}),
            adviser.post(nobodys, json=note | {wrong: wrong}),
            adviser.post(nobodys, json=note | {"contactDate": wrong}),
            adviser.post(nobodys, content=f'{{"situation": "{wrong}'),
            adviser.post("/v1/cases", json={"student": wrong, "topic": wrong}),
            adviser.post("/v1/students:find", json={"crsid": wrong}),
            adviser.get(f"/v1/notes/{wrong}", params={"purpose": wrong}),
            adviser.get("/v1/notes", params={"about": wrong}),
            adviser.get("/v1/cases", params={"pageToken": wrong, "pageSize": 5}),
            adviser.get("/v1/cases", params={"pageToken": base64.b64encode(wrong.encode())}),
            adviser.get("/v1/cases", params={"pageSize": wrong}),
            adviser.get(f"/{made_up}/{canary.crsid}"),
            adviser.get("/v1/grounds", headers={"user-agent": wrong, "x-forwarded-for": wrong}),
            adviser.post("/v1/disclosures:collect", json={"linkToken": wrong, "code": wrong}),
            adviser.post("/v1/signIns:complete", json={"state": wrong, "code": wrong}),
        ]
    assert {each.status_code for each in answers} <= {200, 400, 401, 403, 404}
    # Asked for a CRSid of nobody, and for the grounds.
    assert [each.status_code for each in answers].count(200) == 2
    with pytest.raises(ServiceError), understood_errors():
        stack.adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).WriteCaseNote(
            case_notes_pb2.WriteCaseNoteRequest(parent=wrong, situation=wrong, request_id=wrong)
        )
    with pytest.raises(NotAvailable), understood_errors():
        stack.other_student.at(students_pb2_grpc.StudentsServiceStub).CompleteRegistrationForm(
            students_pb2.CompleteRegistrationFormRequest(
                student=stack.student.name,
                form=students_pb2.RegistrationForm(full_name=canary.full_name),
            )
        )


@pytest.mark.parametrize("place", [each for each in PLACES if each != "mail"])
def test_nothing_about_the_student_is_anywhere(told: Told, place: str) -> None:
    assert len(told.places[place]) > 100, "nothing was looked at"
    assert hits(told.canary.texts(), told.places[place]) == []


@pytest.mark.parametrize("place", [each for each in PLACES if each != "mail"])
def test_no_link_code_or_session_is_anywhere(told: Told, stack: FullStack, place: str) -> None:
    """Whoever found one could look in somebody's place."""
    people = (stack.adviser, stack.student, stack.manager, stack.colleague)
    secrets = {each.name: each.token for each in people} | {"link": told.link, "code": told.code}
    assert hits(secrets, told.places[place]) == []


def test_a_mail_names_its_recipient_and_nobody_else(told: Told, stack: FullStack) -> None:
    """Its address, once, where the post office needs it."""
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (stack.state / "mail").glob("*.eml")
    ]
    ours = [each for each in mails if told.canary.address in str(each["To"])]
    assert len(ours) == 2
    for mail in ours:
        assert mail["To"] == told.canary.address
        del mail["To"]
        assert hits(told.canary.texts(), mail.as_bytes()) == []
    others = b"".join(each.as_bytes() for each in mails if each not in ours)
    assert hits(told.canary.texts(), others) == []


# The search itself


def test_what_is_planted_is_found(stack: FullStack) -> None:
    """In every place, or the search above would say nothing."""
    planted = {each: f"planted {unlike_any()}" for each in PLACES}
    secret = {place: text.split()[1] for place, text in planted.items()}
    state = stack.state
    with Processes(state) as processes, spy(state) as spied:
        remove = plant(state, secret, spied)
        try:
            places = {place: look() for place, look in all_places(state, processes, spied).items()}
        finally:
            remove()
    found = {place: hits({place: secret[place]}, places[place]) for place in PLACES}
    assert found == {place: [place] for place in PLACES}


def plant(state: State, secret: Mapping[str, str], spied: Spy) -> Removal:
    """Leave a text in each place, and give what takes it away again."""
    removal = Removal(state)
    for place, folder in {
        "logs": "log",
        "gateway": "gateway",
        "settings": "etc",
        "witness": "witness",
        "servers' own files": "rabbitmq",
    }.items():
        removal.file(f"{folder}/planted.txt", base64.b64encode(b"a" + secret[place].encode()))
    removal.file(f"run/{secret['file names']}", b"")
    with sqlite3.connect(state / "telemetry/spans.db") as spans:
        spans.execute(
            "insert into spans values ('planted', '', '', '', ?, 0, 0, 0, 0, '{}', '[]')",
            (secret["spans"],),
        )
    spied.channel.basic_publish(amqp.Message(secret["broker"]), "events", "planted.Event")
    for service in SERVICES:
        with provision.connect(state, service) as connection:
            connection.execute("CREATE TABLE planted (words bytea)")
            words = secret[f"database {service}"].encode()
            connection.execute("INSERT INTO planted VALUES (%s)", (words,))
    with behind.vault_as(state, "cases-serve") as vault, pytest.raises(KeyGone):
        vault.new_data_key("rk-case", secret["vault audit"], "notes/planted")
    subprocess.run(
        [sys.executable, "-c", "import time; time.sleep(0.5)", secret["processes"]],
        env={"SAS_STATE": str(state.root)},
        check=True,
    )
    before = set((state / "mail").iterdir())
    with smtplib.SMTP("127.0.0.1", state.port("mail")) as post_office:
        post_office.sendmail("a@localhost", ["b@localhost"], f"To: b\n\n{secret['mail']}")
    removal.paths += [*(set((state / "mail").iterdir()) - before)]
    return removal


class Removal:
    """Takes away what was planted."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.paths: list[Path] = []

    def file(self, name: str, content: bytes) -> None:
        """Write a file that is removed afterwards."""
        self.paths.append(self.state / name)
        self.paths[-1].write_bytes(content)

    def __call__(self) -> None:
        """Take it all away."""
        for path in self.paths:
            path.unlink()
        with sqlite3.connect(self.state / "telemetry/spans.db") as spans:
            spans.execute("delete from spans where trace_id = 'planted'")
        for service in SERVICES:
            with provision.connect(self.state, service) as connection:
                connection.execute("DROP TABLE planted")
