"""What everybody is told who asks whether somebody uses the Service, and when a mail leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.cases.domain.replies import (
    every_script,
    leaves_at,
    script_in_force,
    script_of,
)
from services.cases.domain.states import ReplyChannel

TODAY = date(2026, 11, 25)
CHANNELS = (ReplyChannel.TELEPHONE, ReplyChannel.DESK, ReplyChannel.MAIL)
# A text in force is never edited: a change of these lines is a new file.
KEPT = {
    ("desk", "2026-10-01"): ("41672b2366d5d6f62f31f9d2c5f1515845498645eba72ad9afcac0e9530ed6ce"),
    ("mail", "2026-10-01"): ("1c809ce91b6fdfe8e17897362fca4dd40bd2892f633b37c19e4c56aa4df8667d"),
    ("telephone", "2026-10-01"): (
        "5eb8eb92be3114bcb3e1006533744e3c09e3e6ecf8fd57a9aa4dd593a599e717"
    ),
}
HALF_ANSWERS = ("afraid", "at the moment", "currently", "not that i know", "unfortunately", "sorry")
"""Each of them says a little more than nothing."""


def test_no_text_in_force_was_edited() -> None:
    assert {(s.channel, s.version): s.sha256 for s in every_script()} == KEPT


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_words_are_no_answer(channel: ReplyChannel) -> None:
    """R9: "not confirming that any student has used or is using the Service"."""
    text = script_in_force(channel, TODAY).text
    assert "We never say whether a person has been in touch with us." in text
    assert "neither as a yes nor as a no" in text
    assert "999" in text
    assert not [phrase for phrase in HALF_ANSWERS if phrase in text.lower()]


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_words_are_plain(channel: ReplyChannel) -> None:
    text = script_in_force(channel, TODAY).text
    sentences = [each for each in text.replace("\n", " ").split(". ") if each]
    assert len(text.split()) / len(sentences) < 20


def test_a_mail_names_neither_the_service_nor_anybody_nor_what_was_asked() -> None:
    """R5: whoever sees it lying open learns nothing; there is no place for a name in it."""
    text = script_in_force(ReplyChannel.MAIL, TODAY).text
    assert "Student Advice" not in text
    assert not set("{}%<>") & set(text)


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_staff_are_told_what_not_to_do(channel: ReplyChannel) -> None:
    assert script_in_force(channel, TODAY).guidance


def test_what_a_person_was_told_can_be_found_again() -> None:
    script = script_in_force(ReplyChannel.MAIL, TODAY)
    assert script_of(ReplyChannel.MAIL, script.version) is script


@pytest.mark.parametrize(
    ("asked", "answered", "leaves"),
    [
        # winter: ten in London is ten in UTC
        ((25, 9, 0), (25, 9, 1), (26, 10, 0)),
        ((25, 9, 0), (26, 8, 59), (26, 10, 0)),
        ((25, 10, 0), (25, 10, 1), (26, 10, 0)),
        ((25, 10, 1), (25, 10, 2), (27, 10, 0)),
        # the staff let the day pass
        ((25, 9, 0), (26, 10, 1), (27, 10, 0)),
    ],
)
def test_a_mail_leaves_with_the_first_post_that_is_a_day_after_the_question(
    asked: tuple[int, int, int], answered: tuple[int, int, int], leaves: tuple[int, int, int]
) -> None:
    def at(day: int, hour: int, minute: int) -> datetime:
        return datetime(2026, 11, day, hour, minute, tzinfo=UTC)

    assert leaves_at(at(*asked), at(*answered)) == at(*leaves)


def test_ten_in_the_morning_is_londons_in_summer_too() -> None:
    asked = datetime(2027, 6, 1, 8, 0, tzinfo=UTC)
    assert leaves_at(asked, asked) == datetime(2027, 6, 2, 9, 0, tzinfo=UTC)


def test_looking_for_a_record_first_does_not_show() -> None:
    """R9: a staff member is slower when there is something to find; the mail is not."""
    asked = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    hours = {leaves_at(asked, asked + timedelta(minutes=m)) for m in range(1, 24 * 60, 7)}
    assert len(hours) == 1
