"""
Sentences of the confidentiality policy, proved of every request that can be made.

Not of the requests that we thought of: Z3 is asked for one that breaks the sentence, and says that
there is none.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import z3

from tests.policy import oracle, symbolic
from tests.policy.asking import from_model
from tests.policy.cedar_rules import NO, Asking, Rule, Rules
from tests.policy.the_policy import EVERYTHING, POLICIES, RULES, SCHEMA, formulas
from tests.policy.z3_cedar import CODES, Asked, Facts, Formulas, Value, found

each_action = pytest.mark.parametrize("asking", EVERYTHING, ids=lambda each: each.name)
ON_RECORDS = [each for each in EVERYTHING if each.resource == "Record"]


def named(*names: str) -> list[Asking]:
    return [each for each in EVERYTHING if each.name in names]


def prove(said: Formulas, sentence: z3.BoolRef, *given: z3.BoolRef) -> None:
    """Look for a request that breaks the sentence; show it if there is one."""
    case = found(z3.Not(sentence), *given)
    assert case is None, str(from_model(case, said.asked))


def text(said: str) -> z3.ArithRef:
    return z3.IntVal(CODES.number(said))


def is_(value: Value, *texts: str) -> z3.BoolRef:
    return z3.Or([value == text(each) for each in texts])


def inside(member: Value, many: Value) -> z3.BoolRef:
    return z3.Select(many, member)


def same(one: Value, other: Value) -> z3.BoolRef:
    return one.number == other.number


def of_the_team(asked: Asked) -> z3.BoolRef:
    """Advisers and managers, with a second factor."""
    roles = [inside(text(role), asked.who.roles) for role in ("adviser", "manager")]
    return z3.And(is_(asked.who.kind, "staff"), z3.Or(roles), asked.who.second_factor)


def their_own(asked: Asked) -> z3.BoolRef:
    """The student whose record, or whose list, it is."""
    if asked.resource.type == "Person":
        mine = same(asked.resource, asked.principal)
    elif asked.resource.type == "Record":
        mine = z3.And(asked.what.has("student"), same(asked.what.student, asked.principal))
    else:
        mine = z3.BoolVal(False)
    return z3.And(is_(asked.who.kind, "student"), mine)


def begun_by(one: Value, what: Facts) -> z3.BoolRef:
    """Whose breach it is."""
    return z3.And(what.has("involved"), same(what.involved, one))


# Who


@each_action
def test_only_the_team_the_student_and_whoever_has_a_link_may_do_anything(asking: Asking) -> None:
    """R10, R23: records will only be accessible to staff members of the Service and the student."""
    said = formulas(asking)
    collects = z3.And(
        z3.BoolVal(asking.name == "disclosure:collect"), is_(said.asked.who.kind, "third_party")
    )
    who = z3.Or(of_the_team(said.asked), their_own(said.asked), collects)
    prove(said, z3.Implies(said.allowed, who))


@each_action
def test_a_student_is_given_nothing_but_their_own(asking: Asking) -> None:
    """R23: and the student."""
    said = formulas(asking)
    prove(
        said, z3.Implies(said.allowed, their_own(said.asked)), is_(said.asked.who.kind, "student")
    )


@each_action
def test_operators_and_trustees_may_do_nothing_here(asking: Asking) -> None:
    """R10: everybody else in the union is outside; operators see what the machines say, no more."""
    said = formulas(asking)
    roles = said.asked.who.roles
    outside = [z3.Not(inside(text(role), roles)) for role in ("adviser", "manager")]
    prove(said, z3.Not(said.allowed), is_(said.asked.who.kind, "staff"), *outside)


@each_action
def test_login_details_without_the_second_factor_open_nothing(asking: Asking) -> None:
    """R20: the login details will not be shared with anyone."""
    said = formulas(asking)
    alone = z3.And(is_(said.asked.who.kind, "staff"), z3.Not(said.asked.who.second_factor))
    prove(said, z3.Not(said.allowed), alone)


@pytest.mark.parametrize("asking", named(*oracle.ANSWERING), ids=lambda each: each.name)
def test_nobody_but_the_student_answers(asking: Asking) -> None:
    """R7: explicit, the student's own act; no staff member gives, refuses or withdraws for them."""
    said = formulas(asking)
    prove(said, z3.Implies(said.allowed, their_own(said.asked)))


# The record


@pytest.mark.parametrize("asking", ON_RECORDS, ids=lambda each: each.name)
def test_a_wall_stops_a_staff_member_whatever_they_try(asking: Asking) -> None:
    """R10: a conflict of interest. Only taking the wall down is left, and a breach of one's own."""
    said = formulas(asking)
    me, what = said.asked.principal, said.asked.what
    walled = inside(me.number, what.walled)
    if asking.name != "wall:lift":
        staff = is_(said.asked.who.kind, "staff")
        prove(said, z3.Not(said.allowed), walled, staff, z3.Not(begun_by(me, what)))
        prove(said, z3.Not(said.allowed), walled, staff, inside(me.number, what.stepped_aside))


@pytest.mark.parametrize(
    "asking", named("breach:decide", "breach:disclose"), ids=lambda each: each.name
)
def test_what_somebody_else_puts_up_is_no_veto(asking: Asking) -> None:
    """R37: ultimately it is up to the staff member involved to make the final decision."""
    said = formulas(asking)
    me, what = said.asked.principal, said.asked.what
    aside = inside(me.number, what.stepped_aside)
    veto = said.because("conflict_of_interest")
    prove(said, z3.Not(veto), begun_by(me, what), z3.Not(aside))


@pytest.mark.parametrize("asking", ON_RECORDS, ids=lambda each: each.name)
def test_what_nobody_registered_is_for_nobody(asking: Asking) -> None:
    """R9: absent and refused look alike. Asking for a conflict tells nothing of what is there."""
    said = formulas(asking)
    if asking.name != "conflict:check":
        prove(said, z3.Not(said.allowed), z3.Not(said.asked.what.known))


def test_whether_a_conflict_stands_says_nothing_of_what_is_known() -> None:
    """R9: not confirming that any student has used the Service."""
    (asking,) = named("conflict:check")
    said = formulas(asking)
    walled = inside(said.asked.principal.number, said.asked.what.walled)
    team = of_the_team(said.asked)
    prove(said, said.allowed == z3.Not(walled), team, z3.Not(said.asked.what.has("involved")))


@pytest.mark.parametrize(
    "asking", named(*oracle.READING, *oracle.LETTING_GO), ids=lambda each: each.name
)
def test_what_was_disposed_of_is_neither_read_nor_let_go(asking: Asking) -> None:
    """R27: we retain this information for that long, and no longer."""
    said = formulas(asking)
    prove(said, z3.Not(said.allowed), said.asked.what.disposed)


@pytest.mark.parametrize("asking", named(*oracle.READING), ids=lambda each: each.name)
def test_no_service_opens_what_another_keeps(asking: Asking) -> None:
    """R3: one way out."""
    said = formulas(asking)
    its_own = said.asked.context.through == said.asked.what.kept_by
    prove(said, z3.Implies(said.allowed, its_own))


def test_a_copy_is_collected_by_the_student_whose_it_is_as_it_was_released() -> None:
    """R24: if the student requests access to them. R4: these items, these bytes, this student."""
    (asking,) = named("access_copy:collect")
    said = formulas(asking)
    context = said.asked.context
    for each in (
        their_own(said.asked),
        context.has("released"),
        context.released.this_payload,
        z3.IsSubset(context.items, context.released.items),
    ):
        prove(said, z3.Implies(said.allowed, each))


def test_a_copy_is_released_by_whoever_has_seen_it_and_to_its_student_only() -> None:
    """R14: no inadvertent breaches; R24: to that student."""
    (asking,) = named("access_copy:release")
    said = formulas(asking)
    asked, context = said.asked, said.asked.context
    for each in (
        of_the_team(asked),
        context.previewed,
        asked.what.has("student"),
        same(asked.what.student, context.recipient),
    ):
        prove(said, z3.Implies(said.allowed, each))


def test_paper_is_for_the_team_to_refer_to_and_exactly_what_was_decided() -> None:
    """R18: required for a staff member to refer to; R3: one way out."""
    (asking,) = named("paper:print")
    said = formulas(asking)
    context = said.asked.context
    for each in (
        of_the_team(said.asked),
        is_(context.purpose, "advice", "reflective_practice", "safety"),
        context.intact,
    ):
        prove(said, z3.Implies(said.allowed, each))


# Consent


@pytest.mark.parametrize("asking", named(*oracle.LETTING_GO), ids=lambda each: each.name)
def test_nothing_leaves_without_given_live_and_matching_consent(asking: Asking) -> None:
    """R3 to R8: prior, explicit and informed; this student, recipient, purpose and payload."""
    said = formulas(asking)
    asked, context = said.asked, said.asked.context
    consent: Facts = context.consent
    matches = [
        context.has("consent"),
        z3.Not(is_(consent.state, "requested", "refused", "withdrawn", "expired", "superseded")),
        z3.Implies(consent.has("confirm_by"), context.now < consent.confirm_by),
        (consent.kind == text("confirm_use")) == z3.BoolVal(asking.name == "use:confirm"),
        consent.has("text_agreed"),
        consent.text_agreed == consent.text_asked,
        z3.Implies(consent.has("given_at"), consent.given_at <= context.now),
        context.now < consent.ends_at,
        same(consent.record, asked.resource),
        asked.what.has("student"),
        same(consent.student, asked.what.student),
        consent.payload_digest == context.payload_digest,
    ]
    if asking.name != "disclosure:collect":
        matches += [consent.recipient == context.recipient]
        matches += [z3.IsSubset(context.items, consent.items)]
    if asking.name == "disclosure:send":
        matches += [consent.purpose == context.purpose]
    for each in matches:
        prove(said, z3.Implies(said.allowed, each))


def test_nothing_is_collected_that_nobody_sent_or_without_a_right_link() -> None:
    """R4: to the address the consent names; and of that, what was sealed for the recipient only."""
    (asking,) = named("disclosure:collect")
    said = formulas(asking)
    context = said.asked.context
    nothing = z3.K(context.deliveries.domain(), False)
    for each in (
        context.link_valid,
        context.deliveries != nothing,
        z3.IsSubset(context.items, context.deliveries),
    ):
        prove(said, z3.Implies(said.allowed, each))


def test_a_yes_is_to_what_was_shown_and_while_it_can_still_be_said() -> None:
    """R8: the very payload, in exactly this text; R7: one act."""
    (asking,) = named("consent:give")
    said = formulas(asking)
    context = said.asked.context
    consent: Facts = context.consent
    for each in (
        context.previewed,
        consent.state == text("requested"),
        context.payload_digest == consent.payload_digest,
        context.text_shown == context.text_current,
        context.now < consent.ends_at,
    ):
        prove(said, z3.Implies(said.allowed, each))


def test_who_has_a_passkey_agrees_with_it_and_takes_back_without() -> None:
    """R7: and nobody's yes rests on a signature that is for something else, or another's."""
    for asking in named("consent:give", "consent:confirm"):
        said = formulas(asking)
        context = said.asked.context
        signed = is_(context.signature, "good")
        prove(said, z3.Implies(z3.And(said.allowed, context.has_passkey), signed))
        prove(said, z3.Implies(said.allowed, is_(context.signature, "good", "none")))
    for asking in named("consent:withdraw", "consent:refuse"):
        assert "signature" not in asking.action.context.fields


def test_a_spoken_yes_is_confirmed_by_the_student_or_by_a_second_person() -> None:
    """R7: and while it can still be confirmed."""
    for asking in named("consent:confirm", "consent:witness"):
        said = formulas(asking)
        asked, consent = said.asked, said.asked.context.consent
        second = z3.And(of_the_team(asked), z3.Not(same(consent.given_by, asked.principal)))
        noted = consent.has("given_by")
        prove(said, z3.Implies(said.allowed, z3.Or(their_own(asked), second)), noted)
        in_time = z3.Implies(consent.has("confirm_by"), asked.context.now < consent.confirm_by)
        prove(said, z3.Implies(said.allowed, z3.And(is_(consent.state, "provisional"), in_time)))


def test_a_yes_can_be_taken_back_whatever_has_become_of_it() -> None:
    """R6: as easy as giving: the student's own is all it takes."""
    (asking,) = named("consent:withdraw")
    said = formulas(asking)
    given = z3.And(their_own(said.asked), said.asked.what.known, said.asked.context.has("consent"))
    prove(said, z3.Implies(given, said.allowed))


# Breach of confidentiality


def test_breaking_confidentiality_takes_another_staff_member_and_a_ground_of_the_policy() -> None:
    """R33 to R38: all of the procedure, and the decision by the staff member involved."""
    (asking,) = named("breach:decide")
    said = formulas(asking)
    breach: Facts = said.asked.context.breach
    ground: Facts = breach.ground
    advice: Facts = breach.advice
    walled = said.asked.what.walled
    for each in (
        said.asked.context.has("breach"),
        same(breach.involved, said.asked.principal),
        of_the_team(said.asked),
        breach.has("ground"),
        ground.in_policy,
        z3.Not(ground.superseded),
        z3.Implies(ground.asks_for_risk, z3.And(breach.serious, breach.imminent)),
        z3.And(breach.has_outline, breach.has_reason, breach.has_intended_outcome),
        breach.recipients != z3.K(z3.IntSort(), False),
        z3.Implies(ground.asks_for_risk, z3.Not(is_(breach.whose_safety, ""))),
        z3.Or(breach.has_student_spoken_to, ground.tipping_off),
        z3.Or(z3.Not(is_(breach.student_first, "")), ground.tipping_off),
        z3.Not(breach.decided),
    ):
        prove(said, z3.Implies(said.allowed, each))
    emergency = said.asked.context.emergency
    prove(said, z3.Implies(said.allowed, breach.has_nobody_reachable), emergency)
    for each in (
        breach.has("advice"),
        z3.Not(same(advice.colleague, breach.involved)),
        z3.Not(inside(advice.colleague.number, walled)),
        z3.Not(advice.outdated),
    ):
        prove(said, z3.Implies(said.allowed, each), z3.Not(emergency))


def test_what_was_decided_alone_is_reviewed_by_somebody_else() -> None:
    """R36: at least one other staff member."""
    (asking,) = named("breach:review")
    said = formulas(asking)
    breach: Facts = said.asked.context.breach
    for each in (
        breach.awaits_review,
        z3.Not(same(breach.involved, said.asked.principal)),
        of_the_team(said.asked),
    ):
        prove(said, z3.Implies(said.allowed, each))


@pytest.mark.parametrize("asking", named(*oracle.EMBARGO), ids=lambda each: each.name)
def test_an_embargo_is_lifted_by_the_staff_member_involved_or_by_a_manager(asking: Asking) -> None:
    """R35: never by the student, and by nobody who does not know what it is about."""
    said = formulas(asking)
    involved = same(said.asked.context.breach.involved, said.asked.principal)
    manager = inside(text("manager"), said.asked.who.roles)
    who = z3.And(of_the_team(said.asked), z3.Or(involved, manager))
    prove(said, z3.Implies(said.allowed, who))


def test_a_colleagues_no_is_no_veto() -> None:
    """R37: ultimately it is up to the staff member involved."""
    (asking,) = named("breach:decide")
    said = formulas(asking)
    despite = z3.And(said.asked.context.breach.advice.against, said.asked.context.despite_advice)
    assert found(said.allowed, despite) is not None


def test_nothing_is_told_before_it_was_decided_or_to_anybody_else() -> None:
    """R37, R38: the decision comes before the telling; to whom."""
    (asking,) = named("breach:disclose")
    said = formulas(asking)
    context = said.asked.context
    breach: Facts = context.breach
    for each in (
        breach.decided,
        same(breach.involved, said.asked.principal),
        inside(context.recipient, breach.recipients),
        z3.Implies(breach.has("decided_at"), breach.decided_at <= context.told_at),
        context.told_at <= context.now,
    ):
        prove(said, z3.Implies(said.allowed, each))


def test_nobody_is_told_as_a_trusted_contact_whom_the_student_does_not_trust() -> None:
    """R33: by an advance consent that stands, for a serious and imminent risk."""
    deciding, telling = formulas(*named("breach:decide")), formulas(*named("breach:disclose"))
    decided, told = deciding.asked.context, telling.asked.context
    as_one = decided.breach.as_trusted_contacts
    prove(deciding, z3.Implies(deciding.allowed, z3.IsSubset(as_one, decided.trusted_contacts)))
    somebody = as_one != z3.K(z3.IntSort(), False)
    prove(deciding, z3.Implies(deciding.allowed, decided.breach.ground.asks_for_risk), somebody)
    to_one = inside(told.recipient, told.breach.as_trusted_contacts)
    trusted = inside(told.recipient, told.trusted_contacts)
    prove(telling, z3.Implies(telling.allowed, trusted), to_one)


# Reports


def test_what_is_published_was_frozen_and_not_for_the_service_alone() -> None:
    """R29, R30: nothing leaves that was not withheld, rounded and frozen, and for outside."""
    (asking,) = named("report:publish")
    said = formulas(asking)
    context = said.asked.context
    trends = is_(context.frozen_for, "internal-trends")
    for each in (context.has("frozen_for"), z3.Not(trends), of_the_team(said.asked)):
        prove(said, z3.Implies(said.allowed, each))


# Explaining


@pytest.mark.parametrize("asking", named(*oracle.EXPLAINING), ids=lambda each: each.name)
def test_a_decision_is_explained_to_its_own_and_to_a_manager(asking: Asking) -> None:
    """R9, R10: and only where there is a decision, and a record without a wall."""
    said = formulas(asking)
    me, what = said.asked.principal, said.asked.what
    mine = same(said.asked.context.of, me)
    manager = inside(text("manager"), said.asked.who.roles)
    for each in (
        said.asked.context.has("of"),
        z3.Or(mine, manager),
        of_the_team(said.asked),
        z3.Or(z3.Not(inside(me.number, what.walled)), begun_by(me, what)),
    ):
        prove(said, z3.Implies(said.allowed, each))


# Inadvertent breaches


def test_an_accident_is_decided_by_whoever_is_named_or_a_manager_and_once() -> None:
    """R14: somebody decides, and it is known who."""
    said = formulas(*named("incident:decide"))
    named_for_it = same(said.asked.context.decider, said.asked.principal)
    manager = inside(text("manager"), said.asked.who.roles)
    who = z3.And(of_the_team(said.asked), z3.Or(named_for_it, manager))
    prove(said, z3.Implies(said.allowed, z3.And(who, z3.Not(said.asked.context.decided))))


# The name behind a line


def test_a_name_is_balanced_by_a_manager_whose_name_it_is_not() -> None:
    """R24: the rights of both, weighed by somebody else, and something speaks for the answer."""
    (asking,) = named("name_request:decide")
    said = formulas(asking)
    context = said.asked.context
    found: Facts = context.name_request
    for each in (
        of_the_team(said.asked),
        inside(text("manager"), said.asked.who.roles),
        z3.Not(same(found.named, said.asked.principal)),
        z3.Not(found.decided),
        z3.Not(found.hidden),
        z3.If(context.release, context.grounds_for, context.grounds_against),
        z3.Implies(context.says_they_agree, found.agrees),
        z3.Implies(context.release, z3.Or(found.heard, z3.Not(is_(context.not_heard, "")))),
    ):
        prove(said, z3.Implies(said.allowed, each))


def test_a_staff_member_who_objects_has_no_veto() -> None:
    """R24: their rights are taken account of, and weighed."""
    (asking,) = named("name_request:decide")
    said = formulas(asking)
    found_: Facts = said.asked.context.name_request
    objects = z3.And(found_.heard, z3.Not(found_.agrees), said.asked.context.release)
    assert found(said.allowed, objects) is not None


def test_a_name_is_told_to_the_student_who_asked_and_only_after_the_decision() -> None:
    """R24, R35: and nothing about a line that is hidden."""
    (asking,) = named("staff_name:release")
    said = formulas(asking)
    found: Facts = said.asked.context.name_request
    for each in (
        their_own(said.asked),
        said.asked.context.has("name_request"),
        found.released,
        z3.Not(found.hidden),
    ):
        prove(said, z3.Implies(said.allowed, each))


# The file as a whole


@each_action
def test_no_refusal_is_silent(asking: Asking) -> None:
    """A no always has a reason, and what has no reason against it is allowed."""
    said = formulas(asking)
    prove(said, said.allowed == z3.Not(said.forbidden))


@each_action
def test_the_file_and_the_oracle_are_one(asking: Asking) -> None:
    """For every request and every reason: two writings of the policy, and no difference."""
    said = formulas(asking)
    for code, (actions, holds) in oracle.REASONS.items():
        written = (
            symbolic.formula(holds, said.asked) if asking.name in actions else z3.BoolVal(False)
        )
        prove(said, said.because(code) == written)


def only_says(rules: Rules) -> Iterator[str]:
    """Give the forbids without which the answer would never be another, only its reasons."""
    for rule in rules.rules:
        if not rule.permits and not any(
            found(before.holds(rule), after.allowed)
            for before, after in _with_and_without(rules, rule)
        ):
            yield rule.id


def unneeded(rules: Rules) -> Iterator[str]:
    """Give the policies without which every answer would be the same, with all its reasons."""
    for rule in rules.rules:
        if not any(
            found(before.permitted != after.permitted)
            if rule.permits
            else found(before.because(rule.reason) != after.because(rule.reason))
            for before, after in _with_and_without(rules, rule)
        ):
            yield rule.id


def _with_and_without(rules: Rules, rule: Rule) -> Iterator[tuple[Formulas, Formulas]]:
    for asking in rules.everything_asked:
        if rule.on(asking) != NO:
            yield Formulas.of(rules, asking), Formulas.of(rules.without(rule), asking)


def test_no_policy_is_redundant() -> None:
    assert list(unneeded(RULES)) == []


def test_which_policies_only_name_a_reason() -> None:
    """Without them the answer is a no all the same, by the permits alone: two locks on one door."""
    assert set(only_says(RULES)) == {"only-a-third-party-collects"}


def test_a_redundant_policy_would_be_found() -> None:
    twice = (
        POLICIES + POLICIES[POLICIES.index('@id("serious")') : POLICIES.index('@id("imminent")')]
    )
    assert list(unneeded(Rules.read(twice, SCHEMA))) == ["serious", "serious"]


def test_a_sentence_that_does_not_hold_is_not_proved() -> None:
    """Leave out what keeps a withdrawn consent from being sent: the case is found."""
    before, after = POLICIES.split('@id("not-withdrawn")')
    without = Rules.read(before + after[after.index("@id(") :], SCHEMA)
    (asking,) = (each for each in without.everything_asked if each.name == "disclosure:send")
    said = Formulas.of(without, asking)
    state = said.asked.context.consent.state
    with pytest.raises(AssertionError, match="withdrawn"):
        prove(said, z3.Implies(said.allowed, z3.Not(is_(state, "withdrawn"))))
