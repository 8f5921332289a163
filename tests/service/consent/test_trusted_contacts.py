"""Whom a student trusts: told by their own advance consent, in such a risk (R33)."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import attrs
import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import breach_procedure_pb2, consents_pb2, walls_pb2
from sas.consent.v1 import breach_tasks_pb2 as tasks

from common.errors import RefusedByPolicy
from services.consent.actions import breaches, consents
from services.consent.domain.consent import Happened, Happening
from services.consent.domain.facts import Who
from tests.kit.house import Person
from tests.service.consent.breaching import EVERYTHING, UNDER_38B, Breach
from tests.service.consent.deeds import Case, Letter
from tests.service.consent.house import House, in_days, staff

TRUSTED = "trusted_contact"


@attrs.frozen
class Mother:
    """Somebody whom a student names, to be turned to in an emergency."""

    letter: Letter
    consent: consents_pb2.Consent

    @classmethod
    def named(cls, case: Case, name: str = "", until: datetime | None = None) -> Mother:
        """Ask the student, who looks at it; the answer is still to come."""
        contact = case.item(f"contacts/{uuid4()}")
        letter = Letter(case, staff(), contact, contact, name or f"thirdParties/{uuid4()}")
        consent = letter.asked(
            purpose=purpose_pb2.DISCLOSURE_PURPOSE_TRUSTED_CONTACT,
            items=[contact.name],
            ends_at=until or in_days(300),
        )
        case.opened(
            case.student,
            contact,
            action="disclosure:preview",
            purpose=purpose_pb2.PURPOSE_DISCLOSURE,
            about=contact.name,
        )
        return cls(letter, consent)

    @classmethod
    def trusted(cls, case: Case, name: str = "") -> Mother:
        """Ask the student, who says yes."""
        mother = cls.named(case, name)
        mother.letter.given(mother.consent)
        return mother

    @property
    def name(self) -> str:
        """The third party."""
        return self.letter.tutor

    def taken_back(self) -> None:
        """Let the student take the yes back."""
        self.letter.withdrawn(self.consent)


def turning_to(breach: Breach, *mothers: Mother) -> Breach:
    """Give the breach with the first of them as the one to be told, everything said, and advice."""
    breach = attrs.evolve(breach, doctor=mothers[0].name)
    breach.told(kind=TRUSTED, **EVERYTHING)
    bob = staff()
    breach.asks(bob)
    breach.advised(bob)
    return breach


def procedure(breach: Breach, who: Person | None = None) -> breach_procedure_pb2.BreachProcedure:
    request = breach_procedure_pb2.GetBreachProcedureRequest(name=breach.name)
    method = breach.sas.gateway.procedure.GetBreachProcedure
    return breach.sas.call(who or breach.ada, method, request)


def counted(sas: House) -> int:
    request = tasks.CountBreachesRequest()
    who = staff(permissions=frozenset({"breach:count"}))
    return sum(
        each.decided for each in sas.call(who, sas.gateway.tasks.CountBreaches, request).terms
    )


def test_the_procedure_shows_whom_the_student_trusts(breach: Breach) -> None:
    """R33: asked early whom to call; shown when it matters, in names only."""
    mother = Mother.named(breach.case)
    breach.told(**EVERYTHING)
    assert not procedure(breach).trusted_contacts
    mother.letter.given(mother.consent)
    (shown,) = procedure(breach).trusted_contacts
    assert (shown.recipient, shown.contact, shown.consent) == (
        mother.name,
        mother.letter.disclosure,
        mother.consent.name,
    )
    assert shown.ends_at == mother.consent.ends_at


def test_it_shows_nobody_under_another_ground(breach: Breach) -> None:
    """R33: "in such an emergency only", says the text that the student agreed to."""
    Mother.trusted(breach.case)
    breach.told(**EVERYTHING | {"ground": ""})
    assert not procedure(breach).trusted_contacts
    said_before = {"student_first": EVERYTHING["student_first"]}
    breach.told(kind="police", **EVERYTHING | UNDER_38B | said_before)
    assert not procedure(breach).trusted_contacts


def test_a_trusted_contact_is_told_by_consent_and_that_is_no_breach(
    sas: House, breach: Breach
) -> None:
    """R3, R32, R33: the procedure as always; both lines cite the consent; nothing to count."""
    mother, _father = Mother.trusted(breach.case), Mother.trusted(breach.case)
    breach = turning_to(breach, mother)
    before = counted(sas)
    breach.decided()
    decision = sas.last_entry(breach=breach.name)
    assert decision["details"]["consent_1"] == mother.consent.name
    assert "consent_2" not in decision["details"]  # the father is not told
    assert procedure(breach).by_consent
    assert counted(sas) == before
    breach.disclosed()
    told = sas.last_entry(breach=breach.name)
    assert (told["action"], told["consent"]) == ("breach:disclose", mother.consent.name)


def test_with_somebody_else_beside_them_it_is_a_breach(sas: House, breach: Breach) -> None:
    """R32: the doctor is told without consent, and that is counted; the mother with it."""
    mother, doctor = Mother.trusted(breach.case), f"thirdParties/{uuid4()}"
    recipient = breach_procedure_pb2.BreachFactsRecipient
    both = [
        recipient(third_party=mother.name, kind=TRUSTED),
        recipient(third_party=doctor, kind="health"),
    ]
    breach.told(**EVERYTHING, recipients=both)
    before = counted(sas)
    breach.advised_and_decided()
    assert counted(sas) == before + 1
    assert not procedure(breach).by_consent
    breach.disclosed(doctor)
    assert not sas.last_entry(breach=breach.name)["consent"]
    breach.disclosed(mother.name)
    assert sas.last_entry(breach=breach.name)["consent"] == mother.consent.name


def test_the_procedure_asks_no_less_because_of_it(breach: Breach) -> None:
    """R33, R36: "only if a staff member has decided so, as our confidentiality policy sets out"."""
    mother = Mother.trusted(breach.case)
    breach = attrs.evolve(breach, doctor=mother.name)
    missing = breach.told(kind=TRUSTED, **EVERYTHING | {"imminent": False})
    assert missing == ["advice_missing", "not_imminent"]


@pytest.mark.parametrize("end", ["never_given", "withdrawn", "of_another_student"])
def test_without_a_standing_consent_nobody_is_a_trusted_contact(
    sas: House, breach: Breach, end: str
) -> None:
    """R6, R33: withdrawal bites at once; a no is a no."""
    case = Case.open(sas) if end == "of_another_student" else breach.case
    mother = Mother.named(case)
    if end != "never_given":
        mother.letter.given(mother.consent)
    if end == "withdrawn":
        mother.taken_back()
    breach = turning_to(breach, mother)
    assert list(procedure(breach).missing) == ["not_a_trusted_contact"]
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert refused.value.reasons == ("not_a_trusted_contact",)
    assert "consent_1" not in sas.last_entry(breach=breach.name)["details"]


def test_a_lapsed_one_counts_for_nothing(sas: House, breach: Breach) -> None:
    """R8, R33: until the last day, by our clock."""
    mother = Mother.trusted(breach.case)
    breach = turning_to(breach, mother)
    ada = Who(breach.ada.name, "staff", frozenset({"adviser"}), second_factor=True)
    with sas.parts(lambda: in_days(301)) as parts, pytest.raises(RefusedByPolicy) as refused:
        breaches.authorise_breach(parts, ada, breach.name, despite_advice=False, emergency=False)
    assert refused.value.reasons == ("not_a_trusted_contact",)


def test_what_was_told_before_the_withdrawal_is_recorded_and_nothing_after(
    sas: House, breach: Breach
) -> None:
    """R38, R6: what was told, when it was told; but nobody goes on telling."""
    mother = Mother.trusted(breach.case)
    breach = turning_to(breach, mother)
    breach.decided()
    told_at = in_days(0)
    mother.taken_back()
    with pytest.raises(RefusedByPolicy) as refused:
        breach.disclosed(told_at=in_days(0))
    assert refused.value.reasons == ("not_a_trusted_contact",)
    breach.disclosed(told_at=told_at)
    assert sas.last_entry(breach=breach.name)["consent"] == mother.consent.name


def test_what_is_noted_to_the_minute_was_told_after_the_decision(
    sas: House, breach: Breach
) -> None:
    """R38: people note the minute; the yes of the same minute stood when it was decided."""
    mother = Mother.trusted(breach.case)
    breach = turning_to(breach, mother)
    breach.decided()
    ((decided_at,),) = sas.sql(
        "select decided_at from breach_decisions where breach = %s", breach.name
    )
    sas.sql("update consent_events set at = %s where consent = %s", decided_at, mother.consent.name)
    assert breach.disclosed(told_at=decided_at.replace(second=0, microsecond=0))


def test_whoever_was_named_in_what_is_disposed_of_is_not_there(sas: House, breach: Breach) -> None:
    """R27: we retain this information for six academic years, and no longer."""
    earlier = Case.open(sas, breach.case.student)
    Mother.trusted(earlier)
    breach.told(**EVERYTHING)
    assert procedure(breach).trusted_contacts
    sas.sql("insert into disposals values (%s, now())", earlier.record)
    assert not procedure(breach).trusted_contacts


def test_it_can_still_be_a_breach_of_confidentiality_like_any_other(breach: Breach) -> None:
    """R33: the policy's ground asks for no consent; it is then counted as what it is."""
    mother = Mother.trusted(breach.case)
    mother.taken_back()
    breach = attrs.evolve(breach, doctor=mother.name)
    breach.told(kind="other", **EVERYTHING)
    breach.advised_and_decided()
    assert not procedure(breach).by_consent


def test_a_consent_behind_a_wall_is_not_shown_and_does_not_count(
    sas: House, breach: Breach
) -> None:
    """R10: the student named their mother in another case, which this adviser may not know of."""
    elsewhere = Case.open(sas, breach.case.student)
    mother = Mother.trusted(elsewhere)
    breach = turning_to(breach, mother)
    assert procedure(breach).trusted_contacts
    elsewhere.walled(breach.ada)
    assert not procedure(breach).trusted_contacts
    assert procedure(breach, staff()).trusted_contacts
    with pytest.raises(RefusedByPolicy) as refused:
        breach.decided()
    assert refused.value.reasons == ("not_a_trusted_contact",)


def test_a_wall_of_somebody_elses_making_takes_no_trusted_contact_away(
    sas: House, breach: Breach
) -> None:
    """R37: nobody but the one involved decides, and nobody takes the decision apart."""
    mother = Mother.trusted(breach.case)
    breach = turning_to(breach, mother)
    request = walls_pb2.DeclareWallRequest(
        record=breach.case.record, staff_member=breach.ada.name, request_id=str(uuid4())
    )
    sas.call(staff(), sas.gateway.walls.DeclareWall, request)
    assert procedure(breach).trusted_contacts
    breach.decided()
    assert procedure(breach).by_consent


def test_decided_and_withdrawn_at_once_the_ledger_says_who_was_first(sas: House) -> None:
    """R6: eight times; a decision after the withdrawal never rests on it."""
    for _ in range(8):
        breach = Breach.begin(sas)
        mother = Mother.trusted(breach.case)
        breach = turning_to(breach, mother)

        deciding = threading.Thread(target=decided_or_refused, args=(breach,))
        threads = [deciding, threading.Thread(target=mother.taken_back)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = sas.sql(
            "select action, effect from entries where (breach = %s and action = 'breach:decide')"
            " or (disclosure = %s and action = 'consent:withdraw') order by idx",
            breach.name,
            mother.letter.disclosure,
        )
        first = rows[0][0] == "breach:decide"
        assert ("breach:decide", "allow" if first else "deny") in rows
        assert bool(procedure(breach).decided) == first


def decided_or_refused(breach: Breach) -> None:
    with suppress(RefusedByPolicy):
        breach.decided()


def test_a_decision_waits_for_a_withdrawal_that_is_under_way(sas: House) -> None:
    """R6: whoever decides sees what was taken back while they waited."""
    breach = Breach.begin(sas)
    mother = Mother.trusted(breach.case)
    breach = turning_to(breach, mother)
    deciding = threading.Thread(target=decided_or_refused, args=(breach,))
    taken_back = Happened(Happening.WITHDRAWN, in_days(0), None, breach.case.student.name)
    with sas.parts(lambda: in_days(0)) as parts, parts.new_change() as work:
        deciding.start()
        deciding.join(timeout=timedelta(seconds=0.5).total_seconds())
        assert deciding.is_alive()
        work.consents.note(mother.consent.name, taken_back)
        work.commit()
    deciding.join()
    assert not procedure(breach).decided


def test_asking_anew_takes_the_place_of_it(sas: House, breach: Breach) -> None:
    """R8: another address, another consent; until she answers, there is none."""
    mother = Mother.trusted(breach.case)
    breach = turning_to(breach, mother)
    again = Mother.named(breach.case, mother.name)
    assert not procedure(breach).trusted_contacts
    again.letter.given(again.consent)
    breach.decided()
    assert sas.last_entry(breach=breach.name)["details"]["consent_1"] == again.consent.name
    with sas.parts(lambda: in_days(0)) as parts:
        zoe = Who(breach.case.student.name, "student")
        assert consents.get_consent(parts, zoe, mother.consent.name).state == "superseded"
