"""Prior, explicit and informed: nothing leaves without the student's yes to exactly this."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import consents_pb2, gate_pb2, ledger_pb2, records_pb2

from common.errors import (
    NotAvailable,
    OurFault,
    RefusedByPolicy,
)
from services.consent.domain.ledger.entry import parse, salted
from services.consent.domain.ledger.note import VerifierKey
from services.consent.domain.ledger.receipt import Receipt
from tests.service.consent.deeds import DIGEST, Letter, accesses
from tests.service.consent.house import House, reasons, staff, student


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
    delivery = letter.delivery()
    assert letter.collected(items=[delivery.sealed]).keys[0].key == delivery.key.plaintext

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


def test_nobody_else_gets_the_receipt_by_saying_yes_again(sas: House, letter: Letter) -> None:
    """R9: a repeated yes gives the receipt of the first, to the student alone."""
    consent = letter.agreed()
    said: dict[str, Any] = {
        "act": consents_pb2.CONSENT_ACT_TICKED_AND_SENT,
        "text_sha256": consent.text_sha256,
        "payload_digest": DIGEST,
    }
    there, absent = (
        sas.refusal(
            sas.gateway,
            student(),
            "ConsentsService/GiveConsent",
            consents_pb2.GiveConsentRequest(name=name, **said),
        )
        for name in (consent.name, f"consents/{uuid4()}")
    )
    assert there == absent
    with pytest.raises(RefusedByPolicy):
        letter.given(consent, staff("manager"))


def test_a_yes_does_not_come_back_by_saying_it_again(letter: Letter) -> None:
    """R6: what was taken back stays so; whoever changes their mind is asked anew."""
    letter.withdrawn(consent := letter.agreed())
    with pytest.raises(RefusedByPolicy) as refused:
        letter.given(consent)
    assert reasons(refused) == ("consent_already_answered",)


def test_somebody_elses_consent_looks_like_none(sas: House, letter: Letter) -> None:
    consent = letter.asked()
    for _ in ("while it is open", "when it has ended"):
        for method in ("GetConsent", "WithdrawConsent", "RefuseConsent"):
            request = getattr(consents_pb2, f"{method}Request")
            there, absent = (
                sas.refusal(sas.gateway, student(), f"ConsentsService/{method}", request(name=each))
                for each in (consent.name, f"consents/{uuid4()}")
            )
            assert there == absent
        letter.withdrawn(consent)


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


def test_a_service_that_says_a_link_was_right_gets_no_key_of_the_original(
    letter: Letter, sas: House
) -> None:
    """
    R3: what is sent is sealed for the recipient (decision 0023).

    A `cases` that lies about the link gets the key of a delivery, which opens nothing without the
    link; neither the original's key, nor that of something else under the delivery's name.
    """
    letter.agreed()
    letter.sent()
    delivery = letter.delivery()
    other = Letter.write(sas)
    other.agreed()
    other.sent()
    of_another = records_pb2.SealedItem(
        item=delivery.name, wrapped_key=other.delivery().key.wrapped
    )
    passed_off = records_pb2.SealedItem(item=delivery.name, wrapped_key=letter.document.key.wrapped)
    for items in (
        letter.items,
        [letter.particulars.sealed],
        [delivery.sealed, letter.particulars.sealed],
        [other.delivery().sealed],
        [letter.case.item(f"deliveries/{uuid4()}").sealed],
    ):
        with pytest.raises(NotAvailable):
            letter.collected(items=items)
    for item in (passed_off, of_another):
        with pytest.raises(OurFault):  # Vault opens a key for the item it was made for, only
            letter.collected(items=[item])
    assert letter.collected(items=[delivery.sealed]).keys[0].key == delivery.key.plaintext


def test_after_a_recall_what_was_sent_before_stays_shut(letter: Letter, sas: House) -> None:
    """R14: also if it is sent again; a kept copy of the earlier delivery is not what was sent."""
    letter.agreed()
    letter.sent()
    earlier = letter.delivery()
    recall = gate_pb2.RecordRecallRequest(disclosure=letter.disclosure, record=letter.case.record)
    sas.call(letter.adviser, sas.cases.gate.RecordRecall, recall)
    for again in (False, True):
        if again:
            letter.sent()
        with pytest.raises(NotAvailable):
            letter.collected(items=[earlier.sealed])
    assert letter.collected().keys


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
