"""10. Her mother is told, by her own consent; and nothing rests on it once she takes it back."""

from __future__ import annotations

import uuid

from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import breaches_pb2, breaches_pb2_grpc
from sas.consent.v1 import (
    breach_procedure_pb2,
    breach_procedure_pb2_grpc,
    breach_tasks_pb2,
    breach_tasks_pb2_grpc,
    consents_pb2,
    consents_pb2_grpc,
)

from clients.gateway import understood_errors
from common.errors import RefusedByPolicy
from deploy.demo.chapters.breach import GROUND, is_advised
from deploy.demo.setting import Setting


def tell(setting: Setting) -> None:
    """See whom she trusts; decide by the whole procedure; tell; then try after a withdrawal."""
    story = setting.story
    story.chapter(10, "Her mother is told, by her own consent", "R3", "R6", "R32", "R33")
    before = _counted(setting)
    first = _considered(setting)
    story.check(
        "the procedure shows whom she has agreed that we turn to",
        [(each.recipient, each.consent) for each in first.trusted_contacts]
        == [(setting.mother, setting.trust)],
    )
    with (
        story.refused(
            "it is the whole procedure all the same: a colleague is asked first",
            RefusedByPolicy,
            "advice_missing",
        ),
        understood_errors(),
    ):
        _decide(setting, first.name)
    is_advised(setting, first.name)
    now = Timestamp()
    with understood_errors():
        _decide(setting, first.name)
        now.GetCurrentTime()
        told = setting.adviser.at(breaches_pb2_grpc.BreachesServiceStub).RecordBreachDisclosure(
            breaches_pb2.RecordBreachDisclosureRequest(
                name=first.name,
                recipient=setting.mother,
                told="That she should not be alone tonight, and where she is.",
                told_at=now,
                request_id=str(uuid.uuid4()),
            )
        )
        procedure = setting.adviser.at(
            breach_procedure_pb2_grpc.BreachProcedureServiceStub
        ).GetBreachProcedure(breach_procedure_pb2.GetBreachProcedureRequest(name=first.name))
    story.check("her mother is told", told.state == breaches_pb2.BREACH_STATE_DISCLOSED)
    story.check(
        "that was by consent: no breach of confidentiality is counted",
        procedure.by_consent and _counted(setting) == before,
    )
    second = _considered(setting)
    is_advised(setting, second.name)
    with understood_errors():
        setting.student.at(consents_pb2_grpc.ConsentsServiceStub).WithdrawConsent(
            consents_pb2.WithdrawConsentRequest(name=setting.trust)
        )
    with (
        story.refused(
            "next time she has taken it back, a moment before, and it counts for nothing",
            RefusedByPolicy,
            "not_a_trusted_contact",
        ),
        understood_errors(),
    ):
        _decide(setting, second.name)


def _considered(setting: Setting) -> breaches_pb2.Breach:
    with understood_errors():
        return setting.adviser.at(breaches_pb2_grpc.BreachesServiceStub).DraftBreach(
            breaches_pb2.DraftBreachRequest(
                parent=setting.case,
                parts=breaches_pb2.BreachParts(
                    ground=GROUND,
                    serious=breaches_pb2.YES_NO_YES,
                    imminent=breaches_pb2.YES_NO_YES,
                    whose_safety="student",
                    outline="She left the meeting in tears and does not answer.",
                    reason="Her own safety.",
                    intended_outcome="That somebody is with her tonight.",
                    student_spoken_to="Rang her three times.",
                    student_first=breaches_pb2.StudentFirst(why_not="unreachable"),
                    recipients=[
                        breaches_pb2.BreachRecipient(
                            third_party=setting.mother, kind="trusted_contact"
                        )
                    ],
                ),
                request_id=str(uuid.uuid4()),
            )
        )


def _decide(setting: Setting, breach: str) -> None:
    setting.adviser.at(breaches_pb2_grpc.BreachesServiceStub).DecideBreach(
        breaches_pb2.DecideBreachRequest(name=breach)
    )


def _counted(setting: Setting) -> int:
    """How many breaches of confidentiality were decided this term, as operators see it."""
    with understood_errors():
        counts = setting.manager.at(breach_tasks_pb2_grpc.BreachTasksServiceStub).CountBreaches(
            breach_tasks_pb2.CountBreachesRequest()
        )
    return int(counts.terms[0].decided)
