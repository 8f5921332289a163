"""Years, groupings, facts and settings of reports."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from common.config import ConfigError
from deploy.seeds.lists import COLLEGES, TOPICS
from services.reports.config import Settings
from services.reports.domain.facts import codes, together
from services.reports.domain.groupings import (
    COLLEGE_GROUPS,
    GROUP_OF,
    NOT_KNOWN,
    NOT_YET_KNOWN,
    ROOT_OF,
    college_group,
    topic_rows,
)
from services.reports.domain.years import Period


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (datetime(2025, 9, 30, 22, 59, tzinfo=UTC), False),
        (datetime(2025, 9, 30, 23, 0, tzinfo=UTC), True),  # midnight in Cambridge, in summer
        (datetime(2026, 1, 1, tzinfo=UTC), True),
    ],
)
def test_a_period_is_over_when_its_last_academic_year_is(now: datetime, over: bool) -> None:
    assert Period(2022, 2024).is_over(now) == over


def test_a_period_that_ends_before_it_begins_can_not_be() -> None:
    with pytest.raises(ValueError, match="no earlier"):
        Period(2024, 2023)


def test_every_college_is_in_a_group_of_about_eight() -> None:
    assert set(GROUP_OF) == {college.code for college in COLLEGES}
    sizes = Counter(GROUP_OF.values())
    assert set(sizes) == set(COLLEGE_GROUPS) - {NOT_KNOWN}
    assert sorted(sizes.values()) == [7, 8, 8, 8]


def test_every_topic_is_under_the_root_that_its_list_says() -> None:
    assert {topic.code: topic.root for topic in TOPICS if topic.root} == dict(ROOT_OF)


@pytest.mark.parametrize("college", ["other", "not-stated", "", None, 7, ["kings"]])
def test_a_college_that_nobody_knows_is_in_no_group(college: object) -> None:
    assert college_group(college) == NOT_KNOWN


def test_a_topic_is_counted_by_itself_and_by_its_root() -> None:
    assert topic_rows("mental-health") == ("welfare", "mental-health")


@pytest.mark.parametrize("topic", ["not-yet-known", "welfare", "", None, 7, {}])
def test_a_topic_that_is_not_in_the_list_is_not_yet_known(topic: object) -> None:
    assert topic_rows(topic) == (NOT_YET_KNOWN,)


def test_what_comes_later_about_a_case_adds_to_what_is_known() -> None:
    """Closing a case tells the outcome and not the topic."""
    (case,) = together(
        [
            ("records/1", "p", {"kind": "case", "topic": "visa", "year": 2024}),
            ("records/1", "p", {"kind": "case", "outcome": "resolved", "year": 2024}),
        ]
    )
    assert case.person == "p"
    assert case.codes == {"kind": "case", "topic": "visa", "outcome": "resolved", "year": 2024}


def test_facts_of_another_shape_are_refused_without_saying_what_they_are() -> None:
    with pytest.raises(ValueError, match=r"^facts are a JSON object$"):
        codes(b'["words"]')


@pytest.mark.parametrize(
    "smallest",
    [
        {"annual-report": 5, "research": 10, "internal-trends": 5},
        {"annual-report": 12, "research": 10, "internal-trends": 5},
        {"annual-report": 10, "research": 10},
    ],
    ids=["weaker", "no multiple", "missing"],
)
def test_settings_can_not_make_the_rules_weaker(smallest: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="smallest_published"):
        Settings(smallest_published=smallest)


def test_settings_can_make_the_rules_stricter() -> None:
    stricter = {"annual-report": 20, "research": 20, "internal-trends": 10}
    assert Settings(smallest_published=stricter).smallest_published == stricter
