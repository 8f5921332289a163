"""R3: what was sent opens with the link's secret and consent's key together, and for one thing."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import attrs
import pytest

from services.cases.domain.deliveries import recipients_key
from services.cases.domain.disclosures import Disclosure
from services.cases.domain.links import hash_token, make_link
from services.cases.domain.states import DisclosureState

KEY = b"k" * 32


def sent() -> Disclosure:
    """Give a disclosure that was sent."""
    return Disclosure(
        id=str(uuid4()),
        case_id=str(uuid4()),
        items=(f"documents/{uuid4()}",),
        recipient=f"thirdParties/{uuid4()}",
        purpose="DISCLOSURE_PURPOSE_WELFARE_SUPPORT",
        ends_on=date(2026, 12, 1),
        consent=f"consents/{uuid4()}",
        state=DisclosureState.SENT,
        version=3,
        payload_digest="a" * 64,
    )


def test_the_same_two_make_the_same_key_again_whatever_has_become_of_the_disclosure() -> None:
    """Its state, version and openings move on while the link lives."""
    fresh, _ = make_link()
    before = sent()
    later = attrs.evolve(before, state=DisclosureState.COLLECTED, version=9, openings=4)
    assert recipients_key(KEY, fresh.token, before) == recipients_key(KEY, fresh.token, later)


def test_whoever_lacks_one_of_the_two_has_another_key() -> None:
    """Nor does the stored hash stand in for the secret, in whichever form."""
    fresh, stored = make_link()
    disclosure = sent()
    right = recipients_key(KEY, fresh.token, disclosure)
    others = [
        recipients_key(b"j" * 32, fresh.token, disclosure),
        recipients_key(KEY, make_link()[0].token, disclosure),
        recipients_key(KEY, stored.token_hash.hex(), disclosure),
        recipients_key(KEY, "", disclosure),
        # What lies in the tables, and what each half is by itself.
        hash_token(fresh.token),
        KEY,
    ]
    assert right not in others
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(
    "other",
    [
        {"id": str(uuid4())},
        {"recipient": f"thirdParties/{uuid4()}"},
        {"payload_digest": "b" * 64},
    ],
    ids=lambda other: next(iter(other)),
)
def test_it_is_the_key_of_this_disclosure_recipient_and_payload(other: dict[str, Any]) -> None:
    fresh, _ = make_link()
    disclosure = sent()
    changed = attrs.evolve(disclosure, **other)
    assert recipients_key(KEY, fresh.token, disclosure) != recipients_key(KEY, fresh.token, changed)


def test_a_part_moved_to_its_neighbour_makes_another_key() -> None:
    """Whoever can write the columns can't shift the border between what they are bound to."""
    fresh, _ = make_link()
    one = attrs.evolve(sent(), recipient="thirdParties/a", payload_digest="bc")
    other = attrs.evolve(one, recipient="thirdParties/ab", payload_digest="c")
    assert recipients_key(KEY, fresh.token, one) != recipients_key(KEY, fresh.token, other)
