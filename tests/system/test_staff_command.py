"""The command `sas` as a person types it: what it prints, refuses, and never says."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from deploy import witness as embedded
from deploy.audit.reconcile import audit_lines, opening_of
from deploy.state import CHECKOUT
from tests.canary.student import unlike_any
from tests.kit import deeds, disclosing
from tests.kit.full_stack import FullStack
from tests.kit.house import eventually
from tests.kit.planted import is_planted
from tests.kit.terminal import Terminal

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

WORDS = """\
## Situation

Her supervisor shouts, {secret}.

## Advice offered

To ask for another one.

## Action taken

Wrote to the faculty.
"""


STRANGER = "staffMembers/00000000-0000-4000-8000-000000000000"


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


def test_paper_is_printed_from_a_file_of_ones_own_or_through_a_pipe(
    adviser: Terminal, case: str, tmp_path: Path
) -> None:
    """R18: locked away in our filing cabinet; and it is said when it is no more."""
    written = adviser.types("note", "write", case, "--from", "-", "--json", words=WORDS)
    note = json.loads(written.out)["name"]
    file = tmp_path / "paper"
    said = ("case", "print", case, note, "--purpose", "advice", "--drawer", "B2", "--out")
    first = adviser.types(*said, str(file))
    assert first.code == 0, first.err
    assert "filing cabinet (B2)" in first.err
    assert file.read_bytes().startswith(b"%PDF-")
    assert file.stat().st_mode & 0o777 == 0o600
    listed = json.loads(adviser.types("print", "list", case, "--json").out)
    again = adviser.types(*said, str(file))
    assert (again.code, again.out) == (1, "")
    assert json.loads(adviser.types("print", "list", case, "--json").out) == listed
    with adviser.begins(*said, "-") as piped:
        assert piped.stdout is not None
        assert piped.stdout.buffer.read().startswith(b"%PDF-")  # type: ignore[attr-defined]  # a TextIO
    (name,) = (each["name"] for each in listed)
    gone = adviser.types("print", "destroyed", name)
    assert gone.code == 0, gone.err
    (left,) = json.loads(adviser.types("print", "list", case, "--json").out)
    assert left["name"] != name


def test_a_student_asks_for_her_copy_and_staff_see_what_to_do_next(
    stack: FullStack, adviser: Terminal, case: str, tmp_path: Path
) -> None:
    """R24: from the request to the file in her hands, at two terminals."""
    (tmp_path / "zoe").mkdir()
    zoe = Terminal(stack, tmp_path / "zoe", stack.student)
    secret = uuid4().hex
    note = deeds.adviser_writes_a_note(stack, case, f"She said {secret}.")
    for earlier in json.loads(zoe.types("access-request", "list", "--json").out):
        adviser.types(
            *("access-request", "close", earlier["name"], "--outcome", "withdrawn", "--really")
        )
    asked = zoe.types("access-request", "ask", "--json")
    assert asked.code == 0, asked.err
    request = json.loads(asked.out)["name"]
    listed = adviser.types("access-request", "list")
    assert request in listed.out
    assert "sas access-request" in listed.err
    shown = adviser.types("access-request", "show", request)
    assert note in shown.out
    assert "sas access-request prepare" in shown.err
    made = adviser.types("access-request", "prepare", request, note, "--json")
    copy = json.loads(made.out)["name"]
    early = adviser.types("access-request", "release", copy, "--really")
    assert (early.code, early.out) == (1, "")
    assert "because: Look at exactly what the student would get" in early.err
    file = tmp_path / "shown"
    assert adviser.types("access-request", "preview", copy, "--out", str(file)).code == 0
    assert adviser.types("access-request", "release", copy).err == (
        "To let the student collect it: add --really\n"
    )
    assert adviser.types("access-request", "release", copy, "--really").code == 0
    mine = tmp_path / "mine"
    taken = zoe.types("access-request", "collect", copy, "--out", str(mine))
    assert taken.code == 0, taken.err
    assert mine.read_bytes() == file.read_bytes()
    assert mine.stat().st_mode & 0o777 == 0o600
    assert secret not in taken.out + made.out + shown.out
    assert adviser.types("access-request", "recall", copy, "--really").code == 0
    late = zoe.types("access-request", "collect", copy, "--out", str(tmp_path / "late"))
    assert (late.code, (tmp_path / "late").exists()) == (1, False)
    clock = ("stop-clock", request, "--waits-for", "clarification")
    assert "start-clock" in adviser.types("access-request", *clock).err
    assert adviser.types("access-request", "start-clock", request).code == 0
    wrong = adviser.types("access-request", "start-clock", request)
    assert "there is nothing to start" in wrong.err
    closing = ("close", request, "--outcome", "withdrawn", "--really")
    assert adviser.types("access-request", *closing).code == 0


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


def test_what_is_marked_is_hidden_and_shown_before_it_leaves(
    stack: FullStack, adviser: Terminal, case: str
) -> None:
    """R14: redaction preview. The passage comes by standard input, never as an argument."""
    note = deeds.adviser_writes_a_note(stack, case, "Wilhelmina was there.")
    marks = "another-person: Wilhelmina // her flatmate\n"
    said = adviser.types("disclosure", "redact", note, "--from", "-", "--json", words=marks)
    redaction = json.loads(said.out)["name"]
    shown = json.loads(adviser.types("disclosure", "preview", redaction, "--json").out)
    assert shown["marks"][0]["why"] == "her flatmate"
    left = base64.b64decode(shown["content"])
    assert left.startswith(b"%PDF-")
    assert b"Wilhelmina" not in left
    wrong = adviser.types("disclosure", "redact", note, "--from", "-", words="Wilhelmina\n")
    assert wrong.code == 2
    assert "Line 1" in wrong.err
    assert "Wilhelmina" not in wrong.err


def test_a_refusal_names_every_reason(stack: FullStack, adviser: Terminal, case: str) -> None:
    """R3: without the student's consent the letter stays, and the adviser reads why."""
    document = deeds.adviser_attaches_a_letter(stack, case)
    tutor = disclosing.adviser_notes_a_tutor(stack)
    disclosure = disclosing.adviser_proposes_a_disclosure(stack, document, tutor)
    shown = adviser.types("disclosure", "send", disclosure.name)
    assert (shown.code, "--really" in shown.err) == (0, True)
    said = adviser.types("disclosure", "send", disclosure.name, "--really")
    assert (said.code, said.out) == (1, "")
    assert "The confidentiality policy refuses this." in said.err
    assert "because: The student has not said yes. (R7)" in said.err
    again = "To see it again: sas "
    (told,) = [line for line in said.err.splitlines() if line.startswith(again)]
    said = adviser.types(*told.removeprefix(again).split())
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("It was a no.\n  because: The student has not said yes. (R7)\n")


def test_what_would_be_decided_is_said_before_it_is_done(adviser: Terminal, case: str) -> None:
    """May they, and why not: of a would-be decision, too."""
    said = adviser.types("policy", "explain", "case_note:read", case)
    assert (said.code, said.out.splitlines()[0]) == (0, "It would be a yes.")
    said = adviser.types("policy", "explain", "enquiry:read", case)
    assert "because: That is not what this kind of record holds. (R10)" in said.out
    said = adviser.types("policy", "explain", "case_note:read", case, "--staff-member", STRANGER)
    assert "because: What was or would be decided for a colleague" in said.err


def test_what_was_sent_is_proved_to_who_sent_it_and_to_nobody_else(
    stack: FullStack, adviser: Terminal, case: str, tmp_path: Path
) -> None:
    """R38: whoever sends has a receipt, which anybody can check without us."""
    document = deeds.adviser_attaches_a_letter(stack, case)
    tutor = disclosing.adviser_notes_a_tutor(stack)
    disclosure = disclosing.adviser_proposes_a_disclosure(stack, document, tutor)
    disclosing.student_gives_consent(stack, disclosure)
    foreseen = adviser.types("policy", "explain", "disclosure:send", disclosure.name)
    assert foreseen.out.startswith("It would be a yes.\n  unless: Others are marked in it")
    sent = adviser.types("disclosure", "send", disclosure.name, "--really", "--json")
    decision = json.loads(sent.out)["decision"]
    proof, entry = tmp_path / "receipt", tmp_path / "receipt.entry"
    assert adviser.types("policy", "receipt", decision, "--out", str(proof)).code == 0
    assert json.loads(entry.read_text())["disclosure"] == disclosure.name
    assert {each.stat().st_mode & 0o777 for each in (proof, entry)} == {0o600}
    key = str(stack.state / "tls/ledger.vkey")
    checked = ("ledger", "verify-receipt", str(proof), str(entry), "--key", key)
    assert "Proved: the entry stands in the ledger" in adviser.types(*checked).out
    for other in (stack.colleague, stack.student):
        never = tmp_path / "never"
        said = Terminal(stack, tmp_path, other).types(
            "policy", "receipt", decision, "--out", str(never)
        )
        assert (said.code, "Not available" in said.err) == (1, True), said.err
        assert not never.exists()


def test_a_report_leaves_when_it_is_said_expressly(stack: FullStack, tmp_path: Path) -> None:
    """R29: frozen first, shown without leaving, and then exactly what was frozen."""
    manager, out = Terminal(stack, tmp_path, stack.manager), tmp_path / "report"

    def freezes(purpose: str, year: int, enquiries: int) -> str:
        for _ in range(enquiries):
            deeds.adviser_records_an_enquiry(stack, contact_date=f"{year}-11-05")
        period = ("--from-year", str(year), "--until-year", str(year))
        asked = ("report", "freeze", "enquiries-by-topic", "--purpose", purpose, *period, "--json")
        eventually(lambda: manager.types(*asked).code == 0)  # the facts travel by events
        return str(json.loads(manager.types(*asked).out)["name"])

    name = freezes("annual-report", 2012, 12)
    said = manager.types("report", "publish", name, "--out", str(out))
    assert (said.code, "--really" in said.err, out.exists()) == (0, True, False)
    said = manager.types("report", "publish", name, "--out", str(out), "--really")
    assert said.code == 0, said.err
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_text().startswith("table,enquiries-by-topic")
    inside, never = freezes("internal-trends", 2013, 6), tmp_path / "trends"
    said = manager.types("report", "publish", inside, "--out", str(never), "--really")
    assert (said.code, never.exists()) == (1, False)
    assert "because: " in said.err


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


def test_a_student_is_told_who_it_was_once_it_was_weighed(
    stack: FullStack, tmp_path: Path, case: str
) -> None:
    """R24: asked by the student, commented on by who is named, decided by a manager."""
    zoe, ada, lea = (
        Terminal(stack, _folder(tmp_path / name), who)
        for name, who in (
            ("zoe", stack.student),
            ("ada", stack.adviser),
            ("lea", stack.manager),
        )
    )
    why, thinks, weighed = unlike_any(), unlike_any(), unlike_any()
    note = json.loads(
        ada.types("note", "write", case, "--from", "-", "--json", words=WORDS.format(secret="")).out
    )["name"]
    assert ada.types("note", "show", note).code == 0
    lines = json.loads(zoe.types("access", "list", "--json").out)
    line = next(each["name"] for each in lines if each["action"] == "case_note:read")
    asked = zoe.types("name", "ask", line, "--from", "-", "--json", words=why)
    name = json.loads(asked.out)["name"]
    assert ada.types("name", "view", name, "leaves-it", "--from", "-", words=thinks).code == 0
    assert ada.types("name", "show", name).err.startswith("Not available.")
    (task,) = [
        each for each in json.loads(lea.types("name", "list", "--json").out) if each["name"] == name
    ]
    assert (task["staff_member"], task["overdue"]) == (stack.adviser.name, False)
    decide = ("name", "decide", name, "release", "--ground", "essential-for-rights", "--from", "-")
    shown = lea.types(*decide)
    assert why in shown.out
    assert thinks in shown.out
    assert "--really" in shown.err
    refused = zoe.types("name", "tell", name)
    assert "It was not decided to tell you this name. (R24)" in refused.err
    assert lea.types(*decide, "--really", words=weighed).code == 0
    staff = json.loads(lea.types("staff", "list", "--json").out)
    known = next(each["display_name"] for each in staff if each["name"] == stack.adviser.name)
    assert known in zoe.types("name", "tell", name).out
    mine = zoe.types("name", "show", name).out
    assert why in mine
    assert thinks not in mine
    assert weighed not in mine


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_the_ledger_is_verified_and_an_auditor_may_too(stack: FullStack, tmp_path: Path) -> None:
    manager = Terminal(stack, tmp_path, stack.manager)
    first = manager.types("ledger", "fsck")
    assert first.code == 0, first.out + first.err
    assert "entries verified" in first.out
    again = manager.types("ledger", "fsck")
    assert (again.code, "First time here" in again.err) == (0, False)


def test_how_the_ledger_does_is_told_to_those_who_verify_it(
    stack: FullStack, tmp_path: Path
) -> None:
    """What stops and what goes on; a student is told no more than anybody."""
    said = Terminal(stack, tmp_path, stack.manager).types("ledger", "health")
    assert said.code == 0, said.out + said.err
    assert said.out.startswith("The Service can work as usual.")
    assert " entries, signed up to " in said.out
    refused = Terminal(stack, tmp_path, stack.student).types("ledger", "health")
    assert (refused.code, refused.out) == (1, "The Service can work as usual.\n")


@pytest.fixture
def auditor(stack: FullStack, case: str, tmp_path: Path) -> Terminal:
    """Somebody who may verify a ledger with some entries, with the witness's key from outside."""
    note = deeds.adviser_writes_a_note(stack, case)
    for _ in range(3):
        deeds.adviser_reads_a_note(stack, note)
    (tmp_path / "witness.vkey").write_text(embedded.verifier_key(stack.state))
    own = tmp_path / "auditor"
    own.mkdir()
    return Terminal(stack, own, stack.manager)


def test_a_receipt_is_verified_down_to_its_witness(
    stack: FullStack, auditor: Terminal, tmp_path: Path
) -> None:
    """Without a connection, with two keys; each wrong thing is told apart."""
    proof, witness = tmp_path / "proof", tmp_path / "witness.vkey"
    entry = tmp_path / "proof.entry"
    keys = ("--key", str(stack.state / "tls/ledger.vkey"), "--witness-key", str(witness))

    def proved() -> bool:
        proof.unlink(missing_ok=True)
        entry.unlink(missing_ok=True)
        assert auditor.types("ledger", "prove", "1", "--out", str(proof)).code == 0
        return "localhost/witness" in proof.read_text()

    eventually(proved, 60)
    said = auditor.types("ledger", "verify-receipt", str(proof), str(entry), *keys)
    assert said.code == 0, said.err
    assert "Proved: the entry stands in the ledger" in said.out
    assert "The witness localhost/witness signed that checkpoint at 20" in said.out

    receipt = proof.read_text()
    alone = tmp_path / "alone"
    alone.write_text("".join(receipt.splitlines(keepends=True)[:-1]))
    said = auditor.types("ledger", "verify-receipt", str(alone), str(entry), *keys)
    assert (said.code, "not signed by that witness" in said.err) == (1, True)
    assert auditor.types("ledger", "verify-receipt", str(alone), str(entry), *keys[:2]).code == 0

    last = receipt.rstrip("\n")
    spoilt = tmp_path / "spoilt"
    spoilt.write_text(last[:-6] + ("A" if last[-6] != "A" else "B") + last[-5:] + "\n")
    said = auditor.types("ledger", "verify-receipt", str(spoilt), str(entry), *keys)
    assert (said.code, "proves nothing" in said.err) == (1, True)

    said = auditor.types(
        "ledger", "verify-receipt", str(proof), str(entry), *keys[:2], "--witness-key", keys[1]
    )
    assert (said.code, "is no witness's verifier key" in said.err) == (1, True)


def test_fsck_asks_for_what_a_trustee_has_kept(
    stack: FullStack, auditor: Terminal, tmp_path: Path
) -> None:
    """R23: the witness's own copy is compared, and its signature."""
    kept, config = tmp_path / "kept", str(stack.state / "etc/witness.toml")
    done = subprocess.run(
        [sys.executable, "-m", "witness", "show", "--config", config, "--log", embedded.ORIGIN],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    kept.write_text(done.stdout)
    witness = ("--witness-key", str(tmp_path / "witness.vkey"))
    said = auditor.types("ledger", "fsck", "--kept", str(kept), *witness)
    assert said.code == 0, said.out + said.err
    assert "The witness localhost/witness signed a checkpoint at 20" in said.out
    # Of another ledger: what was kept there doesn't go with this one.
    kept.write_text(done.stdout.replace(embedded.ORIGIN, "other/ledger"))
    said = auditor.types("ledger", "fsck", "--kept", str(kept))
    assert (said.code, "checkpoint is not signed by this ledger" in said.out) == (1, True)


def test_the_ledger_is_exported_as_files_that_others_can_read(
    stack: FullStack, auditor: Terminal, tmp_path: Path
) -> None:
    """C2SP tlog-tiles; read here by their names, and by nothing of ours."""
    folder = tmp_path / "export"
    said = auditor.types("ledger", "export", str(folder))
    assert said.code == 0, said.out + said.err
    assert folder.stat().st_mode & 0o077 == 0
    origin, size, root = (folder / "checkpoint").read_text().split("\n")[:3]
    assert origin == embedded.ORIGIN
    full, rest = divmod(int(size), 256)
    names = [f"{n:03}" for n in range(full)] + ([f"{full:03}.p/{rest}"] if rest else [])
    bundles = b"".join((folder / "tile/entries" / name).read_bytes() for name in names)
    hashes = b"".join((folder / "tile/0" / name).read_bytes() for name in names)
    leaves = []
    while bundles:
        length = int.from_bytes(bundles[:2], "big")
        leaves.append(hashlib.sha256(b"\x00" + bundles[2 : 2 + length]).digest())
        bundles = bundles[2 + length :]
    assert b"".join(leaves) == hashes
    assert len(leaves) == int(size)
    assert base64.b64encode(merkle_root(leaves)).decode() == root
    again = auditor.types("ledger", "export", str(folder))
    assert (again.code, "exists already" in again.err) == (1, True)


def merkle_root(leaves: list[bytes]) -> bytes:
    """Hash a tree as RFC 6962 defines it (section 2.1)."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    parts = merkle_root(leaves[:left]) + merkle_root(leaves[left:])
    return hashlib.sha256(b"\x01" + parts).digest()


def test_an_auditor_compares_vaults_log_with_the_ledger(
    stack: FullStack, auditor: Terminal, adviser: Terminal, case: str, tmp_path: Path
) -> None:
    """With a copy of the log; one opening more in it than was decided is named."""
    written = deeds.adviser_writes_a_note(stack, case)
    assert adviser.types("note", "show", written).code == 0
    log = stack.state / "vault/audit.log"
    copy = tmp_path / "audit.log"
    mine = [
        (f"{json.dumps(each)}\n", found)
        for each in audit_lines(log)
        if (found := opening_of(each)) and not is_planted(found.decision)
    ]
    copy.write_text("".join(line for line, _ in mine))
    said = auditor.types("ledger", "reconcile", str(copy))
    assert said.code == 0, said.out + said.err
    assert f"{len(mine)} openings, 0 of them not explained" in said.out
    last, opening = mine[-1]
    with copy.open("a") as file:
        file.write(last.replace(opening.decision, str(uuid4())))
    said = auditor.types("ledger", "reconcile", str(copy))
    assert said.code == 1
    assert said.out.count("not in the ledger: 1 keys of records/") == 1
    # The other direction: the line of one opening was taken out of the log.
    copy.write_text("".join(line for line, _ in mine[:-1]))
    said = auditor.types("ledger", "reconcile", str(copy))
    assert said.code == 0
    assert f"decided and not opened: {opening.record}" in said.out
