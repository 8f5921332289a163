"""What a student can be asked, and what a repeated request does."""

from __future__ import annotations

from uuid import uuid4

import attrs
import pytest
from sas.consent.v1 import consents_pb2

from common.errors import (
    InvalidFields,
    RefusedByPolicy,
)
from tests.service.consent.deeds import Letter
from tests.service.consent.house import House, in_days, reasons


def test_asking_again_changes_nothing(letter: Letter) -> None:
    ends_at = in_days(30)
    consent = letter.asked(ends_at=ends_at)
    assert letter.asked(ends_at=ends_at) == consent
    letter.previewed()
    letter.given(consent)
    assert letter.asked(ends_at=ends_at).name == consent.name


def test_asking_anew_takes_the_place_of_what_was_agreed(sas: House, letter: Letter) -> None:
    """R8: informed of exactly this; a yes to the payload before is none to this one."""
    older = letter.agreed()
    newer = letter.asked(payload_digest="0" * 64)
    assert newer.name != older.name
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_for_other_items", "consent_not_given")
    get = consents_pb2.GetConsentRequest(name=older.name)
    found = sas.call(letter.case.student, sas.gateway.consents.GetConsent, get)
    assert found.state == consents_pb2.CONSENT_STATE_SUPERSEDED
    log = sas.sql(
        "select state, actor, ledger_index from consent_events"
        " where consent = %s order by position",
        older.name,
    )
    entry = sas.last_entry(action="consent:request", disclosure=letter.disclosure)
    assert log[1] == ("superseded", letter.adviser.name, entry["index"])
    assert entry["details"]["replaces_1"] == older.name
    assert entry["consent"] == newer.name
    assert letter.withdrawn(older).state == consents_pb2.CONSENT_STATE_SUPERSEDED


def test_the_same_letter_for_the_same_tutor_has_one_consent_at_a_time(
    sas: House, letter: Letter
) -> None:
    """Proposed again, with another address or day: the first proposal ends, and cases is told."""
    older = letter.agreed()
    particulars = letter.case.item(f"disclosures/{uuid4()}")
    again = attrs.evolve(letter, particulars=particulars)
    with sas.without("consent-work"):  # so that what is told stays where it can be seen
        newer = again.asked(payload_digest="0" * 64)
        rows = sas.sql("select body::jsonb from outbox where event = 'sas.consent.v1.ConsentEnded'")
        ended = {"consent": older.name, "disclosure": letter.disclosure, "how": "superseded"}
        assert ended in [body for (body,) in rows]
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_superseded",)
    told = sas.sql("select count(*) from consent_events where consent = %s", older.name)
    assert told == [(2,)]
    to_another = attrs.evolve(letter, tutor=f"thirdParties/{uuid4()}")
    other = attrs.evolve(to_another, particulars=letter.case.item(f"disclosures/{uuid4()}"))
    other.asked()
    get = consents_pb2.GetConsentRequest(name=newer.name)
    still = sas.call(letter.adviser, sas.gateway.consents.GetConsent, get)
    assert still.state == consents_pb2.CONSENT_STATE_REQUESTED


def test_another_day_is_another_question(letter: Letter) -> None:
    """R8: until when is part of what a student agrees to."""
    older = letter.agreed()
    newer = letter.asked(ends_at=in_days(60))
    assert newer.name != older.name
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_not_given",)


def test_whoever_was_asked_with_an_older_text_is_asked_anew(sas: House, letter: Letter) -> None:
    """R8: informed by the text that is in force; a yes under an older one is none."""
    ends_at = in_days(30)
    older = letter.asked(ends_at=ends_at)
    letter.previewed()
    as_of_then = "update consents set text_sha256 = %s where consent = %s"
    sas.sql(as_of_then, "0" * 64, older.name)
    with pytest.raises(RefusedByPolicy) as refused:
        letter.given(older, text_sha256="0" * 64)
    assert reasons(refused) == ("not_informed",)
    newer = letter.asked(ends_at=ends_at)
    assert newer.name != older.name
    letter.given(newer)


def test_what_has_ended_is_not_ended_again_by_asking_anew(sas: House, letter: Letter) -> None:
    older = letter.asked()
    letter.withdrawn(older)
    letter.asked(payload_digest="0" * 64)
    entry = sas.last_entry(action="consent:request", disclosure=letter.disclosure)
    assert "replaces_1" not in entry["details"]
    lines = "select state from consent_events where consent = %s"
    assert sas.sql(lines, older.name) == [("withdrawn",)]


def test_what_was_refused_was_never_asked(sas: House, letter: Letter) -> None:
    """A request that the policy refuses is in the ledger, and not before the student."""
    with pytest.raises(RefusedByPolicy):
        letter.asked(ends_at=in_days(400))
    zoe = letter.case.student
    own = consents_pb2.ListConsentsRequest()
    assert not sas.call(zoe, sas.gateway.consents.ListConsents, own).consents
    assert sas.last_entry(disclosure=letter.disclosure)["effect"] == "deny"


EVERYTHING = "whatever is needed"


@pytest.mark.parametrize(
    "items",
    [
        [],
        ["*"],
        ["documents/*"],
        ["documents/"],
        [EVERYTHING],
        ["documents/00000000-0000-0000-0000-000000000000/*"],
        [f"documents/{uuid4()}", ""],
        [f"DOCUMENTS/{uuid4()}"],
        [f"documents/{uuid4()} documents/{uuid4()}"],
    ],
)
def test_whatever_is_needed_can_not_be_asked_for(letter: Letter, items: list[str]) -> None:
    """R8: exactly these items, by name; there is no word for more than that."""
    with pytest.raises(InvalidFields):
        letter.asked(items=items)


def test_no_item_stands_there_twice(letter: Letter) -> None:
    with pytest.raises(InvalidFields):
        letter.asked(items=[letter.document.name, letter.document.name])


@pytest.mark.parametrize("collection", ["records", "cases", "notes", "students", "contacts"])
def test_no_record_case_or_note_is_an_item(letter: Letter, collection: str) -> None:
    """A thing that holds others would let out what nobody was shown."""
    with pytest.raises(RefusedByPolicy) as refused:
        letter.asked(items=[letter.document.name, f"{collection}/{uuid4()}"])
    assert reasons(refused) == ("items_of_another_kind",)


def test_no_consent_is_without_an_end(letter: Letter) -> None:
    request = letter.to_ask()
    request.ClearField("ends_at")
    with pytest.raises(InvalidFields):
        letter.case.sas.call(letter.adviser, letter.case.sas.cases.consents.RequestConsent, request)


@pytest.mark.parametrize(
    ("changes", "because"),
    [({"days": -1}, "end_passed"), ({"days": 400}, "end_too_far")],
)
def test_a_consent_ends_within_a_year(
    letter: Letter, changes: dict[str, float], because: str
) -> None:
    with pytest.raises(RefusedByPolicy) as refused:
        letter.asked(ends_at=in_days(changes["days"]))
    assert reasons(refused) == (because,)


def test_what_is_asked_holds_no_words(letter: Letter) -> None:
    with pytest.raises(InvalidFields):
        letter.asked(items=["the letter to my tutor"])
