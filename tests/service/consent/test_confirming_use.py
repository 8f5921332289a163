"""Confirming that somebody uses the Service, to one person and in the words agreed (R9)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.common.v1 import purpose_pb2
from sas.consent.v1 import gate_pb2

from common.errors import InvalidFields, RefusedByPolicy
from services.consent.domain.ledger.entry import salted
from tests.service.consent.deeds import DIGEST, Letter
from tests.service.consent.house import House, reasons, staff

CONFIRM_USE = purpose_pb2.DISCLOSURE_PURPOSE_CONFIRM_USE


@pytest.fixture
def agreed(sas: House, letter: Letter) -> Letter:
    """Give a contact to whom a student lets us say that she is with us."""
    case = letter.case
    contact = case.item(f"contacts/{uuid4()}")
    sentence = attrs.evolve(letter, document=contact, particulars=contact)
    consent = sentence.asked(purpose=CONFIRM_USE, items=[contact.name])
    case.opened(
        case.student,
        contact,
        action="disclosure:preview",
        purpose=purpose_pb2.PURPOSE_DISCLOSURE,
        about=contact.name,
    )
    sentence.given(consent)
    return sentence


def confirmed(agreed: Letter, **changes: Any) -> gate_pb2.AuthoriseConfirmationResponse:
    """Ask whether it may be confirmed."""
    asked: dict[str, Any] = {
        "contact": agreed.disclosure,
        "record": agreed.case.record,
        "recipient": agreed.tutor,
        "payload_digest": DIGEST,
        "items": [agreed.particulars.sealed],
    }
    sas = agreed.case.sas
    request = gate_pb2.AuthoriseConfirmationRequest(**asked | changes)
    return sas.call(agreed.adviser, sas.cases.gate.AuthoriseConfirmation, request)


def test_it_is_confirmed_to_whom_and_in_the_words_that_the_student_agreed_to(
    agreed: Letter,
) -> None:
    assert confirmed(agreed).keys[0].key == agreed.particulars.key.plaintext


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"recipient": f"thirdParties/{uuid4()}"}, "consent_for_another_recipient"),
        ({"payload_digest": "0" * 64}, "consent_for_other_items"),
    ],
)
def test_to_anybody_else_and_in_other_words_it_is_not(
    agreed: Letter, changes: dict[str, Any], because: str
) -> None:
    """R9: change any one of what the consent binds, and we neither confirm nor deny."""
    with pytest.raises(RefusedByPolicy) as refused:
        confirmed(agreed, **changes)
    assert reasons(refused) == (because,)


def test_it_opens_nothing_else(agreed: Letter) -> None:
    """R9: "Yes, this student uses the Service", and not why, since when or what was said."""
    note = agreed.case.item()
    with pytest.raises(RefusedByPolicy) as refused:
        confirmed(agreed, items=[agreed.particulars.sealed, note.sealed])
    assert reasons(refused) == ("consent_for_other_items",)


def test_the_line_says_to_whom_and_binds_the_words(sas: House, agreed: Letter) -> None:
    confirmed(agreed)
    line = sas.last_entry(action="use:confirm", disclosure=agreed.disclosure)
    assert line["details"] == {"recipient": agreed.tutor}
    assert line["payload"] == salted(line["nonce"], DIGEST)
    assert line["items"] == [agreed.disclosure]


@pytest.mark.parametrize(
    ("purpose", "about"),
    [(CONFIRM_USE, "disclosures"), (purpose_pb2.DISCLOSURE_PURPOSE_SAFETY, "contacts")],
)
def test_no_consent_is_of_two_kinds(letter: Letter, purpose: Any, about: str) -> None:
    """What is asked about a contact never lets a letter leave, nor the other way round."""
    name = f"{about}/{uuid4()}"
    with pytest.raises(InvalidFields):
        letter.asked(disclosure=name, purpose=purpose, items=[name])


def test_without_a_consent_we_neither_confirm_nor_deny(letter: Letter) -> None:
    contact = letter.case.item(f"contacts/{uuid4()}")
    nobody = attrs.evolve(letter, particulars=contact, adviser=staff())
    with pytest.raises(RefusedByPolicy) as refused:
        confirmed(nobody)
    assert reasons(refused) == ("no_consent_asked",)


def test_words_do_not_enter_the_ledger_as_a_name(agreed: Letter) -> None:
    words = attrs.evolve(agreed.particulars, name="contacts/of jane")
    with pytest.raises(InvalidFields):
        confirmed(agreed, items=[words.sealed])
