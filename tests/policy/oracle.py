"""
The confidentiality policy once more, in plain Python, written from its sentences.

It is slow, long-winded and knows nothing of Cedar: it is what the policy file is compared with, by
truth tables and by proof. Each function is one reason for a no and is named as its code; what has
no reason against it is allowed. So whoever changes a rule says it twice, in two languages.

`asked` has the facts of one request: `asked.who`, `asked.record`, and what else the schema gives
the action, such as `asked.consent`; what isn't there is None. Write alternatives as a tuple (`in
("requested", "refused")`) and sets as sets: the same functions are also run by `symbolic.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Asked = Any
Reason = Callable[[Asked], Any]

YEAR = 367 * 24 * 60 * 60 * 1000
"""A year and a day, in milliseconds: the end of the day counts, and years are leap years."""

READING = frozenset(
    {
        "case_note:read",
        "document:read",
        "incident:read",
        "breach:read",
        "enquiry:read",
        "enquiry:answer",
        "third_party:read",
        "registration_form:read",
        "disclosure:preview",
        "name_request:read",
    }
)
ANSWERING = frozenset({"consent:give", "consent:confirm", "consent:refuse", "consent:withdraw"})
NOTING = frozenset({"consent:record_verbal", "consent:witness", "consent:record_withdrawal"})
"""What a student says to a staff member, who notes it."""
AGREEING = frozenset(
    {"consent:give", "consent:confirm", "consent:record_verbal", "consent:witness"}
)
LETTING_GO = frozenset({"disclosure:send", "disclosure:collect", "use:confirm"})
EMBARGO = frozenset({"embargo:review", "embargo:lift"})
BREACHING = EMBARGO | {
    "breach:advise",
    "breach:decide",
    "breach:disclose",
    "breach:review",
    "breach:add",
}
EXPLAINING = frozenset({"decision:explain", "decision:foresee"})
ACCIDENTS = frozenset({"incident:read", "incident:decide"})
WALLS = frozenset({"wall:declare", "wall:lift"})
NAMING = frozenset(
    {"name_request:read", "name_request:give_view", "name_request:decide", "staff_name:release"}
)
"""What is done about a student's request for the name behind a line of their list."""
BY_STUDENT = ANSWERING | {
    "registration_form:read",
    "disclosure:preview",
    "access_list:read",
    "consent:export",
    "name_request:make",
    "name_request:read",
    "staff_name:release",
}
BY_STAFF = (
    READING
    | BREACHING
    | WALLS
    | EXPLAINING
    | NOTING
    | {"consent:request", "consent:export", "disclosure:send", "disclosure:recall", "use:confirm"}
    | {"incident:decide", "record:dispose", "report:freeze", "report:publish", "conflict:check"}
    | {"name_request:give_view", "name_request:decide"}
)
ON_A_RECORD = (
    READING
    | ANSWERING
    | NOTING
    | LETTING_GO
    | BREACHING
    | WALLS
    | EXPLAINING
    | NAMING
    | {"consent:request", "consent:export", "disclosure:recall"}
    | {"incident:decide", "record:dispose", "name_request:make"}
)
IN_USE = (
    ON_A_RECORD
    - WALLS
    - EMBARGO
    - EXPLAINING
    - {"consent:refuse", "consent:withdraw", "name_request:make"}
)
"""A yes can be taken back, a wall put up, an embargo lifted, a decision explained, whatever has
become of the record; and a line outlives what it is about."""

KIND_OF_RECORD: Mapping[str, str] = {
    **dict.fromkeys(("case_note:read", "document:read", "disclosure:preview"), "case"),
    **dict.fromkeys(("consent:request", "disclosure:recall", *LETTING_GO), "case"),
    **dict.fromkeys(("breach:read", *BREACHING), "breach"),
    **dict.fromkeys(NAMING, "name_request"),
    "enquiry:read": "enquiry",
    "enquiry:answer": "enquiry",
    "registration_form:read": "registration_form",
    "third_party:read": "third_party",
}
KIND_OF_ITEMS: Mapping[str, frozenset[str]] = {
    "case_note:read": frozenset({"notes"}),
    "document:read": frozenset({"documents"}),
    "incident:read": frozenset({"incidents"}),
    "disclosure:preview": frozenset({"documents", "disclosures", "contacts"}),
    "name_request:read": frozenset({"nameRequests", "nameViews", "nameDecisions"}),
}

REASONS: dict[str, tuple[frozenset[str], Reason]] = {}
"""By code: for which actions it counts, and when it holds."""


def on(*actions: str) -> Callable[[Reason], Reason]:
    """Note that a reason counts for these actions."""

    def note(reason: Reason) -> Reason:
        REASONS[reason.__name__] = (frozenset(actions), reason)
        return reason

    return note


def reasons(action: str, asked: Asked) -> frozenset[str]:
    """Give all reasons against what is asked; without any, it is allowed."""
    return frozenset(
        code for code, (actions, holds) in REASONS.items() if action in actions and holds(asked)
    )


# Who may ask


def permits(action: str, asked: Asked) -> frozenset[str]:
    """Give the ids of the permits that cover it, whatever the reasons against it."""
    return frozenset(
        name
        for name, (actions, kind) in PERMITS.items()
        if action in actions and asked.who.kind == kind
    )


PERMITS: Mapping[str, tuple[frozenset[str], str]] = {
    "staff-of-the-service": (BY_STAFF, "staff"),
    "student": (BY_STUDENT, "student"),
    "third-party-with-a-link": (frozenset({"disclosure:collect"}), "third_party"),
}
"""By id: what a permit covers, and for whom."""


OBLIGATIONS: Mapping[str, frozenset[str]] = {
    "receipt": frozenset({"consent:give", "consent:confirm", "disclosure:send", "breach:decide"}),
    "notify": frozenset({"consent:refuse", "consent:withdraw", "consent:record_withdrawal"}),
    "redact": frozenset({"disclosure:send"}),
}
"""What has to follow a yes, besides the entry in the ledger, which follows everything."""


# Who they are


@on(*BY_STAFF)
def not_staff_of_service(asked: Asked) -> Any:
    """Advisers and managers are the team; students may do some of it, with what is theirs."""
    if asked.who.kind == "student" and asked.action in BY_STUDENT:
        return False
    return not (asked.who.kind == "staff" and asked.who.roles & {"adviser", "manager"})


@on(*BY_STAFF)
def second_factor_missing(asked: Asked) -> Any:
    """Login details are not shared: staff show a second factor."""
    return asked.who.kind == "staff" and not asked.who.second_factor


@on(*ANSWERING)
def not_the_student(asked: Asked) -> Any:
    """Nobody answers for the student."""
    return not (asked.who.kind == "student" and asked.record.student == asked.who.name)


@on(*READING)
def not_ones_own_record(asked: Asked) -> Any:
    """A student reads what is theirs."""
    return asked.who.kind == "student" and asked.record.student != asked.who.name


@on("access_list:read")
def not_ones_own_list(asked: Asked) -> Any:
    """Who has seen a record is shown to the student whose it is."""
    return not (asked.who.kind == "student" and asked.record.name == asked.who.name)


@on("disclosure:collect")
def not_a_third_party(asked: Asked) -> Any:
    """Only the third party collects, with nobody's session."""
    return asked.who.kind != "third_party"


# The record


@on(*ON_A_RECORD)
def no_such_record(asked: Asked) -> Any:
    """A record that nobody registered."""
    return not asked.record.known


@on(*IN_USE)
def record_disposed(asked: Asked) -> Any:
    """Retention is over."""
    return asked.record.disposed


@on(*READING)
def asked_by_another_service(asked: Asked) -> Any:
    """A service opens what it keeps."""
    return asked.record.known and asked.through != asked.record.kept_by


@on(*IN_USE, *EMBARGO, *EXPLAINING, "wall:declare", "conflict:check")
def conflict_of_interest(asked: Asked) -> Any:
    """A wall stands between them; but whose breach it is, only one of their own making."""
    if asked.record.involved == asked.who.name:
        return asked.who.name in asked.record.walled and (
            asked.who.name in asked.record.stepped_aside
        )
    return asked.who.name in asked.record.walled


@on(*KIND_OF_RECORD, *ACCIDENTS)
def record_of_another_kind(asked: Asked) -> Any:
    """Each action is about one kind of record; an accident is in a case, or has its own."""
    if asked.action in ACCIDENTS:
        return asked.record.known and asked.record.kind not in ("case", "incident")
    return asked.record.known and asked.record.kind != KIND_OF_RECORD[asked.action]


@on(*KIND_OF_ITEMS, "consent:request")
def items_of_another_kind(asked: Asked) -> Any:
    """What is opened is what the action says; what is asked about, what such a consent is for."""
    if asked.action == "consent:request":
        letter = asked.kind == "disclosure"
        return not asked.categories <= ({"documents", "disclosures"} if letter else {"contacts"})
    if asked.action == "name_request:read" and asked.who.kind == "student":
        return not asked.categories <= {"nameRequests"}  # what they wrote themselves
    return not asked.categories <= KIND_OF_ITEMS[asked.action]


@on(*READING)
def purpose_not_fitting(asked: Asked) -> Any:
    """Staff read for the Service's purposes, students for their own."""
    if asked.who.kind == "staff":
        return asked.purpose == "own_record"
    return asked.who.kind == "student" and asked.purpose not in ("own_record", "disclosure")


# Consent


@on("consent:request")
def no_student_to_ask(asked: Asked) -> Any:
    """Somebody must be there to say yes."""
    return asked.record.student is None


@on("consent:request")
def no_items(asked: Asked) -> Any:
    """There is no consent to whatever may be needed."""
    return not asked.categories


@on("consent:request")
def end_passed(asked: Asked) -> Any:
    """A consent ends in the future."""
    return asked.ends_at <= asked.now


@on("consent:request")
def end_too_far(asked: Asked) -> Any:
    """And within a year."""
    return asked.ends_at > asked.now + YEAR


@on(*ANSWERING, *NOTING, *LETTING_GO, "consent:export")
def no_consent_asked(asked: Asked) -> Any:
    """Nothing leaves that no student was asked about."""
    return asked.consent is None


@on("disclosure:preview", "consent:export")
def not_asked_of_this_student(asked: Asked) -> Any:
    """A student sees what they are asked about."""
    if asked.who.kind != "student":
        return False
    return asked.consent is None or asked.consent.student != asked.who.name


@on("consent:give", "consent:refuse", "consent:record_verbal")
def consent_already_answered(asked: Asked) -> Any:
    """One act, one answer."""
    return asked.consent is not None and asked.consent.state != "requested"


@on(*AGREEING)
def not_previewed(asked: Asked) -> Any:
    """Informed: they have seen the very payload."""
    return not asked.previewed


@on(*AGREEING, *LETTING_GO)
def not_informed(asked: Asked) -> Any:
    """Informed: of this very text; and of today's, when the yes is said."""
    if asked.consent is None:
        return False
    if asked.action in ("consent:give", "consent:record_verbal"):
        shown_otherwise = asked.text_shown != asked.consent.text_asked
        return shown_otherwise or asked.text_current != asked.consent.text_asked
    if asked.action in ("consent:confirm", "consent:witness"):
        return asked.text_shown != asked.consent.text_asked
    agreed = asked.consent.text_agreed
    return agreed is not None and agreed != asked.consent.text_asked


@on("consent:record_verbal")
def spoken_in_the_future(asked: Asked) -> Any:
    """Said, and then noted."""
    return asked.now < asked.spoken_at


@on("consent:record_verbal")
def spoken_too_long_ago(asked: Asked) -> Any:
    """The days for confirming run from when it was said."""
    return asked.now >= asked.confirm_by


@on("consent:confirm", "consent:witness")
def nothing_to_confirm(asked: Asked) -> Any:
    """Only a spoken yes waits to be confirmed."""
    return asked.consent is not None and asked.consent.state != "provisional"


@on("consent:witness")
def witness_of_oneself(asked: Asked) -> Any:
    """A second person."""
    return asked.consent is not None and asked.consent.given_by == asked.who.name


@on(*AGREEING, *LETTING_GO)
def not_confirmed_in_time(asked: Asked) -> Any:
    """A spoken yes that nobody confirmed lapses."""
    if asked.consent is None or asked.consent.confirm_by is None:
        return False
    return asked.now >= asked.consent.confirm_by


@on(*LETTING_GO)
def consent_not_given(asked: Asked) -> Any:
    """Explicit: a yes to a text."""
    if asked.consent is None:
        return False
    return asked.consent.state in ("requested", "refused") or asked.consent.text_agreed is None


@on(*LETTING_GO)
def not_prior(asked: Asked) -> Any:
    """Prior: before anything leaves."""
    if asked.consent is None or asked.consent.given_at is None:
        return False
    return asked.consent.given_at > asked.now


@on(*LETTING_GO)
def consent_withdrawn(asked: Asked) -> Any:
    """Taken back."""
    return asked.consent is not None and asked.consent.state == "withdrawn"


@on(*LETTING_GO)
def consent_superseded(asked: Asked) -> Any:
    """The student was asked anew."""
    return asked.consent is not None and asked.consent.state == "superseded"


@on(*AGREEING, *LETTING_GO)
def consent_lapsed(asked: Asked) -> Any:
    """Its last day is over."""
    if asked.consent is None:
        return False
    return asked.consent.state == "expired" or asked.now >= asked.consent.ends_at


@on("disclosure:preview", "consent:export", *LETTING_GO)
def consent_for_another_record(asked: Asked) -> Any:
    """One record, of one student."""
    if asked.consent is None:
        return False
    same_student = asked.record.student == asked.consent.student
    return not (asked.consent.record == asked.record.name and same_student)


@on("disclosure:send", "use:confirm")
def consent_for_another_recipient(asked: Asked) -> Any:
    """One named recipient."""
    return asked.consent is not None and asked.recipient != asked.consent.recipient


@on("disclosure:send")
def consent_for_another_purpose(asked: Asked) -> Any:
    """One purpose."""
    return asked.consent is not None and asked.purpose != asked.consent.purpose


@on(*LETTING_GO)
def consent_of_another_kind(asked: Asked) -> Any:
    """Confirming use takes its own consent, and that one is good for nothing else."""
    if asked.consent is None:
        return False
    needed = "confirm_use" if asked.action == "use:confirm" else "disclosure"
    return asked.consent.kind != needed


@on("disclosure:preview", *AGREEING, *LETTING_GO)
def consent_for_other_items(asked: Asked) -> Any:
    """The very payload: not a byte else, not an item more."""
    if asked.consent is None:
        return False
    more_items = asked.action not in AGREEING and not asked.items <= asked.consent.items
    if asked.action == "disclosure:preview":
        return more_items and asked.who.kind == "student"  # staff may look before they ask
    return more_items or asked.payload_digest != asked.consent.payload_digest


@on("disclosure:preview")
def preview_incomplete(asked: Asked) -> Any:
    """A student sees all of it."""
    if asked.consent is None or asked.who.kind != "student":
        return False
    return not asked.consent.items <= asked.items


# A third party collects


@on("disclosure:collect")
def link_not_valid(asked: Asked) -> Any:
    """Link and code were right."""
    return not asked.link_valid


@on("disclosure:collect")
def not_sent(asked: Asked) -> Any:
    """A staff member sent it."""
    return not asked.sent


# Breaching confidentiality


@on(*BREACHING)
def no_such_breach(asked: Asked) -> Any:
    """A breach that nobody began."""
    return asked.breach is None


@on("breach:advise", "breach:decide")
def breach_already_decided(asked: Asked) -> Any:
    """Decided once."""
    return asked.breach is not None and asked.breach.decided


@on("breach:advise")
def not_asked_for_advice(asked: Asked) -> Any:
    """Advice is given by who was asked."""
    return asked.breach is not None and asked.who.name not in asked.breach.asked


@on("breach:advise")
def advice_from_oneself(asked: Asked) -> Any:
    """Another staff member, at least one."""
    return asked.breach is not None and asked.breach.involved == asked.who.name


@on("breach:decide", "breach:disclose")
def not_the_staff_member_involved(asked: Asked) -> Any:
    """Up to the staff member involved."""
    return asked.breach is not None and asked.breach.involved != asked.who.name


@on("breach:decide")
def ground_not_chosen(asked: Asked) -> Any:
    """On a ground."""
    return asked.breach is not None and not asked.breach.ground_chosen


@on("breach:decide")
def ground_not_in_policy(asked: Asked) -> Any:
    """A ground of the policy."""
    if asked.breach is None or not asked.breach.ground_chosen:
        return False
    return asked.breach.ground is None or not asked.breach.ground.in_policy


@on("breach:decide")
def ground_superseded(asked: Asked) -> Any:
    """By the law of today."""
    return _has_ground(asked) and asked.breach.ground.superseded


@on("breach:decide")
def not_serious(asked: Asked) -> Any:
    """Serious and imminent."""
    return _has_ground(asked) and asked.breach.ground.asks_for_risk and not asked.breach.serious


@on("breach:decide")
def not_imminent(asked: Asked) -> Any:
    """Serious and imminent."""
    return _has_ground(asked) and asked.breach.ground.asks_for_risk and not asked.breach.imminent


@on("breach:decide")
def whose_safety_missing(asked: Asked) -> Any:
    """The student's own or others' safety: said which."""
    return (
        _has_ground(asked) and asked.breach.ground.asks_for_risk and asked.breach.whose_safety == ""
    )


@on("breach:decide")
def outline_missing(asked: Asked) -> Any:
    """i: name of the student and brief outline."""
    return asked.breach is not None and not asked.breach.has_outline


@on("breach:decide")
def reason_missing(asked: Asked) -> Any:
    """i: specifying the reason."""
    return asked.breach is not None and not asked.breach.has_reason


@on("breach:decide")
def intended_outcome_missing(asked: Asked) -> Any:
    """iii: what would be achieved."""
    return asked.breach is not None and not asked.breach.has_intended_outcome


@on("breach:decide")
def recipient_missing(asked: Asked) -> Any:
    """iv: to whom."""
    return asked.breach is not None and not asked.breach.recipients


@on("breach:decide")
def recipient_not_of_ground(asked: Asked) -> Any:
    """To whom the statute names."""
    if not _has_ground(asked) or asked.breach.ground.any_recipient:
        return False
    return not asked.breach.recipient_kinds <= asked.breach.ground.recipient_kinds


@on("breach:decide", "breach:disclose")
def not_a_trusted_contact(asked: Asked) -> Any:
    """Told as somebody whom the student trusts: by a consent that stands."""
    if asked.breach is None:
        return False
    if asked.action == "breach:decide":
        return not asked.breach.as_trusted_contacts <= asked.trusted_contacts
    as_one = asked.recipient in asked.breach.as_trusted_contacts
    return as_one and asked.recipient not in asked.trusted_contacts


@on("breach:decide")
def trusted_in_such_a_risk_only(asked: Asked) -> Any:
    """The student agreed to it for a serious and imminent risk."""
    if not _has_ground(asked) or not asked.breach.as_trusted_contacts:
        return False
    return not asked.breach.ground.asks_for_risk


@on("breach:decide")
def advice_missing(asked: Asked) -> Any:
    """ii: at least one other staff member, unwalled, on this very version; but in an emergency."""
    if asked.breach is None or asked.emergency:
        return False
    return not _advised(asked)


@on("breach:decide")
def nobody_reachable_unsaid(asked: Asked) -> Any:
    """An emergency is when nobody can be reached, and why is said."""
    return asked.breach is not None and asked.emergency and not asked.breach.has_nobody_reachable


@on("breach:decide")
def a_colleague_was_reached(asked: Asked) -> Any:
    """Who was reached and has answered is not left out by calling it an emergency."""
    return asked.breach is not None and asked.emergency and _advised(asked)


@on("breach:decide")
def advice_against(asked: Asked) -> Any:
    """A no is no veto, but going on is said expressly."""
    if asked.breach is None or asked.breach.advice is None:
        return False
    return asked.breach.advice.against and not asked.despite_advice


@on("breach:decide")
def student_not_spoken_to(asked: Asked) -> Any:
    """The student first, in words and in codes; not where telling them may be an offence."""
    if asked.breach is None:
        return False
    if asked.breach.has_student_spoken_to and asked.breach.student_first != "":
        return False
    return not (asked.breach.ground is not None and asked.breach.ground.tipping_off)


@on("breach:disclose", "breach:add")
def breach_not_decided(asked: Asked) -> Any:
    """Decided before told; added to when it can be amended no longer."""
    return asked.breach is not None and not asked.breach.decided


@on("breach:review")
def no_review_waits(asked: Asked) -> Any:
    """Only what was decided in an emergency is reviewed, and once."""
    return asked.breach is not None and not asked.breach.awaits_review


@on("breach:review")
def review_by_oneself(asked: Asked) -> Any:
    """By another staff member."""
    return asked.breach is not None and asked.breach.involved == asked.who.name


@on(*EMBARGO)
def no_embargo_stands(asked: Asked) -> Any:
    """Lifted once, and not where nothing is hidden."""
    return asked.breach is not None and not asked.breach.embargoed


@on(*EMBARGO)
def embargo_of_another(asked: Asked) -> Any:
    """By the staff member involved, or by a manager."""
    if asked.breach is None or "manager" in asked.who.roles:
        return False
    return asked.breach.involved != asked.who.name


@on("breach:disclose")
def recipient_not_decided(asked: Asked) -> Any:
    """To those who were decided on."""
    return asked.breach is not None and asked.recipient not in asked.breach.recipients


@on("breach:disclose")
def told_before_the_decision(asked: Asked) -> Any:
    """Decided before told."""
    if asked.breach is None or asked.breach.decided_at is None:
        return False
    return asked.told_at < asked.breach.decided_at


@on("breach:disclose")
def told_in_the_future(asked: Asked) -> Any:
    """What was told, when it was told."""
    return asked.told_at > asked.now


def _has_ground(asked: Asked) -> bool:
    return asked.breach is not None and asked.breach.ground is not None


def _advised(asked: Asked) -> Any:
    advice = asked.breach.advice
    if advice is None or advice.outdated:
        return False
    return not (
        advice.colleague == asked.breach.involved or advice.colleague in asked.record.walled
    )


# Inadvertent breaches


@on("incident:decide")
def not_the_one_to_decide(asked: Asked) -> Any:
    """Who was named, or a manager."""
    return asked.decider != asked.who.name and "manager" not in asked.who.roles


@on("incident:decide")
def accident_already_decided(asked: Asked) -> Any:
    """Decided once."""
    return asked.decided


# The name behind a line of a student's list


@on("name_request:make")
def no_such_line(asked: Asked) -> Any:
    """A line of one's own list, as one may see it now."""
    own = asked.who.kind == "student" and asked.record.student == asked.who.name
    return not own or asked.line is None


@on("name_request:make")
def not_a_staff_members_line(asked: Asked) -> Any:
    """Behind some lines there is nobody of the staff."""
    return asked.line is not None and not asked.line.by_staff


@on("name_request:make")
def name_already_asked(asked: Asked) -> Any:
    """One request, one answer."""
    return asked.line is not None and asked.line.asked


@on(*NAMING)
def no_such_name_request(asked: Asked) -> Any:
    """A request that nobody made."""
    return asked.name_request is None


@on("name_request:read", "name_request:decide")
def balanced_by_no_manager(asked: Asked) -> Any:
    """A manager balances; a student reads what they wrote."""
    return asked.who.kind != "student" and "manager" not in asked.who.roles


@on("name_request:read", "name_request:decide")
def name_of_oneself(asked: Asked) -> Any:
    """Nobody balances their own name, or reads why it is asked for."""
    return asked.name_request is not None and asked.name_request.named == asked.who.name


@on("name_request:give_view")
def name_of_another(asked: Asked) -> Any:
    """The staff member speaks for themselves."""
    return asked.name_request is not None and asked.name_request.named != asked.who.name


@on("name_request:give_view", "name_request:decide")
def name_request_decided(asked: Asked) -> Any:
    """Decided once."""
    return asked.name_request is not None and asked.name_request.decided


@on("name_request:decide")
def no_ground_for_the_answer(asked: Asked) -> Any:
    """Whatever the answer, something speaks for it."""
    if asked.release:
        return not asked.grounds_for
    return not asked.grounds_against


@on("name_request:decide")
def agreement_not_given(asked: Asked) -> Any:
    """Nobody agrees for another."""
    if asked.name_request is None:
        return False
    return asked.says_they_agree and not asked.name_request.agrees


@on("name_request:decide")
def staff_member_not_heard(asked: Asked) -> Any:
    """Before they are named, they are heard, or it is said why not."""
    if asked.name_request is None or asked.name_request.heard:
        return False
    return asked.release and asked.not_heard == ""


@on("name_request:decide")
def they_can_be_heard(asked: Asked) -> Any:
    """What is said against hearing them has to be so, where we know."""
    if asked.name_request is None:
        return False
    there = asked.not_heard == "left_the_service" and asked.name_request.of_the_service
    unwalled = asked.name_request.named not in asked.record.walled
    return there or (asked.not_heard == "conflict_of_interest" and unwalled)


@on("name_request:decide", "staff_name:release")
def line_hidden(asked: Asked) -> Any:
    """Nothing is told about what is hidden."""
    return asked.name_request is not None and asked.name_request.hidden


@on("staff_name:release")
def not_who_asked(asked: Asked) -> Any:
    """To the student who asked."""
    return not (asked.who.kind == "student" and asked.record.student == asked.who.name)


@on("staff_name:release")
def name_not_released(asked: Asked) -> Any:
    """Decided before told."""
    return asked.name_request is not None and not asked.name_request.released


# Keeping and letting go


@on("record:dispose")
def retention_not_over(asked: Asked) -> Any:
    """Six academic years beyond the end of the academic year of the last involvement."""
    return asked.now < asked.dispose_from


@on("wall:lift")
def wall_lifted_by_no_manager(asked: Asked) -> Any:
    """A manager judges that it is over."""
    return "manager" not in asked.who.roles


@on("wall:lift")
def wall_lifted_by_oneself(asked: Asked) -> Any:
    """Not judged by the one who has it."""
    return asked.staff_member == asked.who.name


# Explaining


@on(*EXPLAINING)
def no_such_decision(asked: Asked) -> Any:
    """Nobody made it."""
    return asked.of is None


@on(*EXPLAINING)
def decision_of_another(asked: Asked) -> Any:
    """One's own; a manager, anybody's."""
    return asked.of is not None and asked.of != asked.who.name and "manager" not in asked.who.roles


# Reports


@on("report:publish")
def report_not_frozen(asked: Asked) -> Any:
    """What leaves was frozen."""
    return asked.frozen_for is None


@on("report:publish")
def report_for_the_service(asked: Asked) -> Any:
    """Trends are looked at in the Service."""
    return asked.frozen_for == "internal-trends"
