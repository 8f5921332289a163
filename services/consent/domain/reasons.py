"""
What stands in the way, in the policy's words: one sentence for each reason that the policy gives.

For people: for staff in every refusal, for `sas policy explain`, for students where they may know.
The sentence of the confidentiality policy behind each is named by its number in docs/policy.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from services.consent.domain.obligations import NOT_DISCHARGED, NOT_REDACTED


@attrs.frozen
class Reason:
    """Why not, for people."""

    sentence: str
    clause: str
    """The number of the sentence behind it; empty where it is our own mistake."""


def _said(clause: str, sentence: str) -> Reason:
    return Reason(sentence, clause)


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        # Who they are
        "not_staff_of_service": _said(
            "R10", "Only advisers and managers of the Student Advice Service may do this."
        ),
        "second_factor_missing": _said(
            "R20", "This session has no second factor: sign in again with yours."
        ),
        "not_the_student": _said("R7", "Only the student answers, in a session of their own."),
        "not_ones_own_record": _said("R23", "It is another student's record."),
        "not_ones_own_list": _said(
            "R23", "Who has looked is shown to the student whose record it is, and to nobody else."
        ),
        "not_a_third_party": _said(
            "R3", "Only the person it was sent to collects it, with the link and the code."
        ),
        # The record
        "no_such_record": _said("R9", "There is no such record."),
        "record_disposed": _said("R27", "Its time was over, and it was disposed of."),
        "asked_by_another_service": _said(
            "R3", "It was asked for by a part of the system that does not keep it."
        ),
        "conflict_of_interest": _said(
            "R10", "There is a conflict of interest: pass this to a colleague."
        ),
        "record_of_another_kind": _said("R10", "That is not what this kind of record holds."),
        "items_of_another_kind": _said("R10", "Not all of it is what was asked for."),
        "purpose_not_fitting": _said("R10", "It can't be opened for this purpose by this person."),
        # Consent: asking and answering
        "no_student_to_ask": _said("R3", "Nobody's name is on it, so nobody can consent."),
        "no_items": _said("R8", "Consent is to something exact: say what is to be given out."),
        "end_passed": _said("R8", "The last day must be in the future."),
        "end_too_far": _said("R8", "A consent lasts a year at most; for longer, ask again."),
        "no_consent_asked": _said("R3", "The student has not been asked for consent to this."),
        "not_asked_of_this_student": _said("R8", "This student was not asked about it."),
        "consent_already_answered": _said(
            "R7", "It was answered before. A yes is taken back by withdrawing it."
        ),
        "not_previewed": _said("R8", "They have not yet seen exactly what would be given out."),
        "not_informed": _said(
            "R8", "It is not the text that is in force and that the student was asked with."
        ),
        "passkey_missing": _said(
            "R7",
            "There is a passkey: agree with it. Whoever has lost theirs can say yes to an adviser.",
        ),
        "passkey_not_fitting": _said(
            "R7",
            "It is not signed by one's own passkey, for exactly this, at our page: sign it again.",
        ),
        "spoken_in_the_future": _said("R7", "It can be noted when it has been said."),
        "spoken_too_long_ago": _said(
            "R7", "It was said too long ago to count. Ask the student again."
        ),
        "nothing_to_confirm": _said("R7", "There is no spoken yes that waits to be confirmed."),
        "witness_of_oneself": _said(
            "R7", "A second person confirms a spoken yes, not the one who noted it."
        ),
        "not_confirmed_in_time": _said(
            "R7", "The spoken yes was not confirmed in time. Ask the student again."
        ),
        # Consent: what it covers
        "consent_not_given": _said("R7", "The student has not said yes."),
        "not_prior": _said("R6", "Consent comes before anything leaves, not after."),
        "consent_withdrawn": _said("R6", "The student has taken this consent back."),
        "consent_superseded": _said(
            "R8", "The student was asked anew; the earlier consent holds no longer."
        ),
        "consent_lapsed": _said("R8", "The last day of this consent is over."),
        "consent_for_another_record": _said("R4", "The consent is about another record."),
        "consent_for_another_recipient": _said("R4", "The consent names another recipient."),
        "consent_for_another_purpose": _said("R4", "The consent is for another purpose."),
        "consent_of_another_kind": _said(
            "R9",
            "Confirming that somebody uses the Service takes a consent of its own, "
            "which is good for nothing else.",
        ),
        "consent_for_other_items": _said(
            "R8", "It is not exactly what the student has seen and agreed to."
        ),
        "preview_incomplete": _said("R8", "A student sees all of it, with name and address."),
        NOT_REDACTED: _said(
            "R3",
            "Others are marked in it and would be seen: make it again, with a redaction.",
        ),
        # Paper
        "purpose_not_for_paper": _said(
            "R18",
            "Paper is to refer to: to advise, in a reflective practice meeting, or for safety.",
        ),
        "not_what_was_decided": _said(
            "R3", "What lies there is not what was decided about, so it stays. Tell the operators."
        ),
        # A third party collects
        "link_not_valid": _said("R4", "Link or code is not right, or no longer."),
        "not_sent": _said("R3", "Nobody of the Service has sent it."),
        "not_what_was_sent": _said("R3", "It is not what was sealed for the recipient."),
        # A student's own copy
        "copy_for_another": _said("R24", "A copy is for the student whose case it is of."),
        "copy_not_looked_at": _said(
            "R14", "Look at exactly what the student would get, and then release it."
        ),
        "copy_of_another": _said(
            "R24", "The student whose copy it is collects it, in a session of their own."
        ),
        "copy_not_released": _said(
            "R24", "Nobody of the Service has released it, or it was taken back."
        ),
        "copy_changed": _said("R24", "It is not exactly what was released."),
        # Breaching confidentiality
        "no_such_breach": _said("R32", "There is no such breach of confidentiality."),
        "breach_already_decided": _said("R37", "It is decided, and stays as it is."),
        "not_asked_for_advice": _said("R36", "Advice is given by colleagues who were asked."),
        "advice_from_oneself": _said("R36", "Another staff member advises, not the one involved."),
        "not_the_staff_member_involved": _said(
            "R37", "The decision is the staff member's who is involved, and nobody else's."
        ),
        "ground_not_chosen": _said("R32", "Say on which ground confidentiality is to be broken."),
        "ground_not_in_policy": _said("R33", "The policy has no such ground."),
        "ground_superseded": _said("R34", "This law was replaced: choose what is in force today."),
        "not_serious": _said("R33", "The risk must be serious, and said to be."),
        "not_imminent": _said("R33", "The risk must be imminent, and said to be."),
        "whose_safety_missing": _said(
            "R33", "Say whose safety it is: the student's own, others', or both."
        ),
        "outline_missing": _said("R38", "A brief outline of the situation is missing."),
        "reason_missing": _said("R38", "The reason for breaking confidentiality is missing."),
        "intended_outcome_missing": _said("R38", "What would be achieved is missing."),
        "recipient_missing": _said("R38", "To whom confidentiality is to be broken is missing."),
        "recipient_not_of_ground": _said("R34", "This ground does not allow telling all of them."),
        "not_a_trusted_contact": _said(
            "R33",
            "The student has not agreed that we turn to this person, or does not any more: "
            "it would be without consent.",
        ),
        "trusted_in_such_a_risk_only": _said(
            "R33",
            "The student agreed to that for a serious and imminent risk, and for nothing else.",
        ),
        "advice_missing": _said(
            "R36",
            "At least one other staff member has to give advice on this, as it stands now.",
        ),
        "nobody_reachable_unsaid": _said(
            "R36", "In an emergency, say why no colleague could be reached."
        ),
        "a_colleague_was_reached": _said(
            "R36", "A colleague was reached and has advised, so it is decided the usual way."
        ),
        "advice_against": _said(
            "R37", "A colleague advised against it. To go on all the same, say so expressly."
        ),
        "student_not_spoken_to": _said(
            "R35", "Say whether the student was spoken to first, or why not."
        ),
        "breach_not_decided": _said("R37", "It has to be decided before anybody is told."),
        "recipient_not_decided": _said("R38", "It was not decided to tell this recipient."),
        "told_before_the_decision": _said("R37", "The decision comes before the telling."),
        "told_in_the_future": _said("R38", "What was told is noted when it has been told."),
        "no_review_waits": _said("R36", "There is no emergency that waits for a review."),
        "review_by_oneself": _said(
            "R36", "Another staff member reviews it, not the one who decided."
        ),
        "no_embargo_stands": _said("R35", "Nothing is hidden from the student here."),
        "embargo_of_another": _said(
            "R35", "The staff member involved, or a manager, judges whether it can be lifted."
        ),
        # Inadvertent breaches
        "not_the_one_to_decide": _said(
            "R14", "Whoever is named in the register decides about it, or a manager."
        ),
        "accident_already_decided": _said("R14", "It is decided, and stays as it is."),
        # The name behind a line of a student's list
        "no_such_line": _said("R23", "There is no such line in your list."),
        "not_a_staff_members_line": _said("R24", "That line is about nobody of the staff."),
        "name_already_asked": _said("R24", "You have asked for this name, and it is not withheld."),
        "no_such_name_request": _said("R24", "There is no such request for a name."),
        "balanced_by_no_manager": _said("R24", "A manager balances whether a name is told."),
        "name_of_oneself": _said("R24", "It is your own name: another manager decides."),
        "name_of_another": _said("R24", "Only the staff member whose name it is says this."),
        "name_request_decided": _said("R24", "It is decided, and stays as it is."),
        "no_ground_for_the_answer": _said("R24", "Name at least one ground for this answer."),
        "agreement_not_given": _said(
            "R24", "The staff member has not said that they agree, in a session of their own."
        ),
        "staff_member_not_heard": _said(
            "R24", "Hear the staff member whose name it is, or say why not."
        ),
        "they_can_be_heard": _said(
            "R24", "They are of the staff, and there is no wall: hear them, or say what it is."
        ),
        "line_hidden": _said("R35", "The line is hidden from the student: first lift its embargo."),
        "not_who_asked": _said("R24", "A name is told to the student who asked for it."),
        "name_not_released": _said("R24", "It was not decided to tell you this name."),
        # Keeping and letting go
        "retention_not_over": _said("R26", "Six academic years have not passed yet."),
        "wall_lifted_by_no_manager": _said("R10", "A manager judges whether it is over."),
        "wall_lifted_by_oneself": _said("R10", "Nobody judges their own conflict of interest."),
        "walls_of_others": _said("R10", "Everybody's walls are for a manager to look after."),
        # Reports
        "report_not_frozen": _said("R30", "Nobody has frozen this report, so nothing can leave."),
        "report_for_the_service": _said(
            "R29", "This one is for the Service alone: freeze one for the annual report instead."
        ),
        # Explaining
        "no_such_decision": _said("R9", "There is no such decision."),
        "decision_of_another": _said(
            "R10", "What was or would be decided for a colleague is for a manager to ask."
        ),
        # Our own mistakes
        "policy_cannot_decide": _said("", "The policy could not be asked. Tell the operators."),
        "not_permitted": _said("", "Nothing permits it, and nothing says why. Tell the operators."),
        NOT_DISCHARGED: _said(
            "",
            "What has to follow would not have followed, so nothing was done. Tell the operators.",
        ),
    }
)


def in_words(code: str) -> str:
    """Give a reason in the policy's words, with the number of the sentence behind it."""
    reason = REASONS[code]
    return f"{reason.sentence} ({reason.clause})" if reason.clause else reason.sentence
