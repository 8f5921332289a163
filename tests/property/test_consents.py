"""No sequence of lines, in whatever order and by whomever, revives a consent that has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.consent.domain.consent import (
    IN_FORCE,
    Asked,
    Consent,
    Happened,
    Happening,
    Spoken,
    State,
)
from services.consent.domain.names import is_name

START = datetime(2026, 11, 23, tzinfo=UTC)
ASKED = Asked(
    consent="consents/1",
    record="records/1",
    student="students/zoe",
    disclosure="disclosures/1",
    recipient="thirdParties/1",
    purpose="welfare_support",
    payload_digest="d" * 64,
    items=frozenset({"documents/1"}),
    text_version="consent-2026-11",
    text_sha256="t" * 64,
    asked_by="staffMembers/ada",
    asked_at=START,
    ends_at=START + timedelta(days=30),
    ledger_index=1,
)
ENDED = {State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.SUPERSEDED}

moments = st.integers(0, 60 * 24).map(lambda hours: START + timedelta(hours=hours))
spoken = st.builds(
    Spoken,
    manner=st.just("by_telephone"),
    place=st.just("private_place"),
    at=moments,
    confirm_by=moments,
)
lines = st.builds(
    Happened,
    what=st.sampled_from(Happening),
    at=moments,
    ledger_index=st.none() | st.integers(0, 99),
    by=st.sampled_from(["students/zoe", "staffMembers/ada", ""]),
    spoken=st.none() | spoken,
)


@settings(max_examples=500, deadline=None)
@given(st.lists(lines, max_size=8), st.lists(lines, max_size=8))
def test_no_sequence_of_lines_revives_an_ended_consent(
    before: list[Happened], after: list[Happened]
) -> None:
    """R6: not even lines that somebody with all rights puts into the log."""
    consent = Consent.after(ASKED, before)
    later = Consent.after(ASKED, [*before, *after])
    if consent.state in ENDED:
        assert later == consent


@settings(max_examples=500, deadline=None)
@given(st.lists(lines, max_size=8), moments, moments)
def test_no_clock_revives_a_lapsed_consent(
    log: list[Happened], one: datetime, two: datetime
) -> None:
    """R6, R8: once its time is over, it is over at every later moment."""
    consent = Consent.after(ASKED, log)
    early, late = sorted((one, two))
    if not consent.open_at(early):
        assert not consent.open_at(late)
    if consent.holds_at(late):
        assert consent.given is not None
        assert consent.state is State.GIVEN or late < (consent.confirm_by or START)
        assert late < ASKED.ends_at


@settings(max_examples=500, deadline=None)
@given(st.lists(lines, max_size=8))
def test_a_log_read_twice_is_a_log_read_once(log: list[Happened]) -> None:
    """Lines that counted lead to the same consent without those that did not."""
    consent = Consent.after(ASKED, log)
    assert Consent.after(ASKED, consent.log) == consent
    assert len([each for each in consent.log if each.what is Happening.GIVEN]) <= 1
    assert len([each for each in consent.log if each.what is Happening.CONFIRMED]) <= 1


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=80))
def test_no_text_is_a_name_by_chance(text: str) -> None:
    """R8: what is asked for is named; neither words nor wildcards are names."""
    assert not is_name(text) or all(each in "0123456789abcdef-/" or each.isalpha() for each in text)
    assert not is_name(text.replace("*", "") + "*")


class Life(RuleBasedStateMachine):
    """
    One consent, lived through in any order, beside what people would say of it.

    The model knows only what was last said and by whom; it shares no code with the consent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.log: list[Happened] = []
        self.over = False
        self.yes = False
        self.until: datetime | None = None

    @property
    def consent(self) -> Consent:
        """The consent as its log leaves it."""
        return Consent.after(ASKED, self.log)

    def _tick(self) -> bool:
        """Let time pass, and say whether anything can still happen."""
        if self.now >= min(ASKED.ends_at, self.until or ASKED.ends_at):
            self.over = True  # whether or not the worker has noted it
        return not self.over

    def _say(self, what: Happening, spoken: Spoken | None = None) -> None:
        self.log.append(Happened(what, self.now, len(self.log), spoken=spoken))

    @rule(hours=st.integers(1, 24 * 9))
    def time_passes(self, hours: int) -> None:
        """Let hours go by."""
        self.now += timedelta(hours=hours)
        self._tick()

    @rule()
    def she_says_yes(self) -> None:
        """As she does in her own session."""
        if self._tick() and not self.yes:
            self.yes = True
        self._say(Happening.GIVEN)

    @rule()
    def she_says_yes_on_the_telephone(self) -> None:
        """To a staff member, who notes it."""
        until = self.now + timedelta(days=7)
        if self._tick() and not self.yes:
            self.yes, self.until = True, until
        self._say(Happening.GIVEN, Spoken(manner="m", place="p", at=self.now, confirm_by=until))

    @rule()
    def somebody_confirms(self) -> None:
        """She herself, or a colleague."""
        if self._tick() and self.yes:
            self.until = None
        self._say(Happening.CONFIRMED)

    @rule()
    def she_says_no(self) -> None:
        """Instead of a yes."""
        if self._tick() and not self.yes:
            self.over = True
        self._say(Happening.REFUSED)

    @rule(what=st.sampled_from([Happening.WITHDRAWN, Happening.SUPERSEDED, Happening.EXPIRED]))
    def it_ends(self, what: Happening) -> None:
        """Taken back, asked anew, or noted as lapsed."""
        self._tick()
        self.over = True
        self._say(what)

    @precondition(lambda self: self.over)
    @rule(line=lines)
    def somebody_tampers(self, line: Happened) -> None:
        """With all rights on the tables."""
        self.log.append(line)

    @invariant()
    def it_holds_if_she_said_yes_and_nothing_ended_it(self) -> None:
        """And in no other case."""
        assert self.consent.holds_at(self.now) == (self.yes and not self.over)
        assert (self.consent.state_at(self.now) in IN_FORCE) == (self.yes and not self.over)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)
