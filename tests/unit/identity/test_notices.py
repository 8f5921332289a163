"""The notice says what the policy says, and each version stays what it was."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from services.identity.domain.notices import every_notice, notice_in_force

AFTER = datetime(2026, 11, 23, tzinfo=UTC)

# A text in force is never edited (R31): a change of these lines is a new file.
KEPT = {
    ("confidentiality", "2026-10-01"): (
        "a9cf0ce7049f1b41a6babc5fd6128b9f436be56ff23242ec0f460096472a514f"
    ),
}


def test_no_text_in_force_was_edited() -> None:
    assert {(n.id, n.version): n.sha256 for n in every_notice()} == KEPT


def test_the_hash_is_of_the_text_as_it_is_shown() -> None:
    notice = notice_in_force("notices/confidentiality", AFTER)

    assert notice is not None
    assert notice.sha256 == hashlib.sha256(notice.text.encode("utf-8")).hexdigest()


def test_a_notice_holds_from_its_day() -> None:
    assert notice_in_force("notices/confidentiality", datetime(2026, 9, 30, 23, tzinfo=UTC)) is None
    assert notice_in_force("notices/confidentiality", datetime(2026, 10, 1, tzinfo=UTC)) is not None


def test_an_unknown_notice_is_none() -> None:
    assert notice_in_force("notices/cookies", AFTER) is None


def test_the_notice_speaks_of_each_promise() -> None:
    """R2: before the first input, in plain words."""
    notice = notice_in_force("notices/confidentiality", AFTER)

    assert notice is not None
    for promise in (
        "right to confidentiality",
        "directly or indirectly",
        "beforehand",
        "don't even confirm",
        "change your mind",
        "weekly meeting",
        "six academic years",
        "Nobody can be recognised",
        "serious and imminent risk",
        "at least one other staff member",
    ):
        assert promise in notice.text, promise


def test_the_notice_is_in_plain_words() -> None:
    notice = notice_in_force("notices/confidentiality", AFTER)

    assert notice is not None
    sentences = [s for s in notice.text.replace("\n", " ").split(". ") if s]
    words = notice.text.split()
    assert len(words) / len(sentences) < 20
    assert not {"pursuant", "hereby", "aforementioned", "data controller"} & set(words)
