"""Breaches of confidentiality, with the real servers."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sas.cases.v1 import (
    breaches_pb2,
)
from sas.consent.v1 import breach_procedure_pb2

from common.errors import (
    RefusedByPolicy,
    WrongState,
)
from tests.service.cases.house import House, Person, adviser
from tests.service.cases.office import (
    CANARY,
    Office,
    timestamp,
)


def test_a_breach_is_recorded_decided_and_told(sas: House, office: Office, zoe: Person) -> None:
    """R32-R38: what is missing is named; then the decision is final and what was told is kept."""
    colleague = adviser()
    police = f"thirdParties/{uuid4()}"
    case = office.opens_case(zoe)
    drafted = sas.call(
        office.who,
        sas.breaches.DraftBreach,
        breaches_pb2.DraftBreachRequest(
            parent=case.name,
            parts=breaches_pb2.BreachParts(outline=f"{CANARY} outline"),
            request_id=str(uuid4()),
        ),
    )
    assert "reason_missing" in drafted.missing
    with pytest.raises(RefusedByPolicy) as refused:
        decide(sas, office.who, drafted.name)
    assert {"reason_missing", "advice_missing", "recipient_missing"} <= set(refused.value.reasons)
    ground = next(
        each.name
        for each in sas.call(
            office.who, sas.procedure.ListGrounds, breach_procedure_pb2.ListGroundsRequest()
        ).grounds
        if not each.statute
    )
    amended = sas.call(
        office.who,
        sas.breaches.AmendBreach,
        breaches_pb2.AmendBreachRequest(
            name=drafted.name,
            parts=breaches_pb2.BreachParts(
                ground=ground,
                serious=breaches_pb2.YES_NO_YES,
                imminent=breaches_pb2.YES_NO_YES,
                reason=f"{CANARY} reason",
                intended_outcome=f"{CANARY} outcome",
                student_spoken_to=f"{CANARY} spoken",
                recipients=[breaches_pb2.BreachRecipient(third_party=police, kind="police")],
            ),
            etag=drafted.etag,
        ),
    )
    assert list(amended.missing) == ["advice_missing"]
    advise(sas, office.who, colleague, drafted.name)
    assert decide(sas, office.who, drafted.name).state == breaches_pb2.BREACH_STATE_DECIDED
    with pytest.raises(WrongState):
        sas.call(
            office.who,
            sas.breaches.AmendBreach,
            breaches_pb2.AmendBreachRequest(
                name=drafted.name, parts=breaches_pb2.BreachParts(outline="another")
            ),
        )
    told = breaches_pb2.RecordBreachDisclosureRequest(
        name=drafted.name,
        recipient=police,
        told=f"{CANARY} told",
        told_at=timestamp(datetime.now(UTC)),
        request_id=str(uuid4()),
    )
    for _ in range(2):
        done = sas.call(office.who, sas.breaches.RecordBreachDisclosure, told)
        assert done.state == breaches_pb2.BREACH_STATE_DISCLOSED
    read = sas.call(
        office.who, sas.breaches.GetBreach, breaches_pb2.GetBreachRequest(name=drafted.name)
    )
    assert (read.outline, read.reason) == (f"{CANARY} outline", f"{CANARY} reason")
    assert len(read.told) == 1
    assert read.told[0].endswith(f"{police}: {CANARY} told")


def decide(sas: House, who: Person, name: str) -> breaches_pb2.Breach:
    """Decide to breach confidentiality."""
    return sas.call(who, sas.breaches.DecideBreach, breaches_pb2.DecideBreachRequest(name=name))


def advise(sas: House, who: Person, colleague: Person, name: str) -> None:
    """Ask a colleague, who answers from their own session."""
    sas.call(
        who,
        sas.procedure.AskForAdvice,
        breach_procedure_pb2.AskForAdviceRequest(name=name, colleague=colleague.name),
    )
    sas.call(
        colleague,
        sas.procedure.GiveAdvice,
        breach_procedure_pb2.GiveAdviceRequest(
            name=name, answer=breach_procedure_pb2.ADVICE_ANSWER_FOR
        ),
    )
