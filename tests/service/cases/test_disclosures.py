"""Disclosures, with the real servers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sas.cases.v1 import disclosures_pb2
from sas.common.v1.purpose_pb2 import DISCLOSURE_PURPOSE_WELFARE_SUPPORT
from sas.consent.v1 import consents_pb2

from common.errors import NotAvailable, RefusedByPolicy, StaleEtag, TryAgain
from tests.kit.house import Person, eventually
from tests.service.cases.house import House, student
from tests.service.cases.office import (
    CANARY,
    ENDS_ON,
    Office,
    agree,
    collect,
    link_and_code,
    preview,
    sent_disclosure,
)


def test_a_student_lets_her_tutor_see_one_letter(sas: House, office: Office, zoe: Person) -> None:
    """R3-R8: prior, explicit, informed; one letter, one tutor, one purpose, until one day."""
    address = f"tutor-{uuid4()}@example.org"
    case = office.opens_case(zoe)
    disclosure = office.proposes(office.attaches_letter(case.name).name, address)
    with pytest.raises(RefusedByPolicy):
        office.sends(disclosure.name)
    shown = preview(sas, zoe, disclosure.name)
    assert shown.recipient_address == address
    agree(sas, zoe, disclosure)
    assert office.sends(disclosure.name).state == disclosures_pb2.DISCLOSURE_STATE_SENT
    link, code = link_and_code(sas, address)
    for _ in range(2):
        found = sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
        assert found.content == shown.content
    assert office.state_of(disclosure.name) == disclosures_pb2.DISCLOSURE_STATE_COLLECTED


def collects(sas: House, link: str, code: str) -> bool:
    """Collect as the third party, and see whether a file came."""
    found = sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
    return bool(found.content.startswith(b"%PDF-"))


def test_the_mails_say_nothing(sas: House, office: Office, zoe: Person) -> None:
    """R5, R9: no word about the Service, a student or a letter; the link's secret stays out."""
    address = f"tutor-{uuid4()}@example.org"
    sent_disclosure(office, zoe, address)
    mails = sas.mails(address)
    assert sorted(str(mail["Subject"]) for mail in mails) == ["You have a message", "Your code"]
    for mail in mails:
        text = mail.as_string().lower()
        for word in ("advice", "student", "service", "letter", "case", "welfare", CANARY):
            assert word not in text


def test_every_way_not_to_collect_gets_the_same_answer(
    sas: House, office: Office, zoe: Person
) -> None:
    """R9: a letter withdrawn, a wrong code and a letter that never was look alike."""
    address = f"tutor-{uuid4()}@example.org"
    disclosure, link, code = sent_disclosure(office, zoe, address)
    method = "DisclosuresService/CollectDisclosure"
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    refusals = [
        sas.refusal(None, method, collect("unknown", code)),
        sas.refusal(None, method, collect(link, wrong)),
    ]
    assert collects(sas, link, code)
    withdraw = consents_pb2.WithdrawConsentRequest(name=disclosure.consent)
    sas.call(zoe, sas.consents.WithdrawConsent, withdraw)
    refusals.append(sas.refusal(None, method, collect(link, code)))
    eventually(lambda: office.state_of(disclosure.name) == disclosures_pb2.DISCLOSURE_STATE_ENDED)
    refusals.append(sas.refusal(None, method, collect(link, code)))
    assert len(set(refusals)) == 1
    with pytest.raises(RefusedByPolicy):
        office.sends(disclosure.name)


def test_a_link_that_is_too_old_looks_like_one_that_never_was(
    sas: House, office: Office, zoe: Person
) -> None:
    """R4: it lives two weeks at most, however long the consent; a fresh one can be sent."""
    address = f"tutor-{uuid4()}@example.org"
    disclosure, link, code = sent_disclosure(office, zoe, address)
    method = "DisclosuresService/CollectDisclosure"
    over = "update disclosures set link_expires_at = now() where id = %s"
    sas.sql(over, disclosure.name.removeprefix("disclosures/"))
    old, never = (sas.refusal(None, method, collect(each, code)) for each in (link, "unknown"))
    assert old == never


def test_five_wrong_codes_and_the_link_is_dead(sas: House, office: Office, zoe: Person) -> None:
    address = f"tutor-{uuid4()}@example.org"
    disclosure, link, code = sent_disclosure(office, zoe, address)
    method = "DisclosuresService/CollectDisclosure"
    wrong = collect(link, f"{(int(code) + 1) % 10**8:08d}")
    with ThreadPoolExecutor(8) as pool:
        refused = list(pool.map(lambda _: sas.refusal(None, method, wrong), range(8)))
    assert len(set(refused)) == 1
    assert sas.refusal(None, method, collect(link, code)) == refused[0]
    office.sends(disclosure.name)
    fresh_link, fresh_code = link_and_code(sas, address)
    assert collects(sas, fresh_link, fresh_code)


def test_without_the_mail_server_nothing_counts_as_sent(
    sas: House, office: Office, zoe: Person
) -> None:
    address = f"tutor-{uuid4()}@example.org"
    case = office.opens_case(zoe)
    disclosure = office.proposes(office.attaches_letter(case.name).name, address)
    agree(sas, zoe, disclosure)
    with sas.without("mail"):
        with pytest.raises(TryAgain):
            office.sends(disclosure.name)
        assert office.state_of(disclosure.name) == disclosures_pb2.DISCLOSURE_STATE_PROPOSED
    eventually(lambda: sent_again(office, disclosure.name))
    link, code = link_and_code(sas, address)
    assert collects(sas, link, code)


def sent_again(office: Office, name: str) -> bool:
    """Try to send, until the mail server is back."""
    try:
        office.sends(name)
    except TryAgain:
        return False
    return True


def test_a_payload_changed_in_the_tables_does_not_leave(
    sas: House, office: Office, zoe: Person
) -> None:
    """R4, R8: whoever can write to the tables still can't send the letter to somebody else."""
    address = f"tutor-{uuid4()}@example.org"
    case = office.opens_case(zoe)
    disclosure = office.proposes(office.attaches_letter(case.name).name, address)
    agree(sas, zoe, disclosure)
    bare = disclosure.name.partition("/")[2]
    sas.sql("update disclosures set ends_on = ends_on + 1 where id = %s", bare)
    with pytest.raises(RefusedByPolicy):
        office.sends(disclosure.name)
    assert sas.mails(address) == []


def test_while_consent_is_away_nothing_leaves_and_nothing_is_lost(
    sas: House, office: Office, zoe: Person
) -> None:
    """R3: one gate; when it can't answer, the answer is no."""
    address = f"tutor-{uuid4()}@example.org"
    case = office.opens_case(zoe)
    note = office.writes_note(case.name)
    disclosure, link, code = sent_disclosure(office, zoe, address)
    with sas.without("consent-serve"):
        with pytest.raises(TryAgain):
            office.reads_note(note.name)
        with pytest.raises(TryAgain):
            office.sends(disclosure.name)
        with pytest.raises(NotAvailable):
            sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
        with pytest.raises(TryAgain):  # nobody can say whether there is a wall (R10)
            office.writes_note(case.name)
    eventually(lambda: reads_again(office, note.name))
    assert reads_again(office, office.writes_note(case.name).name)
    assert collects(sas, link, code)


def reads_again(office: Office, name: str) -> bool:
    """Try to read, until consent is back."""
    try:
        office.reads_note(name)
    except TryAgain:
        return False
    return True


def test_a_disclosure_changes_against_its_etag(sas: House, office: Office, zoe: Person) -> None:
    address = f"tutor-{uuid4()}@example.org"
    disclosure, _, _ = sent_disclosure(office, zoe, address)
    with pytest.raises(StaleEtag):
        office.sends(disclosure.name, etag="other")
    assert office.sends(disclosure.name, etag=disclosure.etag).etag != disclosure.etag


def test_a_repeated_proposal_asks_the_student_once(sas: House, office: Office, zoe: Person) -> None:
    case = office.opens_case(zoe)
    request = disclosures_pb2.ProposeDisclosureRequest(
        document=office.attaches_letter(case.name).name,
        recipient=f"thirdParties/{uuid4()}",
        recipient_name="Dr Example",
        recipient_address="tutor@example.org",
        purpose=DISCLOSURE_PURPOSE_WELFARE_SUPPORT,
        ends_on=ENDS_ON,
        request_id=str(uuid4()),
    )
    at_once = 2  # as many as are rendered at once: of more, the last could be told to wait
    with ThreadPoolExecutor(at_once) as pool:
        calls = [
            pool.submit(sas.call, office.who, sas.disclosures.ProposeDisclosure, request)
            for _ in range(at_once)
        ]
        found = [call.result() for call in calls]
    assert len({(each.name, each.consent) for each in found}) == 1


def test_an_unknown_disclosure_and_another_students_are_refused_with_the_same_bytes(
    sas: House, office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe)
    disclosure = office.proposes(office.attaches_letter(case.name).name, "tutor@example.org")
    outsider = student()
    for method, request in (
        ("PreviewDisclosure", disclosures_pb2.PreviewDisclosureRequest),
        ("SendDisclosure", disclosures_pb2.SendDisclosureRequest),
    ):
        refusals = {
            sas.refusal(outsider, f"DisclosuresService/{method}", request(name=each))
            for each in (disclosure.name, f"disclosures/{uuid4()}")
        }
        assert len(refusals) == 1
