"""Prior, explicit and informed: nothing leaves without the student's yes to exactly this."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2, ledger_pb2

from common.errors import (
    InvalidFields,
    NotAvailable,
    RefusedByPolicy,
    SecondFactorNeeded,
)
from services.consent.domain.ledger.entry import parse, salted
from services.consent.domain.ledger.note import VerifierKey
from services.consent.domain.ledger.receipt import Receipt
from tests.service.consent.deeds import DIGEST, Letter, accesses
from tests.service.consent.house import House, in_days, staff, student


def reasons(refused: pytest.ExceptionInfo[RefusedByPolicy]) -> tuple[str, ...]:
    return refused.value.reasons


def test_the_life_of_a_consent(sas: House, letter: Letter) -> None:
    zoe = letter.case.student
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("no_consent_asked",)

    consent = letter.asked()
    assert consent.state == consents_pb2.CONSENT_STATE_REQUESTED
    assert hashlib.sha256(consent.text.encode()).hexdigest() == consent.text_sha256
    assert "support for your welfare" in consent.text
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_not_given",)

    with pytest.raises(RefusedByPolicy) as refused:
        letter.given(consent)
    assert reasons(refused) == ("not_previewed",)
    shown = letter.previewed()
    assert [key.key for key in shown.keys] == [
        letter.document.key.plaintext,
        letter.particulars.key.plaintext,
    ]

    given = letter.given(consent)
    assert given.consent.state == consents_pb2.CONSENT_STATE_GIVEN
    with pytest.raises(NotAvailable):
        letter.collected()
    sent = letter.sent()
    assert sent.keys[0].key == letter.document.key.plaintext
    assert letter.collected().keys[0].key == letter.document.key.plaintext

    assert letter.withdrawn(consent).state == consents_pb2.CONSENT_STATE_WITHDRAWN
    with pytest.raises(NotAvailable):
        letter.collected()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_withdrawn",)

    seen = [(each.action, each.role, each.allowed) for each in accesses(sas, zoe)]
    assert seen == [
        ("disclosure:send", "adviser", False),
        ("disclosure:collect", "third_party", False),
        ("consent:withdraw", "student", True),
        ("disclosure:collect", "third_party", True),
        ("disclosure:send", "adviser", True),
        ("disclosure:collect", "third_party", False),
        ("consent:give", "student", True),
        ("disclosure:preview", "student", True),
        ("disclosure:send", "adviser", False),
        ("consent:request", "adviser", True),
        ("disclosure:send", "adviser", False),
    ]


def test_the_receipt_proves_the_yes_without_us(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    letter.previewed()
    given = letter.given(consent)
    verifier = staff("trustee")
    checkpoint = sas.call(
        verifier, sas.gateway.ledger.GetCheckpoint, ledger_pb2.GetCheckpointRequest()
    )
    key = VerifierKey.parse(checkpoint.public_key)
    entry = given.entry.encode()
    assert Receipt.parse(given.receipt).verify(entry, key).size <= checkpoint.size
    fields = parse(entry)
    assert (fields["action"], fields["effect"]) == ("consent:give", "allow")
    assert fields["details"]["text_sha256"] == consent.text_sha256
    assert fields["subject"] == salted(fields["nonce"], letter.case.student.name)
    assert fields["payload"] == salted(fields["nonce"], DIGEST)
    assert letter.case.student.name not in fields["subject"]

    again = letter.given(consent)
    assert again.entry == given.entry
    Receipt.parse(again.receipt).verify(entry, key)
    proof = sas.call(
        verifier, sas.gateway.ledger.GetProof, ledger_pb2.GetProofRequest(index=fields["index"])
    )
    Receipt.parse(proof.proof).verify(proof.entry, key)


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"text_sha256": "0" * 64}, "not_informed"),
        ({"payload_digest": "0" * 64}, "consent_for_other_items"),
    ],
)
def test_a_yes_to_something_else_is_none(
    letter: Letter, changes: dict[str, Any], because: str
) -> None:
    consent = letter.asked()
    letter.previewed()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.given(consent, **changes)
    assert reasons(refused) == (because,)


def test_nobody_answers_for_the_student(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    letter.previewed()
    methods = ("GiveConsent", "RefuseConsent", "WithdrawConsent")
    said = {"act": 1, "text_sha256": consent.text_sha256, "payload_digest": DIGEST}
    for method in methods:
        for name in (consent.name, f"consents/{uuid4()}"):
            request = getattr(consents_pb2, f"{method}Request")(
                name=name, **(said if method == "GiveConsent" else {})
            )
            refusal = sas.refusal(sas.gateway, student(), f"ConsentsService/{method}", request)
            assert b"NOT_AVAILABLE" in repr(refusal).encode()
        with pytest.raises(RefusedByPolicy) as refused:
            sas.call(
                staff("manager"),
                getattr(sas.gateway.consents, method),
                getattr(consents_pb2, f"{method}Request")(
                    name=consent.name, **(said if method == "GiveConsent" else {})
                ),
            )
        assert "not_the_student" in reasons(refused)
    assert letter.given(consent).consent.state == consents_pb2.CONSENT_STATE_GIVEN


def test_somebody_elses_consent_looks_like_none(sas: House, letter: Letter) -> None:
    name = letter.asked().name
    for method in ("GetConsent", "WithdrawConsent", "RefuseConsent"):
        request = getattr(consents_pb2, f"{method}Request")
        there, absent = (
            sas.refusal(sas.gateway, student(), f"ConsentsService/{method}", request(name=each))
            for each in (name, f"consents/{uuid4()}")
        )
        assert there == absent


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"recipient": f"thirdParties/{uuid4()}"}, "consent_for_another_recipient"),
        ({"purpose": purpose_pb2.DISCLOSURE_PURPOSE_SAFETY}, "consent_for_another_purpose"),
        ({"payload_digest": "0" * 64}, "consent_for_other_items"),
    ],
)
def test_one_recipient_one_purpose_one_payload(
    letter: Letter, changes: dict[str, Any], because: str
) -> None:
    """R4: change any one of what the consent binds, and nothing leaves."""
    letter.agreed()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent(**changes)
    assert reasons(refused) == (because,)


def test_no_other_item_and_no_other_case(letter: Letter, sas: House) -> None:
    letter.agreed()
    note = letter.case.item()
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent(items=[*letter.items, note.sealed])
    assert reasons(refused) == ("consent_for_other_items",)
    other = Letter.write(sas)
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent(record=other.case.record)
    assert reasons(refused) == ("consent_for_another_record",)
    with pytest.raises(NotAvailable):
        letter.collected(items=[note.sealed])


def test_a_third_party_always_gets_the_same_answer(sas: House, letter: Letter) -> None:
    """R9: withdrawn, wrong code, never sent, never there: one answer."""
    letter.agreed()
    letter.sent()
    unknown = {"disclosure": f"disclosures/{uuid4()}", "record": f"records/{uuid4()}"}
    refusals = {
        repr(sas.refusal(sas.cases, who, "GateService/AuthoriseCollection", request))
        for request in (
            letter.to_collect(link_valid=False),
            letter.to_collect(payload_digest="0" * 64),
            letter.to_collect(**unknown, items=[]),
            Letter.write(sas).to_collect(),
        )
        for who in (None, staff())
    }
    assert len(refusals) == 1


def test_a_student_previews_the_whole_of_what_is_asked_and_nothing_else(
    letter: Letter, sas: House
) -> None:
    with pytest.raises(NotAvailable):
        letter.previewed()
    letter.asked()
    with pytest.raises(NotAvailable):
        letter.previewed(student())
    part = {
        "action": "disclosure:preview",
        "purpose": purpose_pb2.PURPOSE_DISCLOSURE,
        "about": letter.disclosure,
    }
    with pytest.raises(NotAvailable):
        letter.case.opened(letter.case.student, letter.document, **part)
    items = (letter.document, letter.particulars, letter.case.item())
    with pytest.raises(NotAvailable):
        letter.case.opened(letter.case.student, *items, **part)
    assert len(letter.previewed().keys) == 2
    assert len(letter.previewed(letter.adviser).keys) == 2


def test_a_no_is_a_no(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    letter.previewed()
    request = consents_pb2.RefuseConsentRequest(name=consent.name)
    for _ in range(2):
        refused = sas.call(letter.case.student, sas.gateway.consents.RefuseConsent, request)
        assert refused.state == consents_pb2.CONSENT_STATE_REFUSED
    with pytest.raises(RefusedByPolicy) as caught:
        letter.given(consent)
    assert reasons(caught) == ("consent_already_answered",)
    with pytest.raises(RefusedByPolicy) as caught:
        letter.sent()
    assert reasons(caught) == ("consent_not_given",)


def test_asking_again_changes_nothing(letter: Letter) -> None:
    ends_at = in_days(30)
    consent = letter.asked(ends_at=ends_at)
    assert letter.asked(ends_at=ends_at) == consent
    letter.previewed()
    letter.given(consent)
    assert letter.asked(ends_at=ends_at).name == consent.name


def test_asking_anew_takes_the_place_of_what_was_agreed(sas: House, letter: Letter) -> None:
    """R8: informed of exactly this; a yes to the payload before is none to this one."""
    older = letter.agreed()
    newer = letter.asked(payload_digest="0" * 64)
    assert newer.name != older.name
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_for_other_items", "consent_not_given")
    get = consents_pb2.GetConsentRequest(name=older.name)
    found = sas.call(letter.case.student, sas.gateway.consents.GetConsent, get)
    assert found.state == consents_pb2.CONSENT_STATE_SUPERSEDED
    log = sas.sql(
        "select state, actor, ledger_index from consent_events"
        " where consent = %s order by position",
        older.name,
    )
    entry = sas.last_entry(action="consent:request", disclosure=letter.disclosure)
    assert log[1] == ("superseded", letter.adviser.name, entry["index"])
    assert entry["details"]["replaces_1"] == older.name
    assert entry["consent"] == newer.name
    assert letter.withdrawn(older).state == consents_pb2.CONSENT_STATE_SUPERSEDED


def test_the_same_letter_for_the_same_tutor_has_one_consent_at_a_time(
    sas: House, letter: Letter
) -> None:
    """Proposed again, with another address or day: the first proposal ends, and cases is told."""
    older = letter.agreed()
    particulars = letter.case.item(f"disclosures/{uuid4()}")
    again = attrs.evolve(letter, particulars=particulars)
    newer = again.asked(payload_digest="0" * 64)
    with pytest.raises(RefusedByPolicy) as refused:
        letter.sent()
    assert reasons(refused) == ("consent_superseded",)
    told = sas.sql("select count(*) from consent_events where consent = %s", older.name)
    assert told == [(2,)]
    to_another = attrs.evolve(letter, tutor=f"thirdParties/{uuid4()}")
    other = attrs.evolve(to_another, particulars=letter.case.item(f"disclosures/{uuid4()}"))
    other.asked()
    get = consents_pb2.GetConsentRequest(name=newer.name)
    still = sas.call(letter.adviser, sas.gateway.consents.GetConsent, get)
    assert still.state == consents_pb2.CONSENT_STATE_REQUESTED


EVERYTHING = "whatever is needed"


@pytest.mark.parametrize(
    "items",
    [
        [],
        ["*"],
        ["documents/*"],
        ["documents/"],
        [EVERYTHING],
        ["documents/00000000-0000-0000-0000-000000000000/*"],
        [f"documents/{uuid4()}", ""],
        [f"DOCUMENTS/{uuid4()}"],
        [f"documents/{uuid4()} documents/{uuid4()}"],
    ],
)
def test_whatever_is_needed_can_not_be_asked_for(letter: Letter, items: list[str]) -> None:
    """R8: exactly these items, by name; there is no word for more than that."""
    with pytest.raises(InvalidFields):
        letter.asked(items=items)


def test_no_item_stands_there_twice(letter: Letter) -> None:
    with pytest.raises(InvalidFields):
        letter.asked(items=[letter.document.name, letter.document.name])


@pytest.mark.parametrize("collection", ["records", "cases", "notes", "students", "contacts"])
def test_no_record_case_or_note_is_an_item(letter: Letter, collection: str) -> None:
    """A thing that holds others would let out what nobody was shown."""
    with pytest.raises(RefusedByPolicy) as refused:
        letter.asked(items=[letter.document.name, f"{collection}/{uuid4()}"])
    assert reasons(refused) == ("items_of_another_kind",)


def test_no_consent_is_without_an_end(letter: Letter) -> None:
    request = letter.to_ask()
    request.ClearField("ends_at")
    with pytest.raises(InvalidFields):
        letter.case.sas.call(letter.adviser, letter.case.sas.cases.consents.RequestConsent, request)


@pytest.mark.parametrize(
    ("changes", "because"),
    [({"days": -1}, "end_passed"), ({"days": 400}, "end_too_far")],
)
def test_a_consent_ends_within_a_year(
    letter: Letter, changes: dict[str, float], because: str
) -> None:
    with pytest.raises(RefusedByPolicy) as refused:
        letter.asked(ends_at=in_days(changes["days"]))
    assert reasons(refused) == (because,)


def test_what_is_asked_holds_no_words(letter: Letter) -> None:
    with pytest.raises(InvalidFields):
        letter.asked(items=["the letter to my tutor"])


def test_staff_see_a_students_consents_and_others_do_not(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    zoe = letter.case.student
    ask = consents_pb2.ListConsentsRequest
    for who, request in (
        (zoe, ask()),
        (zoe, ask(student=zoe.name)),
        (staff(), ask(student=zoe.name)),
    ):
        found = sas.call(who, sas.gateway.consents.ListConsents, request).consents
        assert [each.name for each in found] == [consent.name]
    for who in (student(), staff("trustee"), staff("operator")):
        with pytest.raises(NotAvailable):
            sas.call(who, sas.gateway.consents.ListConsents, ask(student=zoe.name))
        with pytest.raises(NotAvailable):
            sas.call(
                who,
                sas.gateway.consents.GetConsent,
                consents_pb2.GetConsentRequest(name=consent.name),
            )
    with pytest.raises(SecondFactorNeeded):
        sas.call(
            staff(second_factor=False), sas.gateway.consents.ListConsents, ask(student=zoe.name)
        )


def test_a_walled_colleague_sees_no_consent(sas: House, letter: Letter) -> None:
    consent, who = letter.asked(), staff()
    letter.case.walled(who)
    ask = consents_pb2.ListConsentsRequest(student=letter.case.student.name)
    assert not sas.call(who, sas.gateway.consents.ListConsents, ask).consents
    with pytest.raises(NotAvailable):
        sas.call(
            who,
            sas.gateway.consents.GetConsent,
            consents_pb2.GetConsentRequest(name=consent.name),
        )
    with pytest.raises(NotAvailable):
        letter.withdrawn(consent, who)


def test_consents_are_listed_in_pages(sas: House) -> None:
    first = Letter.write(sas)
    zoe = first.case.student
    names = [first.asked().name]
    for _ in range(4):
        more = Letter.write(sas)
        sas.sql("update records set student = %s where record = %s", zoe.name, more.case.record)
        names.append(more.asked().name)
    found, token = [], ""
    while True:
        request = consents_pb2.ListConsentsRequest(page_size=2, page_token=token)
        page = sas.call(zoe, sas.gateway.consents.ListConsents, request)
        found += [each.name for each in page.consents]
        token = page.next_page_token
        if not token:
            break
    assert found == names[::-1]
