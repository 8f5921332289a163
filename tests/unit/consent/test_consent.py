"""Consents, their texts, grounds and names, without any server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import attrs
import pytest

from services.consent.domain.breach import Advice, Breach, BreachFacts
from services.consent.domain.consent import Asked, Consent, Happened, Happening, Spoken, State
from services.consent.domain.embargo import Visibility
from services.consent.domain.grounds import GROUNDS, ground, listed
from services.consent.domain.kinds import Kind, kind_of
from services.consent.domain.names import categories_of, is_name
from services.consent.domain.texts import CURRENT, PURPOSES, VERSIONS, current, render, sha256

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
ASKED = Asked(
    consent="consents/1",
    record="records/1",
    student="students/1",
    disclosure="disclosures/1",
    recipient="thirdParties/1",
    purpose="welfare_support",
    payload_digest="d" * 64,
    items=frozenset({"documents/1"}),
    text_version=current("welfare_support"),
    text_sha256="t" * 64,
    asked_by="staffMembers/1",
    asked_at=NOW,
    ends_at=END,
    ledger_index=1,
)


def happened(what: Happening, spoken: Spoken | None = None) -> Happened:
    return Happened(what, NOW, 2, spoken=spoken)


SPOKEN = Spoken(
    manner="by_telephone", place="private_place", at=NOW, confirm_by=NOW + timedelta(days=7)
)
ENDS = [Happening.REFUSED, Happening.WITHDRAWN, Happening.EXPIRED, Happening.SUPERSEDED]


# Where a consent stands


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("later", list(Happening))
def test_nothing_revives_what_has_ended(end: Happening, later: Happening) -> None:
    """Not even a line that somebody with all rights put into the log."""
    ended = Consent.after(ASKED, [happened(end)])
    assert str(ended.state) == str(end)
    assert ended.then(happened(later)) is ended


def test_a_yes_stays_visible_after_its_end() -> None:
    yes = happened(Happening.GIVEN)
    consent = Consent.after(ASKED, [yes, happened(Happening.WITHDRAWN)])
    assert (consent.state, consent.given) == (State.WITHDRAWN, yes)


def test_a_yes_is_not_refused_afterwards() -> None:
    given = Consent.after(ASKED, [happened(Happening.GIVEN)])
    assert given.then(happened(Happening.REFUSED)) is given


def test_a_consent_has_lapsed_whether_or_not_somebody_noted_it() -> None:
    given = Consent.after(ASKED, [happened(Happening.GIVEN)])
    assert given.state_at(END - timedelta(microseconds=1)) is State.GIVEN
    assert given.state_at(END) is State.EXPIRED
    refused = Consent.after(ASKED, [happened(Happening.REFUSED)])
    assert refused.state_at(END) is State.REFUSED


def test_a_spoken_yes_is_provisional_until_somebody_confirms_it() -> None:
    """R7: verbal consent lapses after seven days unless it is confirmed."""
    spoken = Consent.after(ASKED, [happened(Happening.GIVEN, SPOKEN)])
    assert spoken.state_at(SPOKEN.confirm_by - timedelta(microseconds=1)) is State.PROVISIONAL
    assert spoken.state_at(SPOKEN.confirm_by) is State.EXPIRED
    confirmed = spoken.then(happened(Happening.CONFIRMED))
    assert confirmed.state_at(SPOKEN.confirm_by) is State.GIVEN
    assert confirmed.state_at(END) is State.EXPIRED
    assert confirmed.then(happened(Happening.CONFIRMED)) is confirmed


def test_a_spoken_yes_does_not_outlive_its_last_day() -> None:
    late = attrs.evolve(SPOKEN, confirm_by=END + timedelta(days=3))
    assert Consent.after(ASKED, [happened(Happening.GIVEN, late)]).lapses_at == END


def test_a_yes_of_ones_own_needs_no_confirmation() -> None:
    given = Consent.after(ASKED, [happened(Happening.GIVEN)])
    assert given.then(happened(Happening.CONFIRMED)) is given


# What the student reads


def test_a_text_once_shown_is_rendered_to_the_same_bytes_for_ever() -> None:
    """R8. If this fails, a version was edited: add a new one instead."""
    known = {
        ("consent-2026-11", "welfare_support"): "b4475616f924bb11",
        ("confirm-use-2026-11", "confirm_use"): "1ba6790d145869af",
        ("trusted-contact-2026-11", "trusted_contact"): "f55f071f0e39fbfe",
    }
    assert {version for version, _ in known} == set(VERSIONS)
    for (version, purpose), begins in known.items():
        assert sha256(render(version, purpose, END)).startswith(begins)


EXACTLY = {
    Kind.DISCLOSURE: "exactly what you see beside this text, and nothing else",
    Kind.CONFIRM_USE: "and nothing else",
    Kind.TRUSTED_CONTACT: "a serious and imminent risk",
}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_version_says_all_that_informed_asks_for(purpose: str) -> None:
    """R8: what, to whom, what for, until when, how to take it back, and that one need not."""
    for version, text in VERSIONS.items():
        if text.kind is not kind_of(purpose):
            continue
        words = render(version, purpose, END)
        for needed in (
            PURPOSES[purpose],
            EXACTLY[text.kind],
            "the person named beside this text, at the address shown there",
            "until the end of 30 November 2026",
            "at any time",
            "Withdraw",
            "or tell any adviser",
            "If you say no",
        ):
            assert needed in words
        assert "{" not in words
        assert text.language == "en"


def test_each_kind_of_consent_has_a_text_of_its_own() -> None:
    """R9: a yes to being confirmed as somebody who uses the Service is not given by the way."""
    assert set(CURRENT) == set(Kind)
    assert all(VERSIONS[version].kind is kind for kind, version in CURRENT.items())


@pytest.mark.parametrize(
    ("ends_at", "words"),
    [
        (datetime(2026, 12, 1, tzinfo=UTC), "until the end of 30 November 2026"),
        (datetime(2026, 6, 30, 23, tzinfo=UTC), "until the end of 30 June 2026"),  # summer time
        (datetime(2026, 7, 1, tzinfo=UTC), "until 01:00 on 1 July 2026"),
    ],
)
def test_the_last_day_is_a_day_in_cambridge(ends_at: datetime, words: str) -> None:
    assert words in render(current("safety"), "safety", ends_at)


def test_two_purposes_or_ends_are_two_texts() -> None:
    ends = (END, END + timedelta(days=1))
    texts = {render(current(purpose), purpose, end) for purpose in PURPOSES for end in ends}
    assert len(texts) == 2 * len(PURPOSES)


# Grounds and advice


def test_the_policys_own_words_lead_to_a_ground_in_force() -> None:
    today = date(2026, 11, 23)
    for each in GROUNDS:
        successor = each
        while not successor.in_force(today):
            found = ground(successor.superseded_by)
            assert found is not None
            successor = found
        assert successor.policy_words == each.policy_words


def test_a_replaced_law_held_in_its_time() -> None:
    old = ground("grounds/drug-trafficking-act-1994")
    assert old is not None
    assert old.in_force(date(2003, 2, 23))
    assert not old.in_force(date(2003, 2, 24))
    assert listed(date(2026, 1, 1))[-1] is old


RISK, POCA = "grounds/serious-imminent-risk", "grounds/poca-2002"


@pytest.mark.parametrize(
    ("grounds", "lifted_at", "hidden"),
    [
        ((RISK,), None, False),
        (("", RISK), None, False),
        ((POCA, RISK), None, True),
        ((POCA,), None, True),
        ((POCA,), NOW, False),
        ((), None, True),
        (("",), None, True),
        (("grounds/unheard-of",), None, True),
    ],
)
def test_when_in_doubt_the_student_is_not_tipped_off(
    grounds: tuple[str, ...], lifted_at: datetime | None, hidden: bool
) -> None:
    assert Visibility("breaches/1", grounds, lifted_at).hidden is hidden


def breach_with(*advice: Advice) -> Breach:
    facts = BreachFacts(
        breach="breaches/1",
        record="records/1",
        case_record="records/2",
        recorded_by="ada",
        recorded_at=NOW,
    )
    return Breach(facts, "ada", advice)


def test_a_fit_no_counts_before_a_fit_yes_and_both_before_any_other() -> None:
    yes, no = Advice("bob", NOW, NOW), Advice("cai", NOW, NOW, against=True)
    own, silent = Advice("ada", NOW, NOW, against=True), Advice("dee", NOW)
    old = Advice("eve", NOW, NOW, against=True, outdated=True)
    everybody = breach_with(own, silent, old, yes, no)
    assert everybody.advice_that_counts(frozenset()) is no
    assert everybody.advice_that_counts(frozenset({"cai"})) is yes
    assert breach_with(own, silent).advice_that_counts(frozenset()) is own
    assert breach_with(silent).advice_that_counts(frozenset()) is None


# Names


def test_names_are_random_and_without_words() -> None:
    uuid = uuid4()
    good = ("notes", "thirdParties", "registration-forms")
    assert all(is_name(f"{each}/{uuid}") for each in good)
    assert is_name(f"breaches/{uuid}/words/12")
    assert is_name(f"breaches/{uuid}/told/{uuid}")
    bad: tuple[str, ...] = (
        "",
        "notes",
        f"notes/{uuid}\n",
        f"notes/{uuid} ",
        "notes/jane-smith",
        f"{uuid}",
    )
    bad += (f"notes/{uuid}/jane", f"Notes/{uuid}", f"notes/{str(uuid).upper()}", f"/{uuid}")
    assert not any(is_name(each) for each in bad)
    assert not is_name(f"notes/{uuid}", "records")
    assert categories_of([f"notes/{uuid}", f"documents/{uuid}"]) == {"notes", "documents"}
