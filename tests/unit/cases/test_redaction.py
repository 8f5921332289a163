"""R3, R24: what is marked is found wherever it stands, and what is hidden tells nothing."""

from __future__ import annotations

import pytest

from services.cases.domain.redaction import (
    Mark,
    RedactionReason,
    has_words,
    marks_from_bytes,
    marks_to_bytes,
    merged,
    spans,
)


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        ("Then ANNA rang.", "Anna"),
        ("Then Anna's mother rang.", "anna"),
        ("Then Änna rang.", "Anna"),
        ("Then Anna rang.", "Änna"),
        ("Then Anna\n Example rang.", "Anna Example"),
        ("Then An-\nna rang.", "Anna"),
        ("Then An\ufffe\r\nna rang.", "Anna"),
        ("Then An\u00adna rang.", "Anna"),
        ("Then A\u200bnna rang.", "Anna"),
        ("Then \uff21nna rang.", "Anna"),
        ("Then Mary\u2011Ann rang.", "Mary-Ann"),
        ("Then O\u2019Neill rang.", "O'Neill"),
        ("the \ufb01ancée", "fiancee"),
    ],
)
def test_a_passage_is_found_however_it_is_written(text: str, passage: str) -> None:
    (found,) = spans(text, passage)
    assert not any(word in text[: found[0]] + text[found[1] :] for word in ("nna", "Ann", "eill"))


def test_all_its_occurrences_are_found() -> None:
    assert len(spans("Anna and ANNA and anna", "Anna")) == 3


def test_a_name_is_not_a_part_of_a_word() -> None:
    assert spans("the annual report of Ann", "Ann") == [(21, 24)]
    assert spans("Joann rang Ann", "Ann") == [(11, 14)]


def test_what_is_no_word_can_not_be_looked_for() -> None:
    assert not has_words(" \u00ad-- ")
    assert has_words("Zoë")
    assert spans("anything", "\u00ad") == []


def test_blocks_beside_each_other_are_one() -> None:
    """Two blocks in a row would tell that there are two names."""
    assert merged([(5, 8), (0, 5), (9, 12), (10, 11)]) == [(0, 8), (9, 12)]


def test_marks_are_kept_as_they_were_made() -> None:
    marks = (
        Mark(RedactionReason.ANOTHER_PERSON, passage="Anna", why="her friend"),
        Mark(RedactionReason.NOT_NEEDED, page=2),
    )
    assert marks_from_bytes(marks_to_bytes(marks)) == marks
    assert "Anna" not in repr(marks)
    assert "friend" not in repr(marks)
