"""Notes, enquiries, documents, breaches and facts: the values that are sealed."""

from __future__ import annotations

import json
from datetime import date

import pytest

from services.cases.domain import facts
from services.cases.domain.breaches import BreachWords, Told, chained_digest, latest_words
from services.cases.domain.documents import is_what_it_says
from services.cases.domain.enquiries import (
    ANSWER_TO_EVERYBODY,
    EnquiryWords,
)
from services.cases.domain.names import id_of, new_id
from services.cases.domain.notes import NoteWords


def test_a_note_that_lacks_a_part_is_a_draft() -> None:
    """R15: "electronic record of the student's situation, advice offered and action taken"."""
    assert NoteWords("situation", "advice", "action").complete
    assert not NoteWords("situation", "advice", " ").complete
    assert NoteWords(" ", "", "\n").empty


def test_words_come_back_as_they_were_written() -> None:
    note = NoteWords("Zoë\n“situation”", "", "…")
    assert NoteWords.from_bytes(note.to_bytes()) == note
    enquiry = EnquiryWords("words", "housing")
    assert EnquiryWords.from_bytes(enquiry.to_bytes()) == enquiry
    told = Told("thirdParties/x", "words", "2026-01-01T10:00:00+00:00")
    assert Told.from_bytes(told.to_bytes()) == told


def test_words_do_not_show_when_printed() -> None:
    assert "canary" not in repr(NoteWords("canary", "canary", "canary"))
    assert "canary" not in repr(EnquiryWords("canary", "canary"))
    assert "canary" not in repr(BreachWords("canary", "canary", "canary", "canary"))


@pytest.mark.parametrize(
    ("media_type", "content", "right"),
    [
        ("application/pdf", b"%PDF-1.7\n", True),
        ("application/pdf", b"<html>", False),
        ("image/png", b"\x89PNG\r\n\x1a\n....", True),
        ("image/png", b"%PDF-1.7", False),
        ("image/jpeg", b"\xff\xd8\xff\xe0", True),
        ("image/jpeg", b"GIF89a", False),
        ("text/plain", "Zoë".encode(), True),
        ("text/plain", b"\xff\xfe", False),
        ("text/plain", b"a\x00b", False),
        ("application/zip", b"PK", False),
    ],
)
def test_a_file_is_what_it_says(media_type: str, content: bytes, right: bool) -> None:
    assert is_what_it_says(media_type, content) is right


def test_a_later_version_of_a_breach_keeps_what_it_does_not_say() -> None:
    first = BreachWords(outline="outline", reason="reason")
    second = BreachWords(reason="a better reason", intended_outcome="safety")
    assert latest_words([first, second]) == BreachWords(
        outline="outline", reason="a better reason", intended_outcome="safety"
    )


def test_the_digest_of_the_words_covers_every_version_and_their_order() -> None:
    """R38: immutable, chained."""
    one = chained_digest(chained_digest(b"", b"s", b"first"), b"t", b"second")
    changed = chained_digest(chained_digest(b"", b"s", b"FIRST"), b"t", b"second")
    swapped = chained_digest(chained_digest(b"", b"t", b"second"), b"s", b"first")
    assert len({one, changed, swapped}) == 3


def test_the_answer_about_a_student_says_neither_yes_nor_no() -> None:
    """R9: the same words for everybody, so none of the asker's in them."""
    assert "neither confirm nor deny" in ANSWER_TO_EVERYBODY
    assert "{" not in ANSWER_TO_EVERYBODY


@pytest.mark.parametrize(
    ("day", "term", "year"),
    [
        (date(2026, 10, 1), "michaelmas", 2026),
        (date(2026, 12, 31), "michaelmas", 2026),
        (date(2027, 1, 1), "lent", 2026),
        (date(2027, 4, 1), "easter", 2026),
        (date(2027, 9, 30), "long-vacation", 2026),
    ],
)
def test_facts_say_a_term_and_never_a_day(day: date, term: str, year: int) -> None:
    """R30: nothing finer than a term leaves."""
    told = json.loads(facts.to_json("case", day, topic="housing"))
    assert told == {"kind": "case", "term": term, "year": year, "topic": "housing"}


def test_names_are_exactly_of_their_collection() -> None:
    identifier = new_id()
    assert id_of(f"notes/{identifier}", "notes") == identifier
    assert id_of(f"cases/{identifier}", "notes") is None
    assert id_of("notes/" + "-" * 36, "notes") is None
    assert id_of(f"notes/{identifier.upper()}", "notes") in (None, identifier)
    assert id_of("", "notes") is None
