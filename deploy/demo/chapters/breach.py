"""9. A breach of confidentiality, by the policy's own procedure."""

from __future__ import annotations

import uuid

from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import breaches_pb2, breaches_pb2_grpc
from sas.consent.v1 import (
    breach_procedure_pb2,
    breach_procedure_pb2_grpc,
    breach_tasks_pb2,
    breach_tasks_pb2_grpc,
)
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.gateway import understood_errors
from common.errors import RefusedByPolicy
from deploy.demo import behind, people
from deploy.demo.setting import Setting

GROUND = "grounds/serious-imminent-risk"


def tell(setting: Setting) -> None:
    """Try with each part missing, then with everything; decide, tell and record."""
    story = setting.story
    story.chapter(9, "A serious and imminent risk", "R32", "R33", "R35", "R36", "R37", "R38")
    breaches = setting.adviser.at(breaches_pb2_grpc.BreachesServiceStub)
    doctor = _doctor(setting)
    with understood_errors():
        breach = breaches.DraftBreach(
            breaches_pb2.DraftBreachRequest(
                parent=setting.case,
                parts=breaches_pb2.BreachParts(
                    ground=GROUND, serious=breaches_pb2.YES_NO_YES, imminent=breaches_pb2.YES_NO_NO
                ),
                request_id=str(uuid.uuid4()),
            )
        )
    decide = breaches_pb2.DecideBreachRequest(name=breach.name)
    with (
        story.refused(
            "with everything missing it is refused, and every missing part is named",
            RefusedByPolicy,
            "outline_missing",
            "reason_missing",
            "intended_outcome_missing",
            "recipient_missing",
            "advice_missing",
            "not_imminent",
        ),
        understood_errors(),
    ):
        breaches.DecideBreach(decide)

    now = Timestamp()
    now.GetCurrentTime()
    part = breaches_pb2.BreachParts
    parts = [
        (
            "outline_missing",
            part(outline="She said in the meeting what she means to do tonight."),
        ),
        ("reason_missing", part(reason="Her own safety; she has the means at hand.")),
        (
            "intended_outcome_missing",
            part(intended_outcome="That the crisis team sees her today."),
        ),
        (
            "student_not_spoken_to",
            part(
                student_spoken_to="She asked us to wait.",
                student_first=breaches_pb2.StudentFirst(
                    attempted_at=now, channel="in_person", result="disagrees"
                ),
            ),
        ),
        ("not_imminent", part(imminent=breaches_pb2.YES_NO_YES)),
        ("whose_safety_missing", part(whose_safety="student")),
        (
            "recipient_missing",
            part(
                recipients=[breaches_pb2.BreachRecipient(third_party=doctor, kind="health")],
            ),
        ),
    ]
    for reason, told in parts:
        with (
            story.refused(f"refused while this is so: {reason}", RefusedByPolicy, reason),
            understood_errors(),
        ):
            breaches.DecideBreach(decide)
        with understood_errors():
            breaches.AmendBreach(breaches_pb2.AmendBreachRequest(name=breach.name, parts=told))
    mailbox = people.mail_address("mary")
    before = behind.mails_to(setting.state, mailbox)
    _asks(setting, breach.name)
    mail = behind.arrives(setting.state, mailbox, before)
    story.check(
        "the colleague is told by mail that something waits for her, and not a word more",
        mail == "Something waits for you. Please sign in to see it.",
        mail,
    )
    with (
        story.refused(
            "asking a colleague is not enough: she must have answered from her own session",
            RefusedByPolicy,
            "advice_missing",
        ),
        understood_errors(),
    ):
        breaches.DecideBreach(decide)
    _advise_and_decide(setting, breach.name, doctor)
    _in_an_emergency(setting, doctor)


def is_advised(setting: Setting, breach: str) -> None:
    """Ask a colleague, who advises to do it, from her own session."""
    _asks(setting, breach)
    _answers(setting, breach)


def _asks(setting: Setting, breach: str) -> None:
    with understood_errors():
        setting.adviser.at(breach_procedure_pb2_grpc.BreachProcedureServiceStub).AskForAdvice(
            breach_procedure_pb2.AskForAdviceRequest(name=breach, colleague=setting.colleague.name)
        )


def _answers(setting: Setting, breach: str) -> None:
    with understood_errors():
        setting.colleague.at(breach_procedure_pb2_grpc.BreachProcedureServiceStub).GiveAdvice(
            breach_procedure_pb2.GiveAdviceRequest(
                name=breach, answer=breach_procedure_pb2.ADVICE_ANSWER_FOR
            )
        )


def _advise_and_decide(setting: Setting, breach: str, doctor: str) -> None:
    story = setting.story
    breaches = setting.adviser.at(breaches_pb2_grpc.BreachesServiceStub)
    _answers(setting, breach)
    with (
        story.refused(
            "nobody but the staff member involved can decide",
            RefusedByPolicy,
            "not_the_staff_member_involved",
        ),
        understood_errors(),
    ):
        setting.manager.at(breaches_pb2_grpc.BreachesServiceStub).DecideBreach(
            breaches_pb2.DecideBreachRequest(name=breach)
        )
    now = Timestamp()
    now.GetCurrentTime()
    with understood_errors():
        decided = breaches.DecideBreach(breaches_pb2.DecideBreachRequest(name=breach))
        story.check("it is decided", decided.state == breaches_pb2.BREACH_STATE_DECIDED)
        told = breaches.RecordBreachDisclosure(
            breaches_pb2.RecordBreachDisclosureRequest(
                name=breach,
                recipient=doctor,
                told="Her name, where she is now, and that she needs to be seen today.",
                told_at=now,
                request_id=str(uuid.uuid4()),
            )
        )
        story.check("what was told is recorded", told.state == breaches_pb2.BREACH_STATE_DISCLOSED)
        record = breaches.GetBreach(breaches_pb2.GetBreachRequest(name=breach))
    story.check(
        "the record holds the four items of the policy, and what was told",
        all((record.outline, record.reason, record.intended_outcome, record.told))
        and list(record.breach.recipients) == [doctor],
    )


def _in_an_emergency(setting: Setting, doctor: str) -> None:
    story = setting.story
    breaches = setting.adviser.at(breaches_pb2_grpc.BreachesServiceStub)
    with understood_errors():
        breach = breaches.DraftBreach(
            breaches_pb2.DraftBreachRequest(
                parent=setting.case,
                parts=breaches_pb2.BreachParts(
                    ground=GROUND,
                    serious=breaches_pb2.YES_NO_YES,
                    imminent=breaches_pb2.YES_NO_YES,
                    whose_safety="student",
                    outline="She rang at night, from the bridge.",
                    reason="Her own safety.",
                    intended_outcome="That somebody is with her.",
                    student_spoken_to="No time to speak about it.",
                    student_first=breaches_pb2.StudentFirst(why_not="no_time"),
                    recipients=[breaches_pb2.BreachRecipient(third_party=doctor, kind="health")],
                    nobody_reachable="Rang Mary and Grace, twice each.",
                ),
                request_id=str(uuid.uuid4()),
            )
        )
        decided = breaches.DecideBreach(
            breaches_pb2.DecideBreachRequest(name=breach.name, emergency=True)
        )
        tasks = setting.colleague.at(breach_tasks_pb2_grpc.BreachTasksServiceStub)
        waiting = tasks.ListBreachReviews(breach_tasks_pb2.ListBreachReviewsRequest()).reviews
    story.check(
        "in an emergency, with nobody to reach, it is decided first",
        decided.state == breaches_pb2.BREACH_STATE_DECIDED,
    )
    story.check(
        "and a colleague finds it in her list, to be reviewed within 24 hours",
        breach.name in {each.breach for each in waiting},
    )
    with understood_errors():
        review = tasks.ReviewBreach(
            breach_tasks_pb2.ReviewBreachRequest(
                name=breach.name, answer=breach_tasks_pb2.REVIEW_ANSWER_FOR
            )
        )
    story.check("she reviews it", review.answer == breach_tasks_pb2.REVIEW_ANSWER_FOR)


def _doctor(setting: Setting) -> str:
    with understood_errors():
        doctor = setting.adviser.at(
            third_parties_pb2_grpc.ThirdPartiesServiceStub
        ).CreateThirdParty(
            third_parties_pb2.CreateThirdPartyRequest(
                kind=third_parties_pb2.RECIPIENT_KIND_HEALTH,
                display_name="The crisis team",
                address="crisis-team@health.example",
                request_id=str(uuid.uuid4()),
            )
        )
    name: str = doctor.name
    return name
