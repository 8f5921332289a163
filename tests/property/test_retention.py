"""R26, R27: six academic years beyond the end of the academic year of your last involvement."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.cases.domain.days import (
    EARLIEST_CONTACT,
    LONDON,
    NotADay,
    contact_day,
    end_of_day,
    london_day,
)
from services.cases.domain.retention import (
    academic_year,
    academic_year_end,
    dispose_from,
    is_due,
    latest_day_due,
)

days = st.dates(min_value=EARLIEST_CONTACT, max_value=date(2200, 12, 31))
moments = st.datetimes(
    min_value=datetime(1990, 10, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2024, 2, 10, 12, tzinfo=UTC), date(2030, 10, 1)),
        (datetime(2024, 9, 30, 22, 59, tzinfo=UTC), date(2030, 10, 1)),
        (datetime(2024, 9, 30, 23, 30, tzinfo=UTC), date(2031, 10, 1)),
    ],
)
def test_the_examples_of_the_requirement(moment: datetime, expected: date) -> None:
    """The last one is 1 October already, by British Summer Time."""
    assert dispose_from(london_day(moment)) == expected


@given(days)
@example(date(2024, 9, 30))
@example(date(2024, 10, 1))
@example(date(2024, 2, 29))
def test_the_academic_year_holds_its_days(day: date) -> None:
    first, last = date(academic_year(day), 10, 1), academic_year_end(day)
    assert first <= day <= last
    assert (last - first).days in (364, 365)


@given(days)
@example(date(2024, 9, 30))
@example(date(2024, 10, 1))
def test_a_record_is_kept_six_whole_academic_years_and_no_longer(day: date) -> None:
    first_day = dispose_from(day)
    assert (first_day.month, first_day.day) == (10, 1)
    assert academic_year(first_day) == academic_year(day) + 7
    assert not is_due(day, first_day - timedelta(days=1))
    assert is_due(day, first_day)


@given(days, days)
def test_a_later_involvement_never_shortens_the_time(one: date, other: date) -> None:
    earlier, later = sorted((one, other))
    assert dispose_from(earlier) <= dispose_from(later)


@given(days)
@example(date(2030, 9, 30))
@example(date(2030, 10, 1))
def test_the_list_of_what_is_due_ends_at_the_right_day(today: date) -> None:
    last = latest_day_due(today)
    assert is_due(last, today)
    assert not is_due(last + timedelta(days=1), today)


@given(moments)
@example(datetime(2024, 9, 30, 22, 59, 59, tzinfo=UTC))
@example(datetime(2024, 9, 30, 23, 0, tzinfo=UTC))
@example(datetime(2024, 3, 31, 1, 0, tzinfo=UTC))
@example(datetime(2024, 10, 27, 0, 59, tzinfo=UTC))
def test_a_moment_lies_within_its_london_day(moment: datetime) -> None:
    day = london_day(moment)
    assert end_of_day(day - timedelta(days=1)) <= moment < end_of_day(day)


@given(moments)
def test_the_day_does_not_depend_on_the_clock_that_wrote_it(moment: datetime) -> None:
    assert london_day(moment) == london_day(moment.astimezone(LONDON))


def test_a_moment_without_a_time_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        london_day(datetime(2024, 9, 30, 23, 30))


@given(days, days)
def test_a_contact_is_never_in_the_future(said: date, today: date) -> None:
    if said > today:
        with pytest.raises(NotADay, match="earlier"):
            contact_day(said.isoformat(), today)
    else:
        assert contact_day(said.isoformat(), today) == said


@pytest.mark.parametrize("said", ["2024-02-30", "2024-13-01", "0000-00-00", "1950-01-01"])
def test_what_is_no_day_of_ours_is_refused(said: str) -> None:
    with pytest.raises(NotADay):
        contact_day(said, date(2024, 6, 1))


def test_a_contact_without_a_day_is_of_today() -> None:
    assert contact_day("", date(2024, 6, 1)) == date(2024, 6, 1)
