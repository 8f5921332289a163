"""Breaches of confidentiality, with the real servers (R32-R38)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import attrs
import pytest
from sas.cases.v1 import breaches_pb2 as pb
from sas.consent.v1 import breach_procedure_pb2 as procedure

from common.errors import InvalidFields, RefusedByPolicy, StaleEtag, WrongState
from tests.kit.house import Person
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import CANARY, Office, timestamp


@attrs.frozen
class Involved:
    """The staff member involved, and the recipient they think of."""

    sas: House
    who: Person
    police: str

    def drafts(self, case: str) -> pb.Breach:
        """Begin the record, with an outline only."""
        request = pb.DraftBreachRequest(
            parent=case,
            parts=pb.BreachParts(outline=f"{CANARY} outline"),
            request_id=str(uuid4()),
        )
        return self.sas.call(self.who, self.sas.breaches.DraftBreach, request)

    def amends(self, name: str, parts: pb.BreachParts, etag: str = "") -> pb.Breach:
        """Add to the record."""
        request = pb.AmendBreachRequest(name=name, parts=parts, etag=etag)
        return self.sas.call(self.who, self.sas.breaches.AmendBreach, request)

    def all_parts(self) -> pb.BreachParts:
        """Write what the policy asks for, but for the outline."""
        asked = procedure.ListGroundsRequest()
        grounds = self.sas.call(self.who, self.sas.procedure.ListGrounds, asked).grounds
        return pb.BreachParts(
            ground=next(each.name for each in grounds if not each.statute),
            serious=pb.YES_NO_YES,
            imminent=pb.YES_NO_YES,
            whose_safety="student",
            student_first=pb.StudentFirst(why_not="no_time"),
            reason=f"{CANARY} reason",
            intended_outcome=f"{CANARY} outcome",
            student_spoken_to=f"{CANARY} spoken",
            recipients=[pb.BreachRecipient(third_party=self.police, kind="police")],
        )

    def is_advised(self, name: str) -> None:
        """Ask a colleague, who answers from their own session."""
        colleague = adviser()
        self.sas.sql(
            "insert into staff_roles values (%s, 1, 'adviser', now(), now() + interval '1 day')",
            colleague.name,
            database="consent",
        )
        ask = procedure.AskForAdviceRequest(name=name, colleague=colleague.name)
        self.sas.call(self.who, self.sas.procedure.AskForAdvice, ask)
        give = procedure.GiveAdviceRequest(name=name, answer=procedure.ADVICE_ANSWER_FOR)
        self.sas.call(colleague, self.sas.procedure.GiveAdvice, give)

    def decides(self, name: str) -> pb.Breach:
        """Decide to break confidentiality."""
        request = pb.DecideBreachRequest(name=name)
        return self.sas.call(self.who, self.sas.breaches.DecideBreach, request)

    def has_told(self, name: str, recipient: str) -> pb.RecordBreachDisclosureRequest:
        """Write what was told, to be recorded."""
        return pb.RecordBreachDisclosureRequest(
            name=name,
            recipient=recipient,
            told=f"{CANARY} told",
            told_at=timestamp(datetime.now(UTC)),
            request_id=str(uuid4()),
        )

    def records(self, request: pb.RecordBreachDisclosureRequest) -> pb.Breach:
        """Record what was told."""
        return self.sas.call(self.who, self.sas.breaches.RecordBreachDisclosure, request)

    def reads(self, name: str) -> pb.BreachRecord:
        """Open the record."""
        request = pb.GetBreachRequest(name=name)
        return self.sas.call(self.who, self.sas.breaches.GetBreach, request)

    def adds(self, name: str, words: str, who: Person | None = None) -> pb.Breach:
        """Add to the record after the decision."""
        request = pb.AddBreachAddendumRequest(name=name, words=words, request_id=str(uuid4()))
        return self.sas.call(who or self.who, self.sas.breaches.AddBreachAddendum, request)

    def has_decided(self, case: str) -> str:
        """Take a breach as far as the decision."""
        drafted = self.drafts(case)
        self.amends(drafted.name, self.all_parts())
        self.is_advised(drafted.name)
        return self.decides(drafted.name).name


@pytest.fixture
def involved(sas: House, office: Office) -> Involved:
    """Give the staff member involved."""
    return Involved(sas, office.who, f"thirdParties/{uuid4()}")


def test_what_is_missing_is_named(office: Office, involved: Involved, zoe: Person) -> None:
    drafted = involved.drafts(office.opens_case(zoe).name)
    assert "reason_missing" in drafted.missing
    assert "outline_missing" not in drafted.missing
    with pytest.raises(RefusedByPolicy) as refused:
        involved.decides(drafted.name)
    assert {"reason_missing", "advice_missing", "recipient_missing"} <= set(refused.value.reasons)
    amended = involved.amends(drafted.name, involved.all_parts(), drafted.etag)
    assert list(amended.missing) == ["advice_missing"]
    with pytest.raises(StaleEtag):
        involved.amends(drafted.name, involved.all_parts(), drafted.etag)


def test_a_breach_is_decided_told_and_read(office: Office, involved: Involved, zoe: Person) -> None:
    name = involved.has_decided(office.opens_case(zoe).name)
    told = involved.has_told(name, involved.police)
    for _ in range(2):  # a repeated call records it once
        assert involved.records(told).state == pb.BREACH_STATE_DISCLOSED
    read = involved.reads(name)
    assert (read.outline, read.reason) == (f"{CANARY} outline", f"{CANARY} reason")
    assert (read.intended_outcome, read.student_spoken_to) == (
        f"{CANARY} outcome",
        f"{CANARY} spoken",
    )
    assert len(read.told) == 1
    assert read.told[0].endswith(f"{involved.police}: {CANARY} told")


def test_after_the_decision_nothing_changes(
    office: Office, involved: Involved, zoe: Person
) -> None:
    """R38: immutable."""
    name = involved.has_decided(office.opens_case(zoe).name)
    with pytest.raises(WrongState):
        involved.amends(name, pb.BreachParts(outline="another"))
    with pytest.raises(RefusedByPolicy):
        involved.decides(name)
    assert involved.reads(name).outline == f"{CANARY} outline"


def test_a_decision_that_was_cut_off_is_finished_by_a_repeat(
    sas: House, office: Office, involved: Involved, zoe: Person
) -> None:
    """Consent has committed it and this service has not: as after a crash in between."""
    name = involved.has_decided(office.opens_case(zoe).name)
    sas.sql("update breaches set state = 'draft' where id = %s", name.partition("/")[2])
    with pytest.raises(WrongState):
        involved.amends(name, pb.BreachParts(outline="another"))
    assert involved.decides(name).state == pb.BREACH_STATE_DECIDED
    assert involved.reads(name).outline == f"{CANARY} outline"


def test_a_correction_is_an_addendum_and_the_words_stay(
    sas: House, office: Office, involved: Involved, zoe: Person
) -> None:
    """R38: dated, sealed, and each bound by its digest to all before it."""
    drafted = involved.drafts(office.opens_case(zoe).name)
    with pytest.raises(RefusedByPolicy):
        involved.adds(drafted.name, f"{CANARY} too early")
    name = involved.has_decided(office.opens_case(zoe).name)
    colleague = adviser()
    involved.adds(name, f"{CANARY} it was Tuesday")
    involved.adds(name, f"{CANARY} she is well", colleague)
    read = involved.reads(name)
    assert [(each.author, each.words) for each in read.addenda] == [
        (involved.who.name, f"{CANARY} it was Tuesday"),
        (colleague.name, f"{CANARY} she is well"),
    ]
    assert read.outline == f"{CANARY} outline"
    chain = sas.sql(
        "select w.digest from breach_words w where breach_id = %s order by number desc limit 1",
        name.partition("/")[2],
    )[0][0]
    rows = sas.sql(
        "select words_digest, digest from breach_addenda where breach_id = %s order by number",
        name.partition("/")[2],
    )
    for words, digest in rows:
        chain = hashlib.sha256(chain + words).digest()
        assert digest == chain


def test_an_addendum_twice_is_an_addendum_once(
    sas: House, office: Office, involved: Involved, zoe: Person
) -> None:
    name = involved.has_decided(office.opens_case(zoe).name)
    request = pb.AddBreachAddendumRequest(
        name=name, words=f"{CANARY} once", request_id=str(uuid4())
    )
    for _ in range(2):
        sas.call(involved.who, sas.breaches.AddBreachAddendum, request)
    assert len(involved.reads(name).addenda) == 1


def test_speaking_to_the_student_first_is_whole_or_refused(
    office: Office, involved: Involved, zoe: Person
) -> None:
    """R35: when, how, result; or why not."""
    drafted = involved.drafts(office.opens_case(zoe).name)
    now = timestamp(datetime.now(UTC))
    later = timestamp(datetime.now(UTC) + timedelta(hours=1))
    for said in (
        pb.StudentFirst(channel="telephone", result="not_reached"),
        pb.StudentFirst(attempted_at=now, channel="telephone"),
        pb.StudentFirst(attempted_at=later, channel="telephone", result="not_reached"),
        pb.StudentFirst(attempted_at=now, why_not="no_time"),
        pb.StudentFirst(),
    ):
        with pytest.raises(InvalidFields):
            involved.amends(drafted.name, pb.BreachParts(student_first=said))
    tried = pb.StudentFirst(attempted_at=now, channel="in_person", result="agrees")
    involved.amends(drafted.name, pb.BreachParts(student_first=tried))
    assert involved.reads(drafted.name).student_first == tried


def test_under_a_ground_with_tipping_off_the_staff_member_is_warned(
    sas: House, office: Office, involved: Involved, zoe: Person
) -> None:
    """R35: and an attempt to speak to the student is neither taken nor kept, here as in consent."""
    case = office.opens_case(zoe).name
    ground = "grounds/terrorism-act-2000-s38b"
    drafted = involved.drafts(case)
    assert list(drafted.warnings) == []
    chosen = involved.amends(drafted.name, pb.BreachParts(ground=ground))
    assert list(chosen.warnings) == ["tipping_off"]
    assert list(involved.reads(drafted.name).breach.warnings) == ["tipping_off"]
    why_not = pb.BreachParts(student_first=pb.StudentFirst(why_not="no_time"))
    with pytest.raises(InvalidFields):
        involved.amends(drafted.name, why_not)
    assert not involved.reads(drafted.name).HasField("student_first")
    why_not.ground = ground
    request = pb.DraftBreachRequest(parent=case, parts=why_not, request_id=str(uuid4()))
    before = sas.sql("select count(*) from breaches")
    with pytest.raises(InvalidFields):
        sas.call(involved.who, sas.breaches.DraftBreach, request)
    assert sas.sql("select count(*) from breaches") == before


def test_in_an_emergency_the_record_says_why_nobody_was_reached(
    sas: House, office: Office, involved: Involved, zoe: Person
) -> None:
    """R36: nobody reachable: the staff member says why, in sealed words, and may go on."""
    drafted = involved.drafts(office.opens_case(zoe).name)
    involved.amends(drafted.name, involved.all_parts())
    request = pb.DecideBreachRequest(name=drafted.name, emergency=True)
    with pytest.raises(RefusedByPolicy) as refused:
        sas.call(involved.who, sas.breaches.DecideBreach, request)
    assert refused.value.reasons == ("nobody_reachable_unsaid",)
    involved.amends(drafted.name, pb.BreachParts(nobody_reachable=f"{CANARY} nobody picks up"))
    decided = sas.call(involved.who, sas.breaches.DecideBreach, request)
    assert decided.state == pb.BREACH_STATE_DECIDED
    assert involved.reads(drafted.name).nobody_reachable == f"{CANARY} nobody picks up"
    assert CANARY.encode() not in sas.dump()


def test_what_was_told_to_somebody_else_is_refused(
    office: Office, involved: Involved, zoe: Person
) -> None:
    """R38 iv: to whom confidentiality has been breached."""
    name = involved.has_decided(office.opens_case(zoe).name)
    with pytest.raises(RefusedByPolicy):
        involved.records(involved.has_told(name, f"thirdParties/{uuid4()}"))
    read = involved.reads(name)
    assert list(read.told) == []
    assert read.breach.state == pb.BREACH_STATE_DECIDED


def test_nothing_is_told_in_the_future(office: Office, involved: Involved, zoe: Person) -> None:
    name = involved.has_decided(office.opens_case(zoe).name)
    told = involved.has_told(name, involved.police)
    told.told_at.seconds += 3600
    with pytest.raises(InvalidFields):
        involved.records(told)


def test_an_unknown_breach_and_one_for_others_are_refused_with_the_same_bytes(
    sas: House, office: Office, involved: Involved, zoe: Person
) -> None:
    name = involved.has_decided(office.opens_case(zoe).name)
    outsider, unknown = student(), f"breaches/{uuid4()}"
    for method, request in (
        ("GetBreach", pb.GetBreachRequest),
        ("DecideBreach", pb.DecideBreachRequest),
    ):
        refusals = {
            sas.refusal(outsider, f"BreachesService/{method}", request(name=each))
            for each in (name, unknown)
        }
        assert len(refusals) == 1
