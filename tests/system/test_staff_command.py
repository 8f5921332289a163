"""The command `sas` as a person types it: what it prints, refuses, and never says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import attrs
import pytest

from deploy.demo import people
from deploy.demo.people import Person
from deploy.state import CHECKOUT
from tests.canary.student import unlike_any
from tests.kit import deeds
from tests.kit.full_stack import FullStack

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

WORDS = """\
## Situation

Her supervisor shouts, {secret}.

## Advice offered

To ask for another one.

## Action taken

Wrote to the faculty.
"""


@attrs.frozen
class Said:
    """What a command did."""

    code: int
    out: str
    err: str


class Terminal:
    """Somebody at a terminal of their own."""

    def __init__(self, stack: FullStack, folder: Path, who: Person | None) -> None:
        session = folder / "session"
        if who is not None:
            session.touch(mode=0o600)
            session.write_text(who.token)
        self._environment = {
            "PATH": os.environ["PATH"],
            "COLUMNS": "200",
            "NO_COLOR": "1",
            "SAS_GATEWAY": people.address(stack.state),
            "SAS_CA_FILE": str(stack.state / "tls/ca.pem"),
            "SAS_SESSION_FILE": str(session),
        }

    def types(self, *arguments: str, words: str = "") -> Said:
        """Run `sas` with these arguments, and *words* on its standard input."""
        with self.begins(*arguments) as process:
            out, err = process.communicate(words, timeout=60)
        return Said(process.returncode, out, err)

    def begins(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `sas`, for somebody who looks at it meanwhile."""
        return subprocess.Popen(
            [sys.executable, "-m", "clients.staff.main", *arguments],
            cwd=CHECKOUT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def adviser(stack: FullStack, tmp_path: Path) -> Terminal:
    return Terminal(stack, tmp_path, stack.adviser)


@pytest.fixture(scope="module")
def case(stack: FullStack) -> str:
    return deeds.adviser_opens_a_case(stack)


def test_it_explains_itself(adviser: Terminal) -> None:
    """Every noun is on the map, and every command says what it does."""
    said = adviser.types("--help")
    assert said.code == 0
    for noun in ("student", "case", "note", "document", "disclosure", "breach", "ledger"):
        assert noun in said.out
    said = adviser.types("note", "--help")
    assert "Read a case note. The student will see that you did" in said.out


def test_who_is_not_signed_in_is_told_how_to(stack: FullStack, tmp_path: Path) -> None:
    said = Terminal(stack, tmp_path, None).types("case", "list")
    assert (said.code, said.out) == (1, "")
    assert "sas sign-in" in said.err


@pytest.mark.parametrize("name", ["nonsense", "cases/1", "notes/../../x"])
def test_a_wrong_name_is_said_to_be_wrong(adviser: Terminal, name: str) -> None:
    said = adviser.types("note", "show", name)
    assert (said.code, said.out) == (1, "")
    assert "name: has the wrong form" in said.err
    assert "Traceback" not in said.err


def test_a_name_of_nothing_is_not_available(adviser: Terminal) -> None:
    said = adviser.types("note", "show", f"notes/{deeds.new_request_id()}")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Not available.")
    assert "Check the name" in said.err


def test_a_note_is_written_from_standard_input_and_read(adviser: Terminal, case: str) -> None:
    """And its words are never in an argument or in the environment, where others can see them."""
    secret = unlike_any()
    with adviser.begins("note", "write", case, "--from", "-", "--json") as process:
        seen: set[bytes] = set()
        over = threading.Event()
        watcher = threading.Thread(target=look, args=(process.pid, seen, over))
        watcher.start()
        out, err = process.communicate(WORDS.format(secret=secret), timeout=60)
        over.set()
        watcher.join()
    assert process.returncode == 0, err
    assert seen
    assert not any(secret.encode() in each for each in seen)
    written = json.loads(out)
    assert (written["case"], written["complete"]) == (case, True)
    assert secret not in out
    shown = adviser.types("note", "show", written["name"])
    assert shown.code == 0
    assert f"Her supervisor shouts, {secret}." in shown.out
    read = json.loads(adviser.types("note", "show", written["name"], "--json").out)
    assert read["advice_offered"] == "To ask for another one."
    listed = adviser.types("note", "list", case)
    assert written["name"] in listed.out
    assert secret not in listed.out


def look(pid: int, seen: set[bytes], over: threading.Event) -> None:
    """Note what others on this machine can see of a process."""
    while not over.wait(0.01):
        for name in ("cmdline", "environ"):
            try:
                seen.add(Path(f"/proc/{pid}/{name}").read_bytes())
            except OSError:
                return


def test_an_empty_note_is_not_sent(adviser: Terminal, case: str) -> None:
    said = adviser.types("note", "write", case, "--from", "-", words="## Situation\n\n")
    assert said.code == 1
    assert "nothing was sent" in said.err


def test_a_refusal_names_every_reason(stack: FullStack, adviser: Terminal, case: str) -> None:
    """R3: without the student's consent the letter stays, and the adviser reads why."""
    document = deeds.adviser_attaches_a_letter(stack, case)
    tutor = deeds.adviser_notes_a_tutor(stack)
    disclosure = deeds.adviser_proposes_a_disclosure(stack, document, tutor)
    shown = adviser.types("disclosure", "send", disclosure.name)
    assert (shown.code, "--really" in shown.err) == (0, True)
    said = adviser.types("disclosure", "send", disclosure.name, "--really")
    assert (said.code, said.out) == (1, "")
    assert "The confidentiality policy refuses this." in said.err
    assert "because: consent not given" in said.err


def test_what_can_not_be_undone_is_only_shown(adviser: Terminal, case: str) -> None:
    shown = adviser.types("case", "close", case, "advised")
    assert "--really" in shown.err
    assert json.loads(adviser.types("case", "show", case, "--json").out)["state"] == (
        "CASE_STATE_OPEN"
    )
    assert adviser.types("case", "close", case, "advised", "--really").code == 0
    assert json.loads(adviser.types("case", "show", case, "--json").out)["state"] == (
        "CASE_STATE_CLOSED"
    )


def test_a_list_is_json_for_programs(adviser: Terminal, case: str) -> None:
    """Each note with the fields of the protos, also the empty ones."""
    listed = json.loads(adviser.types("note", "list", case, "--json").out)
    assert listed
    assert {each["case"] for each in listed} == {case}
    assert {each["corrects"] for each in listed} == {""}


def test_a_student_at_the_staff_command_learns_nothing(stack: FullStack, tmp_path: Path) -> None:
    said = Terminal(stack, tmp_path, stack.student).types("case", "list")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("Not available.")


def test_the_ledger_is_verified_and_an_auditor_may_too(stack: FullStack, tmp_path: Path) -> None:
    manager = Terminal(stack, tmp_path, stack.manager)
    first = manager.types("ledger", "fsck")
    assert first.code == 0, first.out + first.err
    assert "entries verified" in first.out
    again = manager.types("ledger", "fsck")
    assert (again.code, "First time here" in again.err) == (0, False)
