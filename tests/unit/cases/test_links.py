"""The one-time link and its code (R4: to the address the consent names)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import attrs

from services.cases.domain.disclosures import LINK_LIVES, link_expires
from services.cases.domain.links import TRIES, code_is_right, hash_token, make_link


def test_the_right_code_opens_and_any_other_does_not() -> None:
    fresh, stored = make_link()
    other = f"{(int(fresh.code) + 1) % 10**8:08d}"
    assert code_is_right(fresh.code, stored)
    assert not code_is_right(other, stored)


def test_a_code_typed_in_groups_is_forgiven() -> None:
    fresh, stored = make_link()
    assert code_is_right(f"{fresh.code[:4]} {fresh.code[4:]}", stored)


def test_no_code_is_right_for_an_unknown_link() -> None:
    fresh, _ = make_link()
    assert not code_is_right(fresh.code, None)


def test_what_is_stored_holds_neither_secret() -> None:
    fresh, stored = make_link()
    kept = b"".join(attrs.astuple(stored))
    assert fresh.code.encode() not in kept
    assert fresh.token.encode() not in kept
    assert stored.token_hash == hash_token(fresh.token)


def test_secrets_do_not_show_when_a_link_is_printed() -> None:
    fresh, _ = make_link()
    assert fresh.token not in repr(fresh)
    assert fresh.code not in repr(fresh)


def test_a_token_has_at_least_128_bits_and_a_code_eight_digits() -> None:
    fresh, _ = make_link()
    assert len(fresh.token) >= 22
    assert len(fresh.code) == 8
    assert fresh.code.isdigit()


def test_whoever_guesses_a_code_is_right_less_than_once_in_ten_million_links() -> None:
    """R4: five wrong codes end a link (docs/policy.md, decisions), of a hundred million."""
    assert TRIES / 10**8 < 1 / 10**7


def test_a_link_dies_after_two_weeks_or_with_the_last_day_in_london() -> None:
    now = datetime(2026, 7, 1, 9, tzinfo=UTC)
    assert link_expires(date(2027, 1, 1), now) == now + LINK_LIVES
    # British Summer Time: the third of July ends at 23:00 UTC.
    assert link_expires(date(2026, 7, 3), now) == datetime(2026, 7, 3, 23, tzinfo=UTC)
    assert link_expires(date(2026, 7, 1), now) - now < timedelta(days=1)
