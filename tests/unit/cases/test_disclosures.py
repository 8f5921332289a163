"""R8 informed: what leaves is exactly what the student was asked about."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import attrs
import pytest

from services.cases.domain.days import NotADay
from services.cases.domain.disclosures import (
    Disclosure,
    Particulars,
    last_day,
    payload_digest,
)
from services.cases.domain.payload import Payload
from services.cases.domain.states import DisclosureState

FILE = b"%PDF-1.7 the file"
SALT = b"s" * 32


def particulars() -> Particulars:
    return Particulars(
        items=[f"documents/{uuid4()}", f"notes/{uuid4()}"],
        titles=["A letter", "A note"],
        recipient=f"thirdParties/{uuid4()}",
        recipient_name="Dr Example",
        recipient_address="tutor@example.org",
        purpose="DISCLOSURE_PURPOSE_WELFARE_SUPPORT",
        ends_on="2026-12-01",
    )


def proposed(what: Particulars) -> Disclosure:
    return Disclosure(
        id=str(uuid4()),
        case_id=str(uuid4()),
        items=what.items,
        recipient=what.recipient,
        purpose=what.purpose,
        ends_on=date.fromisoformat(what.ends_on),
        consent="",
        state=DisclosureState.PROPOSED,
        version=1,
        payload_digest=payload_digest(SALT, what, FILE),
    )


def opened(what: Particulars, content: bytes = FILE) -> Payload:
    return Payload(what, content)


def test_the_very_payload_fits() -> None:
    what = particulars()
    assert opened(what).fits(proposed(what), SALT)


@pytest.mark.parametrize(
    "change",
    [
        {"recipient_name": "Dr Other"},
        {"recipient_address": "other@example.org"},
        {"recipient": f"thirdParties/{uuid4()}"},
        {"purpose": "DISCLOSURE_PURPOSE_SAFETY"},
        {"ends_on": "2026-12-02"},
        {"items": [f"documents/{uuid4()}"]},
        {"titles": ["A letter", "Another note"]},
    ],
)
def test_any_other_particular_does_not_fit(change: dict[str, str]) -> None:
    what = particulars()
    other = opened(attrs.evolve(what, **change))
    assert not other.fits(proposed(what), SALT)


def test_one_more_byte_does_not_fit() -> None:
    what = particulars()
    other = opened(what, FILE + b".")
    assert not other.fits(proposed(what), SALT)


def test_columns_changed_beside_the_seal_do_not_fit() -> None:
    """Consent decides by the columns, so somebody may try to change those."""
    what = particulars()
    moved = attrs.evolve(proposed(what), recipient=f"thirdParties/{uuid4()}")
    assert not opened(what).fits(moved, SALT)


def test_the_digest_does_not_confirm_a_guess_without_the_salt() -> None:
    what = particulars()
    assert payload_digest(SALT, what, FILE) != payload_digest(b"t" * 32, what, FILE)


def test_what_was_sealed_is_what_is_opened() -> None:
    what = particulars()
    assert Particulars.from_canonical(what.canonical()) == what


def test_words_do_not_show_when_particulars_are_printed() -> None:
    assert "Dr Example" not in repr(particulars())
    assert "tutor@" not in repr(particulars())


@pytest.mark.parametrize("said", ["2026-06-01", "2027-06-01"])
def test_the_last_day_is_today_or_within_a_year(said: str) -> None:
    assert last_day(said, date(2026, 6, 1)) == date.fromisoformat(said)


@pytest.mark.parametrize("said", ["2026-05-31", "2027-06-02", "2026-02-30"])
def test_a_last_day_that_is_over_or_too_far_is_refused(said: str) -> None:
    with pytest.raises(NotADay):
        last_day(said, date(2026, 6, 1))
