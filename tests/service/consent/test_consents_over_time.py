"""Consents over time, and when two things happen at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from common.errors import RefusedByPolicy, ServiceError
from services.consent.actions import answers, consents, gate, housekeeping
from services.consent.domain.facts import Who
from tests.kit.house import eventually
from tests.service.consent.deeds import DIGEST, Letter
from tests.service.consent.house import House, in_days


def test_a_consent_lapses_by_our_clock(sas: House, letter: Letter) -> None:
    consent = letter.agreed()
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    sending = gate.Sending(
        disclosure=letter.disclosure,
        record=letter.case.record,
        recipient=letter.tutor,
        purpose="welfare_support",
        payload_digest=DIGEST,
        items=[],
        redacted=True,
    )
    later = in_days(31)
    with sas.parts(lambda: later) as parts:
        with pytest.raises(RefusedByPolicy) as refused:
            gate.authorise_disclosure(parts, who, sending)
        assert refused.value.reasons == ("consent_lapsed",)
        zoe = Who(letter.case.student.name, "student")
        assert consents.get_consent(parts, zoe, consent.name).state_at(later) == "expired"
        with parts.new_work() as work:
            assert housekeeping.end_lapsed_consents(work.connection, later) >= 1
            assert housekeeping.end_lapsed_consents(work.connection, later) == 0
            noted = work.consents.find(consent.name)
            assert noted is not None
            assert noted.state == "expired"


def test_a_yes_that_comes_after_by_our_clock_is_not_prior(sas: House, letter: Letter) -> None:
    letter.agreed()
    who = Who(letter.adviser.name, "staff", frozenset({"adviser"}), second_factor=True)
    sending = gate.Sending(
        disclosure=letter.disclosure,
        record=letter.case.record,
        recipient=letter.tutor,
        purpose="welfare_support",
        payload_digest=DIGEST,
        items=[],
        redacted=True,
    )
    with sas.parts(lambda: in_days(-1)) as parts, pytest.raises(RefusedByPolicy) as refused:
        gate.authorise_disclosure(parts, who, sending)
    assert refused.value.reasons == ("not_prior",)


def test_a_yes_counts_from_when_it_could_be_written_down(sas: House, letter: Letter) -> None:
    """R6: by our clock, and as it stands when nothing can come between; not as the call came in."""
    consent = letter.asked()
    letter.previewed()
    shown = answers.Shown(
        consent=consent.name, text_sha256=consent.text_sha256, payload_digest=DIGEST
    )
    times = iter([in_days(0), *[in_days(31)] * 9])
    zoe = Who(letter.case.student.name, "student")
    with sas.parts(lambda: next(times)) as parts, pytest.raises(RefusedByPolicy) as refused:
        answers.give_consent(parts, zoe, shown, "ticked_and_sent")
    assert "consent_lapsed" in refused.value.reasons


def test_the_end_of_a_consent_is_told(sas: House, letter: Letter) -> None:
    """The outbox row is in the transaction of the withdrawal, and leaves."""
    consent = letter.agreed()
    letter.withdrawn(consent)
    states = sas.sql("select state from consent_events where consent = %s", consent.name)
    assert states == [("given",), ("withdrawn",)]
    eventually(lambda: sas.sql("select count(*) from outbox") == [(0,)])


def test_withdrawing_again_changes_nothing(letter: Letter, sas: House) -> None:
    consent = letter.agreed()
    for _ in range(3):
        letter.withdrawn(consent)
    count = "select count(*) from consent_events where consent = %s and state = 'withdrawn'"
    assert sas.sql(count, consent.name) == [(1,)]


def test_what_is_withdrawn_first_is_never_sent_after(sas: House) -> None:
    """R6: withdraw and send at the same moment, 20 times; the ledger's order says who was first."""
    assert sent_after_withdrawal(sas, times=20) == 0


@pytest.mark.long
def test_of_200_withdrawals_between_queue_and_send_none_is_sent_after(sas: House) -> None:
    """R6: withdrawal bites at once, also on what is queued or under way, two hundred times."""
    assert sent_after_withdrawal(sas, times=200) == 0


def sent_after_withdrawal(sas: House, times: int) -> int:
    """
    Withdraw in the middle of sending and collecting; count what left after the withdrawal.

    What was withdrawn first must not be sent or collected after, by the ledger's order, and once
    the withdrawal is answered nothing at all may leave any more.
    """
    left = 0
    for number in range(times):
        letter = Letter.write(sas)
        consent = letter.agreed()
        if number % 2:
            letter.sent()
        threads = [
            threading.Thread(target=until_refused, args=(letter.sent,)),
            threading.Thread(target=until_refused, args=(letter.collected,)),
            threading.Thread(target=letter.withdrawn, args=(consent,)),
        ]
        for thread in threads:
            thread.start()
        threads[-1].join()
        for letting_go in (letter.sent, letter.collected):
            with pytest.raises(ServiceError):
                letting_go()
        for thread in threads:
            thread.join()
        rows = sas.sql(
            "select action, effect from entries where disclosure = %s"
            " and action in ('consent:withdraw', 'disclosure:send', 'disclosure:collect')"
            " order by idx",
            letter.disclosure,
        )
        after = rows[rows.index(("consent:withdraw", "allow")) + 1 :]
        assert ("disclosure:send", "deny") in after
        left += sum(effect == "allow" for _, effect in after)
    return left


def until_refused(letting_go: Callable[[], object]) -> None:
    """Let go again and again, at most five times."""
    for _ in range(5):
        try:
            letting_go()
        except ServiceError:
            return


def test_two_yeses_at_once_are_one(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    letter.previewed()
    entries = []
    threads = [
        threading.Thread(target=lambda: entries.append(letter.given(consent).entry))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries) == 4
    assert len(set(entries)) == 1
