"""What people do in a breach of confidentiality, by the policy's procedure; see `deeds.py`."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp
from sas.cases.v1 import (
    breaches_pb2,
    breaches_pb2_grpc,
)
from sas.consent.v1 import (
    breach_procedure_pb2,
    breach_procedure_pb2_grpc,
)

from clients.gateway import understood_errors
from tests.kit.deeds import new_request_id
from tests.kit.disclosing import Tutor
from tests.kit.full_stack import FullStack

RISK = "grounds/serious-imminent-risk"


def adviser_drafts_a_breach(
    stack: FullStack,
    case: str,
    doctor: Tutor,
    outline: str = "said what she means to do",
    reason: str = "her own safety",
    intended_outcome: str = "that she is seen today",
    student_spoken_to: str = "in person: asked us to wait",
) -> str:
    """Write down everything that the policy asks for, and give the breach's name."""
    with understood_errors():
        breach = stack.adviser.at(breaches_pb2_grpc.BreachesServiceStub).DraftBreach(
            breaches_pb2.DraftBreachRequest(
                parent=case,
                parts=breaches_pb2.BreachParts(
                    ground=RISK,
                    serious=breaches_pb2.YES_NO_YES,
                    imminent=breaches_pb2.YES_NO_YES,
                    whose_safety="student",
                    student_first=breaches_pb2.StudentFirst(why_not="no_time"),
                    outline=outline,
                    reason=reason,
                    intended_outcome=intended_outcome,
                    student_spoken_to=student_spoken_to,
                    recipients=[
                        breaches_pb2.BreachRecipient(third_party=doctor.name, kind="college")
                    ],
                ),
                request_id=new_request_id(),
            )
        )
    return str(breach.name)


def colleague_advises(stack: FullStack, breach: str) -> None:
    """Be asked for advice, and give it."""
    stub = breach_procedure_pb2_grpc.BreachProcedureServiceStub
    with understood_errors():
        stack.adviser.at(stub).AskForAdvice(
            breach_procedure_pb2.AskForAdviceRequest(name=breach, colleague=stack.colleague.name)
        )
        stack.colleague.at(stub).GiveAdvice(
            breach_procedure_pb2.GiveAdviceRequest(
                name=breach, answer=breach_procedure_pb2.ADVICE_ANSWER_FOR
            )
        )


def adviser_decides(stack: FullStack, breach: str) -> None:
    """Decide to breach confidentiality."""
    with understood_errors():
        stack.adviser.at(breaches_pb2_grpc.BreachesServiceStub).DecideBreach(
            breaches_pb2.DecideBreachRequest(name=breach)
        )


def adviser_records_what_was_told(
    stack: FullStack, breach: str, doctor: Tutor, told: str
) -> breaches_pb2.BreachRecord:
    """Record what was told just now, and read the whole record of the breach."""
    now = Timestamp()
    now.GetCurrentTime()
    breaches = stack.adviser.at(breaches_pb2_grpc.BreachesServiceStub)
    with understood_errors():
        breaches.RecordBreachDisclosure(
            breaches_pb2.RecordBreachDisclosureRequest(
                name=breach,
                recipient=doctor.name,
                told=told,
                told_at=now,
                request_id=new_request_id(),
            )
        )
        return breaches.GetBreach(breaches_pb2.GetBreachRequest(name=breach))
