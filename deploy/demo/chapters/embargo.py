"""11. What a student must not be told, and what she sees once it is lifted."""

from __future__ import annotations

import uuid
from itertools import takewhile

from sas.cases.v1 import breaches_pb2, breaches_pb2_grpc
from sas.consent.v1 import embargoes_pb2, embargoes_pb2_grpc, ledger_pb2, ledger_pb2_grpc
from sas.identity.v1 import third_parties_pb2, third_parties_pb2_grpc

from clients.gateway import understood_errors
from common.errors import InvalidFields, RefusedByPolicy
from deploy.demo.chapters.breach import is_advised
from deploy.demo.setting import Setting

GROUND = "grounds/terrorism-act-2000-s38b"


def tell(setting: Setting) -> None:
    """Decide under section 38B; look at the student's list; lift the embargo; look again."""
    story = setting.story
    story.chapter(11, "Where telling the student may be an offence", "R34", "R35")
    breaches = setting.adviser.at(breaches_pb2_grpc.BreachesServiceStub)
    with understood_errors():
        breach = breaches.DraftBreach(
            breaches_pb2.DraftBreachRequest(
                parent=setting.case,
                parts=breaches_pb2.BreachParts(
                    ground=GROUND,
                    outline="A message that she was shown, and kept.",
                    reason="It may help to prevent an act of terrorism.",
                    intended_outcome="That the police can act on it.",
                    recipients=[
                        breaches_pb2.BreachRecipient(third_party=_police(setting), kind="police")
                    ],
                ),
                request_id=str(uuid.uuid4()),
            )
        )
    story.check("the adviser is warned", list(breach.warnings) == ["tipping_off"])
    with (
        story.refused("speaking to the student first is switched off", InvalidFields),
        understood_errors(),
    ):
        breaches.AmendBreach(
            breaches_pb2.AmendBreachRequest(
                name=breach.name,
                parts=breaches_pb2.BreachParts(
                    student_first=breaches_pb2.StudentFirst(why_not="no_time")
                ),
            )
        )
    before = _seen_by_student(setting)
    is_advised(setting, breach.name)
    with understood_errors():
        breaches.DecideBreach(breaches_pb2.DecideBreachRequest(name=breach.name))
    story.check("it is decided, and her list says nothing", _seen_by_student(setting) == before)
    lift = embargoes_pb2.LiftEmbargoRequest(
        name=breach.name, reason=embargoes_pb2.LIFT_REASON_INVESTIGATION_OVER
    )
    with (
        story.refused(
            "a colleague who is not involved can't lift that", RefusedByPolicy, "embargo_of_another"
        ),
        understood_errors(),
    ):
        setting.colleague.at(embargoes_pb2_grpc.EmbargoesServiceStub).LiftEmbargo(lift)
    with understood_errors():
        lifted = setting.manager.at(embargoes_pb2_grpc.EmbargoesServiceStub).LiftEmbargo(lift)
    new = list(takewhile(lambda each: each != before[0], _seen_by_student(setting)))
    story.show("\n".join(f"{each.action:<14} {_how(each)}" for each in new))
    story.check(
        "the investigation is over, a manager lifts it, and she sees all of it and until when it"
        " was hidden",
        [(each.action, each.allowed) for each in new]
        == [
            ("embargo:lift", True),
            ("embargo:lift", False),
            ("breach:decide", True),
            ("breach:advise", True),
        ]
        and all(each.embargoed_until == lifted.lifted_at for each in new[1:]),
    )


def _seen_by_student(setting: Setting) -> list[ledger_pb2.RecordAccess]:
    """Give the top of her list."""
    with understood_errors():
        request = ledger_pb2.ListAccessesRequest(page_size=20)
        seen = setting.student.at(ledger_pb2_grpc.LedgerServiceStub).ListAccesses(request)
    return list(seen.accesses)


def _how(access: ledger_pb2.RecordAccess) -> str:
    """Say whether it was allowed, and until when she was not told."""
    said = "allowed" if access.allowed else "refused"
    if not access.HasField("embargoed_until"):
        return said
    return f"{said}, hidden until {access.embargoed_until.ToDatetime():%H:%M:%S}"


def _police(setting: Setting) -> str:
    with understood_errors():
        police = setting.adviser.at(
            third_parties_pb2_grpc.ThirdPartiesServiceStub
        ).CreateThirdParty(
            third_parties_pb2.CreateThirdPartyRequest(
                kind=third_parties_pb2.RECIPIENT_KIND_POLICE,
                display_name="Cambridgeshire Constabulary",
                address="desk@police.example",
                request_id=str(uuid.uuid4()),
            )
        )
    return str(police.name)
