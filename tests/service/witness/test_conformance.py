"""
The status table of C2SP tlog-witness, asked over HTTPS of the witness as it runs.

Each docstring is the sentence of the specification that the test keeps.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.cosignature import WitnessKey, cosignature, submission
from services.consent.domain.ledger.hashing import EMPTY_ROOT
from services.consent.domain.ledger.note import sign_note
from tests.kit.witness_alone import NAME, PlayedLog, WitnessAlone

Seen = Callable[[int], PlayedLog]

SIZE_TYPE = "text/x.tlog.size"


def is_size(answer: httpx.Response, size: int) -> bool:
    """Whether this says, in the form of the specification, where the witness stands."""
    return (answer.status_code, answer.headers["content-type"], answer.text) == (
        409,
        SIZE_TYPE,
        f"{size}\n",
    )


# 200


def test_a_first_checkpoint_is_signed(witness: WitnessAlone, log: PlayedLog) -> None:
    """The rule: "The signatures MUST be cosignatures from the witness key(s) on the checkpoint"."""
    answer = witness.sends(log.submission(0, 7))
    assert answer.status_code == 200
    assert answer.text.startswith(f"— {NAME} ")
    assert answer.text.count("\n") == 1
    signed = cosignature(log.checkpoint(7) + answer.text, witness.key)
    assert signed is not None
    assert signed.line == answer.text
    assert abs((signed.at - datetime.now(UTC)).total_seconds()) < 60


def test_a_log_that_only_grew_is_signed(witness: WitnessAlone, log: PlayedLog) -> None:
    """The rule: "The witness MUST update its record of the latest cosigned checkpoint"."""
    old = 0
    for size in (1, 2, 3, 8, 9, 31, 32, 40):
        assert witness.sends(log.submission(old, size)).status_code == 200
        old = size


def test_the_same_checkpoint_is_signed_again_with_the_later_time(
    witness: WitnessAlone, seen: Seen
) -> None:
    """So a quiet log is known to be the same, and to be alive."""
    log = seen(7)
    first = cosignature(log.checkpoint(7) + witness.sends(log.submission(7, 7)).text, witness.key)
    time.sleep(1.1)
    second = cosignature(log.checkpoint(7) + witness.sends(log.submission(7, 7)).text, witness.key)
    assert first is not None
    assert second is not None
    assert second.at > first.at


def test_the_signature_is_what_the_specification_spells_out(
    witness: WitnessAlone, log: PlayedLog
) -> None:
    """Key id, time and message byte by byte, without any code of ours."""
    line = witness.sends(log.submission(0, 5)).text
    blob = base64.b64decode(line.rpartition(" ")[2])
    raw = base64.b64decode(str(witness.key).split("+", 2)[2])
    assert raw[0] == 4
    assert blob[:4] == hashlib.sha256(NAME.encode() + b"\n\x04" + raw[1:]).digest()[:4]
    seconds = int.from_bytes(blob[4:12], "big")
    text = log.checkpoint(5).partition("\n\n")[0] + "\n"
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(blob[12:], message)


def test_lines_of_keys_it_does_not_know_are_passed_over(
    witness: WitnessAlone, log: PlayedLog
) -> None:
    """The rule: "It MUST ignore signatures from unknown keys", also under the log's name."""
    stranger = PlayedLog(log.origin, log.leaves)
    other = stranger.checkpoint(7).rpartition("\n\n")[2]
    note = log.checkpoint(7)
    text, _, own = note.rpartition("\n\n")
    body = submission(0, [], f"{text}\n\n{other * 15}{own}")
    assert witness.sends(body).status_code == 200


def test_lines_that_extend_a_checkpoint_are_signed_with_it(
    witness: WitnessAlone, log: PlayedLog
) -> None:
    """The rule: "Extension lines [...] MUST be included in the cosigned message"."""
    text = Checkpoint(log.origin, 7, log.root(7)).text + "an extension\n"
    note = sign_note(text, log.key, log.private_key.sign)
    answer = witness.sends(submission(0, [], note))
    assert answer.status_code == 200
    assert cosignature(note + answer.text, witness.key) is not None


def test_an_empty_log_is_signed_and_grows(witness: WitnessAlone, log: PlayedLog) -> None:
    empty = Checkpoint(log.origin, 0, EMPTY_ROOT).signed(log.key, log.private_key.sign)
    assert witness.sends(submission(0, [], empty)).status_code == 200
    assert witness.sends(log.submission(0, 3)).status_code == 200


# 400


GOOD_HASH = base64.b64encode(b"h" * 32).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("old 0\n", ""),
        ("old 0\n", "old 00\n"),
        ("old 0\n", "old -1\n"),
        ("old 0\n", "old +0\n"),
        ("old 0\n", "old \n"),
        ("old 0\n", "old  0\n"),
        ("old 0\n", "old 0 \n"),
        ("old 0\n", "old 0\r\n"),
        ("old 0\n", "old ٣\n"),
        ("old 0\n", "new 0\n"),
        ("old 0\n", "old 9223372036854775808\n"),
        ("old 0\n", f"old {'9' * 5000}\n"),
        ("old 0\n", "old 0\nnot base64!\n"),
        ("old 0\n", "old 0\naGFsZg==\n"),
        ("old 0\n", f"old 0\n {GOOD_HASH}\n"),
        ("old 0\n", f"old 0\n{GOOD_HASH[:-2]}R=\n"),
        ("old 0\n", "old 0\n" + f"{GOOD_HASH}\n" * 64),
        ("\n\n", "\n"),
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n-7\n"),
        ("\n7\n", "\n7.0\n"),
        ("\n7\n", "\n\n"),
        ("\n7\n", "\n9223372036854775808\n"),
        ("\n7\n", "\n7\n7\n"),
        ("\n— ", "\n- "),
        ("— ", "—\t"),
        ("— ", "— a+b "),
        ("log.test", "log\x07.test"),
        ("log.test", "log\x00.test"),
    ],
)
def test_what_has_not_the_form_is_a_bad_request(
    witness: WitnessAlone, log: PlayedLog, before: str, after: str
) -> None:
    body = log.submission(0, 7).decode()
    assert before in body
    assert witness.sends(body.replace(before, after, 1).encode()).status_code == 400
    assert witness.sends(log.submission(0, 7)).status_code == 200


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\n", b"old 0", b"old 0\n\n", b"\xff\xfe", b"\0"])
def test_what_is_no_submission_at_all_is_a_bad_request(witness: WitnessAlone, body: bytes) -> None:
    assert witness.sends(body).status_code == 400


def test_a_checkpoint_without_its_last_line_feed_is_a_bad_request(
    witness: WitnessAlone, log: PlayedLog
) -> None:
    """The rule: "Each line MUST terminate in a newline character"."""
    assert witness.sends(log.submission(0, 7)[:-1]).status_code == 400


def test_a_root_that_is_no_hash_is_a_bad_request(witness: WitnessAlone, log: PlayedLog) -> None:
    for root in ("aGFsZg==", "", "AA"):
        text = f"{log.origin}\n7\n{root}\n" if root else f"{log.origin}\n7\n"
        note = sign_note(text, log.key, log.private_key.sign)
        assert witness.sends(submission(0, [], note)).status_code == 400


def test_an_old_size_beyond_the_new_is_a_bad_request(witness: WitnessAlone, seen: Seen) -> None:
    """The rule: "The old size MUST be equal to or lower than the checkpoint size"."""
    log = seen(20)
    body = submission(20, [], log.checkpoint(10))
    assert witness.sends(body).status_code == 400


# 404, 403


def test_a_log_it_does_not_know_is_not_found(witness: WitnessAlone) -> None:
    """The rule: "If the checkpoint origin is unknown, the witness MUST respond with a 404"."""
    stranger = PlayedLog("stranger.test/log").grow(7)
    assert witness.sends(stranger.submission(0, 7)).status_code == 404


def test_a_checkpoint_that_the_log_did_not_sign_is_forbidden(
    witness: WitnessAlone, log: PlayedLog
) -> None:
    """The rule: "If none of the signatures verify against a trusted public key [...] 403"."""
    imposter = PlayedLog(log.origin, log.leaves)
    assert witness.sends(imposter.submission(0, 7)).status_code == 403
    text, _, line = log.checkpoint(7).rpartition("\n\n")
    for number in (7, 40, 80):  # a bit of the root, of the key id, of the signature
        spoilt = line[:number] + ("A" if line[number] != "A" else "B") + line[number + 1 :]
        answer = witness.sends(submission(0, [], f"{text}\n\n{spoilt}"))
        assert answer.status_code in (400, 403)
    other_text = text.replace("\n7\n", "\n8\n")
    assert witness.sends(submission(0, [], f"{other_text}\n\n{line}")).status_code == 403


def test_its_own_cosignature_does_not_stand_in_for_the_logs(
    witness: WitnessAlone, seen: Seen
) -> None:
    log = seen(7)
    line = witness.sends(log.submission(7, 7)).text
    text = log.checkpoint(7).rpartition("\n\n")[0]
    assert witness.sends(submission(7, [], f"{text}\n\n{line}")).status_code == 403


# 409


def test_another_old_size_than_the_latest_is_a_conflict_and_the_latest_is_said(
    witness: WitnessAlone, seen: Seen
) -> None:
    """The rule: "The body MUST consist of the tree size of the latest cosigned checkpoint"."""
    log = seen(20)
    for old in (0, 19, 21):
        assert is_size(witness.sends(log.submission(old, 30)), 20)
    assert witness.sends(log.submission(20, 30)).status_code == 200


def test_a_log_never_seen_stands_at_nothing(witness: WitnessAlone, log: PlayedLog) -> None:
    """The rule: "(or zero if it never cosigned a checkpoint for that origin)"."""
    assert is_size(witness.sends(log.submission(5, 7)), 0)


def test_the_same_size_with_another_root_is_a_conflict_and_kept(
    witness: WitnessAlone, seen: Seen
) -> None:
    """The rule: "The witness MUST check that the root hashes are also identical [...] 409"."""
    log = seen(20)
    forked = log.forked_at(15)
    answer = witness.sends(submission(20, [], forked.checkpoint(20)))
    assert (answer.status_code, answer.headers["content-type"] == SIZE_TYPE) == (409, False)
    shown = witness.show()
    assert shown.returncode == 1
    assert f"# fork of {log.origin}" in shown.stdout
    assert forked.checkpoint(20) in shown.stdout
    assert shown.stdout.count(log.checkpoint(20)) == 2  # as the latest, and as what it is against
    assert witness.sends(log.submission(20, 21)).status_code == 200


def test_a_fork_is_kept_whatever_old_size_it_came_with(witness: WitnessAlone, seen: Seen) -> None:
    log = seen(20)
    forked = log.forked_at(15)
    assert is_size(witness.sends(forked.submission(10, 20)), 20)
    assert f"# fork of {log.origin}" in witness.show().stdout


# 422


def test_a_forked_history_is_refused_and_kept(witness: WitnessAlone, seen: Seen) -> None:
    """The rule: "If the Merkle Consistency Proof doesn't verify [...] 422"."""
    log = seen(20)
    forked = log.forked_at(15)
    assert witness.sends(forked.submission(20, 30)).status_code == 422
    shown = witness.show().stdout
    assert f"# unproven of {log.origin}" in shown
    assert forked.checkpoint(30) in shown


def test_a_history_rewritten_from_the_beginning_is_refused(
    witness: WitnessAlone, seen: Seen
) -> None:
    log = seen(20)
    assert witness.sends(log.forked_at(0).submission(20, 30)).status_code == 422


def test_no_proof_a_shorter_one_and_a_longer_one_are_refused(
    witness: WitnessAlone, seen: Seen
) -> None:
    log = seen(20)
    good = log.submission(20, 30)
    lines = good.split(b"\n")
    without = b"\n".join([lines[0], *lines[2:]])
    none = submission(20, [], log.checkpoint(30))
    longer = good.replace(b"\n\n", f"\n{GOOD_HASH}\n\n".encode(), 1)
    for body in (without, none, longer):
        assert witness.sends(body).status_code == 422
    assert witness.sends(good).status_code == 200


def test_a_proof_from_nothing_is_empty(witness: WitnessAlone, log: PlayedLog) -> None:
    """The rule: "The proof MUST be empty if the old size is zero"."""
    body = submission(0, [b"h" * 32], log.checkpoint(7))
    assert witness.sends(body).status_code == 422


def test_an_empty_log_with_a_root_is_refused(witness: WitnessAlone, log: PlayedLog) -> None:
    odd = Checkpoint(log.origin, 0, b"r" * 32).signed(log.key, log.private_key.sign)
    assert witness.sends(submission(0, [], odd)).status_code == 422


# Going back, racing, dying


def test_a_log_that_went_back_is_refused_and_kept(witness: WitnessAlone, seen: Seen) -> None:
    """A restored backup: the log says what it was true to say earlier, and says it too late."""
    log = seen(20)
    assert is_size(witness.sends(log.submission(10, 15)), 20)
    assert f"# rollback of {log.origin}" in witness.show().stdout


def test_of_those_who_race_from_one_size_one_is_signed(witness: WitnessAlone, seen: Seen) -> None:
    """
    The rule: "Checking the old size [...] and persisting the new checkpoint must be performed
    atomically"; else a slow request rolls back what a quick one has signed.
    """
    log = seen(8)
    sizes = [*range(9, 41)]
    with ThreadPoolExecutor(16) as pool:
        answers = [*pool.map(lambda size: witness.sends(log.submission(8, size)), sizes)]
    signed = [size for size, each in zip(sizes, answers, strict=True) if each.status_code == 200]
    assert len(signed) == 1
    for each in answers:
        assert each.status_code == 200 or is_size(each, signed[0])


def test_two_histories_that_race_are_never_both_signed(witness: WitnessAlone, seen: Seen) -> None:
    log = seen(8)
    forked = log.forked_at(8)
    bodies = [log.submission(8, 20), forked.submission(8, 20)] * 8
    with ThreadPoolExecutor(16) as pool:
        answers = [*pool.map(witness.sends, bodies)]
    honest = sum(each.status_code == 200 for each in answers[::2])
    forged = sum(each.status_code == 200 for each in answers[1::2])
    assert (honest == 0) != (forged == 0)


def test_what_it_has_signed_it_knows_after_its_power_was_cut(
    witness: WitnessAlone, seen: Seen
) -> None:
    """The rule: "The witness MUST persist the new checkpoint before responding"."""
    log, size = seen(1), 1
    for bigger in (2, 3, 5, 8, 13):
        assert witness.sends(log.submission(size, bigger)).status_code == 200
        witness.stop()  # SIGKILL, just after it has answered
        witness.start()
        assert is_size(witness.sends(log.submission(0, bigger)), bigger)
        size = bigger
    assert witness.sends(log.forked_at(4).submission(13, 20)).status_code == 422


# The rest of the door


def test_nothing_else_is_served(witness: WitnessAlone) -> None:
    assert witness.client.get("/add-checkpoint").status_code == 405
    for path in ("/", "/etc/passwd", "/checkpoint", "/add-checkpoint/"):
        assert witness.client.get(path).status_code == 404
        assert witness.sends(b"", path).status_code == 404


def test_a_connection_is_kept(witness: WitnessAlone, log: PlayedLog) -> None:
    """The rule: "Witnesses SHOULD support HTTP keep-alive"."""
    for number in range(1, 4):
        answer = witness.sends(log.submission(number - 1, number))
        assert answer.status_code == 200
        assert "close" not in answer.headers.get("connection", "")


def test_too_large_a_body_is_not_read(witness: WitnessAlone) -> None:
    assert witness.sends(b"x" * (128 * 1024 + 1)).status_code == 413

    def in_pieces() -> Iterator[bytes]:
        yield b"old 0\n\n"

    answer = witness.client.post("/add-checkpoint", content=in_pieces())
    assert answer.status_code == 411


def test_its_own_log_has_nothing_that_a_stranger_wrote(witness: WitnessAlone) -> None:
    stranger = PlayedLog("a-strangers-words").grow(3)
    witness.sends(stranger.submission(0, 3))
    witness.sends(b"a-strangers-words")
    witness.client.get("/a-strangers-words")
    assert "strangers" not in witness.log()


def test_it_signs_for_each_log_apart(witness: WitnessAlone, logs: list[PlayedLog]) -> None:
    one, two = logs.pop().grow(9), logs.pop().grow(9)
    assert witness.sends(one.submission(0, 9)).status_code == 200
    assert witness.sends(two.submission(0, 4)).status_code == 200
    assert is_size(witness.sends(two.submission(0, 9)), 4)
    assert WitnessKey.parse(str(witness.key)) == witness.key
