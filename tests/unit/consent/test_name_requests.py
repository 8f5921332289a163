"""When a request for a name is to be answered, and what is weighed (R24)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sas.common.v1.naming_pb2 import NameGround

from services.consent.domain.balancing import (
    NAME_GROUNDS,
    RELEASE,
    WITHHOLD,
    sides,
    speaking_for,
)
from services.consent.domain.name_requests import due_at


@pytest.mark.parametrize(
    ("asked", "late_from"),
    [
        ("2026-09-03T10:00", "2026-10-03T23:00"),  # British Summer Time: the end of 3 October
        ("2026-01-31T10:00", "2026-03-01T00:00"),
        ("2028-01-31T10:00", "2028-03-01T00:00"),  # to 29 February
        ("2026-12-15T10:00", "2027-01-16T00:00"),
        ("2026-09-30T22:59", "2026-10-31T00:00"),
        ("2026-09-30T23:30", "2026-11-02T00:00"),  # 1 October in Cambridge
    ],
)
def test_a_month_is_the_same_date_of_the_next_or_its_last_day(asked: str, late_from: str) -> None:
    """UK GDPR, article 12(3), as the Information Commissioner counts: 3 September, 3 October."""
    found = due_at(datetime.fromisoformat(asked).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(late_from).replace(tzinfo=UTC)


def test_every_ground_of_the_protos_has_a_side_words_and_a_source() -> None:
    known = {f"NAME_GROUND_{each.code.upper()}" for each in NAME_GROUNDS}
    assert known == set(NameGround.keys()) - {"NAME_GROUND_UNSPECIFIED"}
    assert {each.answer for each in NAME_GROUNDS} == {RELEASE, WITHHOLD}
    for each in NAME_GROUNDS:
        assert each.words.endswith(".")
        assert "article" in each.source or "Schedule 2" in each.source


def test_a_ground_speaks_for_one_answer() -> None:
    codes = frozenset({"list_is_enough", "known_to_the_student"})
    assert [each.code for each in speaking_for(WITHHOLD, codes)] == ["list_is_enough"]
    assert [each.code for each in speaking_for(RELEASE, codes)] == ["known_to_the_student"]
    assert sides(codes) == {"known_to_the_student": RELEASE, "list_is_enough": WITHHOLD}
