"""What a student says to a staff member: a yes for seven days, and a no at once (R6, R7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2

from common.errors import InvalidFields, NotAvailable, RefusedByPolicy, SecondFactorNeeded
from services.consent.actions import answers, gate, housekeeping, verbal
from services.consent.domain.facts import Who
from services.consent.domain.ledger.entry import parse
from services.consent.domain.ledger.receipt import Receipt
from tests.service.consent.deeds import DIGEST, Letter, accesses, stamp
from tests.service.consent.house import House, in_days, reasons, staff, student

UNSAID: list[dict[str, Any]] = [{"manner": 0}, {"place": 0}, {"manner": 9}]
PROVISIONAL = consents_pb2.CONSENT_STATE_PROVISIONAL
GIVEN = consents_pb2.CONSENT_STATE_GIVEN


def test_the_life_of_a_spoken_consent(sas: House, letter: Letter) -> None:
    """R7: it counts at once, and for longer once the student has confirmed it."""
    zoe = letter.case.student
    spoken = letter.spoken()
    assert spoken.state == PROVISIONAL
    assert spoken.act == consents_pb2.CONSENT_ACT_SPOKEN
    assert spoken.spoken_manner == consents_pb2.SPOKEN_MANNER_BY_TELEPHONE
    assert spoken.spoken_place == consents_pb2.SPOKEN_PLACE_ROOM_OF_THE_SERVICE
    week = spoken.confirm_by.ToDatetime() - spoken.spoken_at.ToDatetime()
    assert week == timedelta(days=7)
    letter.sent()

    with pytest.raises(RefusedByPolicy) as refused:
        letter.confirmed(spoken)
    assert reasons(refused) == ("not_previewed",)
    letter.previewed()
    confirmed = letter.confirmed(spoken)
    assert confirmed.consent.state == GIVEN
    assert confirmed.consent.HasField("confirmed_at")
    assert not confirmed.consent.HasField("confirm_by")
    assert Receipt.parse(confirmed.receipt)
    assert parse(confirmed.entry.encode())["action"] == "consent:confirm"
    assert letter.confirmed(spoken).entry == confirmed.entry

    seen = [(line.action, line.role) for line in accesses(sas, zoe)]
    assert ("consent:record_verbal", "adviser") in seen
    entry = sas.last_entry(action="consent:record_verbal", disclosure=letter.disclosure)
    assert entry["details"]["manner"] == "by_telephone"
    assert entry["details"]["place"] == "room_of_the_service"
    assert entry["actor"] == letter.adviser.name


def at(moment: datetime, sas: House) -> Any:
    return sas.parts(lambda: moment)


def sending(letter: Letter) -> gate.Sending:
    return gate.Sending(
        disclosure=letter.disclosure,
        record=letter.case.record,
        recipient=letter.tutor,
        purpose="welfare_support",
        payload_digest=DIGEST,
        items=[],
        redacted=True,
    )


def test_unconfirmed_it_stops_working_after_seven_days(sas: House, letter: Letter) -> None:
    """R7: unconfirmed verbal consent stops working at 7 days, by our clock, worker or no worker."""
    spoken = letter.spoken()
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    over = spoken.confirm_by.ToDatetime(UTC)
    with at(over - timedelta(seconds=1), sas) as parts:
        gate.authorise_disclosure(parts, who, sending(letter))
    shown = answers.Shown(
        consent=spoken.name, text_sha256=spoken.text_sha256, payload_digest=DIGEST
    )
    letter.previewed()
    zoe = Who(letter.case.student.name, "student")
    with at(over, sas) as parts:
        with pytest.raises(RefusedByPolicy) as refused:
            gate.authorise_disclosure(parts, who, sending(letter))
        assert refused.value.reasons == ("not_confirmed_in_time",)
        with pytest.raises(RefusedByPolicy) as refused:
            answers.confirm_consent(parts, zoe, shown)
        assert refused.value.reasons == ("not_confirmed_in_time",)
        with parts.new_work() as work:
            assert housekeeping.end_lapsed_consents(work.connection, over) >= 1
            noted = work.consents.find(spoken.name)
            assert noted is not None
            assert noted.state == "expired"


def test_no_longer_setting_revives_what_has_lapsed(sas: House, letter: Letter) -> None:
    """The end of the week is in the line itself: what ended stays ended."""
    spoken = letter.spoken()
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    with at(in_days(8), sas) as parts:
        longer = attrs.evolve(parts, verbal_lasts=timedelta(days=30))
        with pytest.raises(RefusedByPolicy) as refused:
            gate.authorise_disclosure(longer, who, sending(letter))
    assert refused.value.reasons == ("not_confirmed_in_time",)
    assert spoken.state == PROVISIONAL


def test_a_confirmed_one_works_after_seven_days(sas: House, letter: Letter) -> None:
    spoken = letter.spoken()
    letter.previewed()
    letter.confirmed(spoken)
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    with at(in_days(8), sas) as parts:
        gate.authorise_disclosure(parts, who, sending(letter))


def test_a_second_staff_member_may_witness_it(sas: House, letter: Letter) -> None:
    """R7: a second person: current, of the Service, not the one who noted it, without a wall."""
    spoken = letter.spoken()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.witnessed(spoken, letter.adviser)
    assert reasons(refused) == ("witness_of_oneself",)
    with pytest.raises(SecondFactorNeeded):
        letter.witnessed(spoken, staff(second_factor=False))
    for nobody in (staff("trustee"), staff("operator"), staff("nothing any more"), student()):
        with pytest.raises(NotAvailable):
            letter.witnessed(spoken, nobody)
    walled = staff()
    letter.previewed(walled)
    letter.case.walled(walled)
    with pytest.raises(NotAvailable):
        letter.witnessed(spoken, walled)
    colleague = staff()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.witnessed(spoken, colleague)
    assert reasons(refused) == ("not_previewed",)
    letter.previewed(colleague)
    assert letter.witnessed(spoken, colleague).state == GIVEN
    log = sas.sql(
        "select state, actor from consent_events where consent = %s order by position", spoken.name
    )
    assert log == [("given", letter.adviser.name), ("confirmed", colleague.name)]
    with pytest.raises(RefusedByPolicy) as refused:
        letter.witnessed(spoken, staff("manager"))
    assert "nothing_to_confirm" in reasons(refused)


def test_what_is_noted_is_exactly_what_was_asked(letter: Letter) -> None:
    consent = letter.asked()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.noted(consent)
    assert reasons(refused) == ("not_previewed",)
    letter.previewed(letter.adviser)
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"text_sha256": "0" * 64}, "not_informed"),
        ({"payload_digest": "0" * 64}, "consent_for_other_items"),
        ({"spoken_at": stamp(in_days(1))}, "spoken_in_the_future"),
        ({"spoken_at": stamp(in_days(-7.1))}, "spoken_too_long_ago"),
    )
    for changes, because in wrong:
        with pytest.raises(RefusedByPolicy) as refused:
            letter.noted(consent, **changes)
        assert reasons(refused) == (because,)
    for changes in UNSAID:
        with pytest.raises(InvalidFields):
            letter.noted(consent, **changes)


def test_noting_it_late_does_not_make_it_last_longer(letter: Letter) -> None:
    """The seven days begin when it was said, so that nobody stretches them."""
    consent = letter.asked()
    letter.previewed(letter.adviser)
    said = in_days(-5)
    spoken = letter.noted(consent, spoken_at=stamp(said))
    assert spoken.confirm_by.ToDatetime(UTC) - said < timedelta(days=7, seconds=1)
    with pytest.raises(RefusedByPolicy) as refused:
        letter.noted(consent)
    assert reasons(refused) == ("consent_already_answered",)


def test_a_year_far_away_is_refused_and_breaks_nothing(letter: Letter) -> None:
    consent = letter.asked()
    letter.previewed(letter.adviser)
    for year, because in ((9999, "spoken_in_the_future"), (1, "spoken_too_long_ago")):
        moment = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
        with pytest.raises(RefusedByPolicy) as refused:
            letter.noted(consent, spoken_at=stamp(moment))
        assert reasons(refused) == (because,)


def test_nobody_gives_by_the_portal_what_was_spoken(letter: Letter) -> None:
    """A spoken yes is a staff member's note, not an act that a client can claim."""
    consent = letter.asked()
    letter.previewed()
    with pytest.raises(InvalidFields):
        letter.given(consent, act=consents_pb2.CONSENT_ACT_SPOKEN)


def test_the_student_takes_a_spoken_yes_back_at_once(letter: Letter) -> None:
    spoken = letter.spoken()
    assert letter.withdrawn(spoken).state == consents_pb2.CONSENT_STATE_WITHDRAWN
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_withdrawn",)
    letter.previewed()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.confirmed(spoken)
    assert reasons(refused) == ("nothing_to_confirm",)


def test_a_withdrawal_may_be_told_to_any_adviser(sas: House, letter: Letter) -> None:
    """UK GDPR Art. 7(3): as easy to withdraw as to give; one call, and it works at once."""
    consent = letter.agreed()
    for nobody in (staff("trustee"), student()):
        with pytest.raises(NotAvailable):
            letter.withdrawal_noted(consent, nobody)
    assert letter.withdrawal_noted(consent).state == consents_pb2.CONSENT_STATE_WITHDRAWN
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_withdrawn",)
    assert letter.withdrawal_noted(consent).state == consents_pb2.CONSENT_STATE_WITHDRAWN
    count = "select count(*) from consent_events where consent = %s and state = 'withdrawn'"
    assert sas.sql(count, consent.name) == [(1,)]


def test_a_verbal_yes_is_to_one_purpose_like_any_other(letter: Letter) -> None:
    letter.spoken()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent(purpose=purpose_pb2.DISCLOSURE_PURPOSE_SAFETY)
    assert reasons(refused) == ("consent_for_another_purpose",)


def test_how_it_was_said_holds_no_words(sas: House, letter: Letter) -> None:
    """How, where and when are codes and a time: consent never sees a word."""
    saying = verbal.Saying(manner="on the phone with her", place="private_place", at=in_days(0))
    consent = letter.asked()
    letter.previewed(letter.adviser)
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    shown = answers.Shown(
        consent=consent.name, text_sha256=consent.text_sha256, payload_digest=DIGEST
    )
    with sas.parts(lambda: in_days(0)) as parts, pytest.raises(ValueError, match="not a code"):
        verbal.record_verbal_consent(parts, who, shown, saying)
