"""
R24: complying with GDPR. The clock of an access request, as a table of dates.

UK GDPR, articles 12(3) and 12A; ICO, "How long do we have to comply?"; bank holidays as gov.uk
lists them.
"""

from __future__ import annotations

from datetime import date

import pytest

from services.cases.domain.access_clock import Clock, Pause
from services.cases.domain.bank_holidays import bank_holidays, easter


def day(text: str) -> date:
    return date.fromisoformat(text)


DUE = [
    ("2024-09-03", "2024-10-03", "the ICO's own example"),
    ("2026-01-31", "2026-03-02", "no 31 February: its last day, a Saturday, so the Monday"),
    ("2024-01-31", "2024-02-29", "a leap year's last day"),
    ("2023-01-31", "2023-02-28", "another year's"),
    ("2026-03-31", "2026-04-30", "no 31 April"),
    ("2026-10-31", "2026-11-30", "no 31 November"),
    ("2026-03-03", "2026-04-07", "Good Friday, and on over Easter Monday"),
    ("2026-03-06", "2026-04-07", "Easter Monday"),
    ("2025-03-18", "2025-04-22", "Good Friday of another year"),
    ("2026-04-04", "2026-05-05", "the first Monday in May"),
    ("2026-11-25", "2026-12-29", "Christmas, a Saturday's substitute, and Sunday between"),
    ("2021-11-25", "2021-12-29", "both days of Christmas at a weekend"),
    ("2026-12-01", "2027-01-04", "New Year and a weekend"),
    ("2022-05-02", "2022-06-06", "the days of a jubilee"),
    ("2026-11-28", "2026-12-29", "received on a Saturday: it counts from that day all the same"),
]


@pytest.mark.parametrize(("received", "due", "why"), DUE, ids=[why for *_, why in DUE])
def test_a_month_is_the_same_date_of_the_next_or_the_day_after(
    received: str, due: str, why: str
) -> None:
    assert Clock(day(received)).due_on == day(due), why


def test_an_extension_is_counted_from_the_beginning() -> None:
    """Three months from the original start, and not two from the day on which it was told."""
    assert Clock(day("2026-01-31"), extended=True).due_on == day("2026-04-30")
    assert Clock(day("2026-11-30"), extended=True).due_on == day("2027-03-01")


def test_it_is_extended_once_and_inside_the_first_month() -> None:
    clock = Clock(day("2024-09-03"))
    assert clock.may_extend(day("2024-10-03"))
    assert not clock.may_extend(day("2024-10-04"))
    assert not Clock(day("2024-09-03"), extended=True).may_extend(day("2024-09-04"))


def test_days_of_waiting_for_the_student_do_not_count() -> None:
    """Data (Use and Access) Act 2025: from the day we asked to the day they answered."""
    asked = Clock(day("2024-09-03"), pauses=[Pause(day("2024-09-05"))])
    assert asked.stopped
    assert asked.due_on is None
    again = Clock(day("2024-09-03"), pauses=[Pause(day("2024-09-05"), day("2024-09-12"))])
    assert again.due_on == day("2024-10-10")
    twice = [*again.pauses, Pause(day("2024-09-20"), day("2024-09-21"))]
    assert Clock(day("2024-09-03"), pauses=twice).due_on == day("2024-10-11")
    over_a_weekend = Clock(day("2024-09-03"), pauses=[Pause(day("2024-09-05"), day("2024-09-07"))])
    assert over_a_weekend.due_on == day("2024-10-07")


PUBLISHED = {
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
}
"""As gov.uk lists them for England and Wales."""


@pytest.mark.parametrize("year", PUBLISHED)
def test_bank_holidays_are_those_that_are_published(year: int) -> None:
    assert bank_holidays(year) == {day(f"{year}-{each}") for each in PUBLISHED[year].split()}


def test_easter_is_when_it_was() -> None:
    """The earliest and the latest that there can be, and two between."""
    for sunday in ("1818-03-22", "2038-04-25", "2000-04-23", "2026-04-05"):
        assert easter(int(sunday[:4])) == day(sunday)
