"""The procedure for breaching confidentiality: decided by the one involved, and recorded."""

from __future__ import annotations

from uuid import uuid4

import attrs
import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import breach_procedure_pb2, records_pb2

from common.errors import InvalidFields, NotAvailable, RefusedByPolicy, WrongState
from services.consent.actions import breaches
from services.consent.domain.facts import Who
from tests.service.consent.breaching import AGAINST, EVERYTHING, RISK, S38B, UNDER_38B, Breach
from tests.service.consent.deeds import Case, accesses
from tests.service.consent.house import House, in_days, staff


def test_the_life_of_a_breach(sas: House, breach: Breach) -> None:
    assert breach.told(kind="") == [
        "advice_missing",
        "ground_not_chosen",
        "intended_outcome_missing",
        "outline_missing",
        "reason_missing",
        "recipient_missing",
        "student_not_spoken_to",
    ]
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert len(refused.value.reasons) == 7
    assert breach.told(**EVERYTHING) == ["advice_missing"]

    bob = staff()
    with pytest.raises(RefusedByPolicy) as refused:
        breach.advised(bob)
    assert refused.value.reasons == ("not_asked_for_advice",)
    assert list(breach.asks(bob).missing) == ["advice_missing"]
    assert list(breach.advised(bob).missing) == []

    index = breach.decided()
    entry = sas.last_entry(breach=breach.name)
    assert entry["index"] == index
    assert entry["details"] == {
        "ground": RISK,
        "whose_safety": "student",
        "student_first": "not_attempted",
        "despite_advice": "no",
        "emergency": "no",
        "advised_by": bob.name,
        "advice": "for",
    }
    assert entry["items"] == [breach.doctor]
    assert breach.disclosed() == index + 1
    with pytest.raises(RefusedByPolicy) as refused:
        breach.disclosed(f"thirdParties/{uuid4()}")
    assert refused.value.reasons == ("recipient_not_decided",)
    with pytest.raises(WrongState):
        breach.told(**EVERYTHING | {"serious": False})
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert refused.value.reasons == ("breach_already_decided",)


def test_the_staff_member_involved_decides_and_nobody_else(breach: Breach) -> None:
    """R37: not the colleague, not a manager."""
    bob, manager = staff(), staff("manager")
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.advised(bob)
    for who in (bob, manager):
        with pytest.raises(RefusedByPolicy) as refused:
            breach.decided(who)
        assert refused.value.reasons == ("not_the_staff_member_involved",)
    breach.told(manager, **EVERYTHING | {"serious": False})
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided(manager)
    assert "not_the_staff_member_involved" in refused.value.reasons
    breach.told(**EVERYTHING)
    breach.decided()


def test_a_no_is_recorded_and_no_veto(sas: House, breach: Breach) -> None:
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.advised(bob, AGAINST)
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert refused.value.reasons == ("advice_against",)
    breach.decided(despite_advice=True)
    assert sas.last_entry(breach=breach.name)["details"]["advice"] == "against"


def test_advice_is_on_this_ground_and_these_recipients(breach: Breach) -> None:
    """R36: nobody gets a yes for the doctor and tells the college."""
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.advised(bob)
    assert breach.told(kind="college", **EVERYTHING) == ["advice_missing"]
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert refused.value.reasons == ("advice_missing",)
    assert breach.told(**EVERYTHING) == []
    assert breach.told(kind="college", **EVERYTHING) == ["advice_missing"]
    breach.advised(bob)
    breach.decided()


def test_advice_on_what_was_said_before_is_none_on_what_was_said_since(
    sas: House, breach: Breach
) -> None:
    """R36: by the time at which the facts were written down, not at which the call came in."""
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    breach.advised(bob)
    with sas.parts(lambda: in_days(0)) as parts, parts.new_work() as work:
        found = work.breaches.find(breach.name)
    assert found is not None
    to_another = frozenset({(f"thirdParties/{uuid4()}", "health")})
    ada = Who(breach.ada.name, "staff", frozenset({"adviser"}), second_factor=True)
    with sas.parts(lambda: in_days(0)) as parts:
        came_in_before = attrs.evolve(
            found.facts, recipients=to_another, recorded_at=found.facts.recorded_at
        )
        procedure = breaches.record_facts(parts, ada, came_in_before)
    assert procedure.missing == ("advice_missing",)


def test_who_can_not_advise(sas: House, breach: Breach) -> None:
    """R36: oneself, a walled colleague; a wall that goes up later makes the advice not count."""
    walled, bob = staff(), staff()
    breach.told(**EVERYTHING)
    breach.case.walled(walled)
    for colleague in (breach.ada, walled):
        with pytest.raises(InvalidFields):
            breach.asks(colleague)
    breach.asks(bob)
    breach.advised(bob)
    breach.case.walled(bob)
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert refused.value.reasons == ("advice_missing",)


def test_a_wall_around_the_case_stands_around_its_breach(breach: Breach) -> None:
    breach.told(**EVERYTHING)
    breach.case.walled(breach.ada)
    for deed in (breach.decided, breach.disclosed, lambda: breach.told(**EVERYTHING)):
        with pytest.raises(NotAvailable):
            deed()


def test_the_advice_that_is_recorded_is_of_somebody_without_a_wall(
    sas: House, breach: Breach
) -> None:
    """R36, R38: who has been asked for advice; somebody in a conflict of interest is nobody."""
    bob, carol = staff(), staff()
    breach.told(**EVERYTHING)
    for colleague in (bob, carol):
        breach.asks(colleague)
        breach.advised(colleague)
    breach.case.walled(bob)
    breach.decided()
    assert sas.last_entry(breach=breach.name)["details"]["advised_by"] == carol.name


def test_nobody_is_asked_and_nothing_shown_when_it_is_over(sas: House, breach: Breach) -> None:
    """R27, R37: a decision stays as it is, and what was disposed of is not there."""
    bob = staff()
    breach.told(**EVERYTHING)
    breach.asks(bob)
    disposed = attrs.evolve(breach, uuid=str(uuid4()))
    breach.advised(bob)
    breach.decided()
    with pytest.raises(WrongState):
        breach.asks(staff())
    sas.sql("insert into disposals values (%s, now())", f"records/{breach.uuid}")
    request = breach_procedure_pb2.GetBreachProcedureRequest(name=breach.name)
    gone, absent = (
        sas.refusal(sas.gateway, breach.ada, "BreachProcedureService/GetBreachProcedure", each)
        for each in (
            request,
            breach_procedure_pb2.GetBreachProcedureRequest(name=disposed.name),
        )
    )
    assert gone == absent


def test_no_case_is_a_breach(sas: House, case: Case) -> None:
    """A case that grew from an enquiry has something that it belongs to, as breaches do."""
    enquiry, grown = f"records/{uuid4()}", str(uuid4())
    known = records_pb2.RegisterRecordRequest
    sas.cases.records.RegisterRecord(known(record=enquiry, kind=records_pb2.RECORD_KIND_ENQUIRY))
    sas.cases.records.RegisterRecord(
        known(
            record=f"records/{grown}",
            kind=records_pb2.RECORD_KIND_CASE,
            student=case.student.name,
            parent=enquiry,
        )
    )
    no_breach = Breach(sas, attrs.evolve(case, record=enquiry), staff(), grown)
    with pytest.raises(NotAvailable):
        no_breach.told(**EVERYTHING)


@pytest.mark.parametrize("name", [f"students/{uuid4()}", f"thirdParties/{'-' * 36}"])
def test_whoever_is_told_is_a_third_party(breach: Breach, name: str) -> None:
    """R38: to whom; anything else than the name of one would be nobody's."""
    with pytest.raises(InvalidFields):
        attrs.evolve(breach, doctor=name).told(**EVERYTHING)


def test_what_nobody_recorded_is_not_there(sas: House, breach: Breach) -> None:
    for deed in (breach.decided, breach.disclosed, lambda: breach.advised(staff())):
        with pytest.raises(NotAvailable):
            deed()
    assert sas.last_entry(breach=breach.name)["reasons"] == ["no_such_breach"]


def test_a_trustee_takes_no_part(breach: Breach) -> None:
    breach.told(**EVERYTHING)
    with pytest.raises(NotAvailable):
        breach.decided(staff("trustee"))
    with pytest.raises(NotAvailable):
        breach.advised(staff("trustee"))


def test_the_facts_belong_to_the_record(breach: Breach) -> None:
    with pytest.raises(InvalidFields):
        breach.told(case_record=f"records/{uuid4()}")
    with pytest.raises(InvalidFields):
        breach.told(record=f"records/{uuid4()}")


def test_section_38b_is_for_the_police_and_for_no_student_to_see(
    sas: House, breach: Breach
) -> None:
    """R34, R35: the student is not spoken to, and their list shows nothing of it."""
    facts = EVERYTHING | UNDER_38B
    assert breach.told(kind="college", **facts) == ["advice_missing", "recipient_not_of_ground"]
    assert breach.told(kind="police", **facts) == ["advice_missing"]
    bob = staff()
    breach.asks(bob)
    breach.advised(bob)
    breach.decided()
    breach.disclosed()
    assert accesses(sas, breach.case.student) == []
    lines = sas.sql("select count(*) from entries where breach = %s", breach.name)
    assert lines == [(3,)]


def test_a_risk_to_safety_is_in_the_students_list(sas: House, breach: Breach) -> None:
    breach.told()
    with pytest.raises(RefusedByPolicy):
        breach.decided()
    assert accesses(sas, breach.case.student) == []  # no ground is chosen yet
    breach.told(**EVERYTHING)
    bob = staff()
    breach.asks(bob)
    breach.advised(bob)
    breach.decided()
    seen = [(each.action, each.allowed) for each in accesses(sas, breach.case.student)]
    assert seen == [("breach:decide", True), ("breach:advise", True), ("breach:decide", False)]


def test_what_was_once_under_tipping_off_stays_hidden(sas: House, breach: Breach) -> None:
    breach.told(kind="police", **EVERYTHING | UNDER_38B)
    breach.told(**EVERYTHING)
    with pytest.raises(RefusedByPolicy):
        breach.decided()
    assert accesses(sas, breach.case.student) == []


def test_reading_the_record_of_a_breach_is_a_line_about_the_breach(
    sas: House, breach: Breach
) -> None:
    vault = sas.vaults["cases-serve"]
    vault.create_record_key("rk-breach", breach.uuid)
    item = f"{breach.name}/words/1"
    key = vault.new_data_key("rk-breach", breach.uuid, item)
    breach.told(kind="police", ground=S38B)
    opened = sas.call(
        breach.ada,
        sas.cases.records.OpenRecord,
        records_pb2.OpenRecordRequest(
            record=f"records/{breach.uuid}",
            action="breach:read",
            purpose=purpose_pb2.PURPOSE_SAFETY,
            items=[records_pb2.SealedItem(item=item, wrapped_key=key.wrapped)],
            about=breach.name,
        ),
    )
    assert opened.keys[0].key == key.plaintext
    assert sas.last_entry(breach=breach.name)["action"] == "breach:read"
    assert accesses(sas, breach.case.student) == []


def test_the_grounds_lead_from_the_policys_words_to_the_law_of_today(sas: House) -> None:
    request = breach_procedure_pb2.ListGroundsRequest()
    found = sas.call(staff(), sas.gateway.procedure.ListGrounds, request).grounds
    grounds = {each.name: each for each in found}
    old = grounds["grounds/drug-trafficking-act-1994"]
    assert old.superseded_by == "grounds/poca-2002"
    assert grounds["grounds/poca-2002"].effect == "defence_only"
    assert grounds[S38B].tipping_off
    assert list(grounds[S38B].recipient_kinds) == ["police"]
    assert not grounds[RISK].recipient_kinds
    assert found[-1] == old
