"""People whom students name: to be told that they use the Service (R9), or for an emergency."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sas.cases.v1 import breaches_pb2, cases_pb2, contacts_pb2
from sas.common.v1.purpose_pb2 import (
    DISCLOSURE_PURPOSE_TRUSTED_CONTACT,
    DISCLOSURE_PURPOSE_WELFARE_SUPPORT,
)
from sas.consent.v1 import consents_pb2

from common.errors import InvalidFields, NotAvailable, OurFault, RefusedByPolicy
from tests.kit.house import Person, eventually
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import (
    CANARY,
    LONG_AGO,
    Office,
    agree,
    agree_to_contact,
    dispose,
    preview_contact,
)

STATEMENT = "Yes, this student uses the Student Advice Service."


def test_she_lets_her_mother_know_that_she_is_here_and_nothing_else(
    sas: House, office: Office, zoe: Person
) -> None:
    """R9: "confidentiality also includes not confirming …"; her own yes to just that."""
    contact = office.names(office.opens_case(zoe).name, address="01223 765432")
    with pytest.raises(RefusedByPolicy) as refused:
        office.confirms_use(contact.name)
    assert refused.value.reasons == ("consent_not_given",)
    shown = preview_contact(sas, zoe, contact.name)
    assert shown.recipient_name == f"Dr {CANARY}"
    assert shown.recipient_address == "01223 765432"
    assert shown.statement == STATEMENT
    agree_to_contact(sas, zoe, contact)
    confirmed = office.confirms_use(contact.name)
    assert confirmed.statement == STATEMENT
    assert confirmed.recipient_address == "01223 765432"
    assert {field.name for field, _ in confirmed.ListFields()} == {
        "recipient_name",
        "recipient_address",
        "statement",
    }
    sas.call(
        zoe,
        sas.consents.WithdrawConsent,
        consents_pb2.WithdrawConsentRequest(name=contact.consent),
    )
    with pytest.raises(RefusedByPolicy) as refused:
        office.confirms_use(contact.name)
    assert refused.value.reasons == ("consent_withdrawn",)
    rows = sas.sql(
        "select effect from entries where action = 'use:confirm' and disclosure = %s order by idx",
        contact.name,
        database="consent",
    )
    assert rows == [("deny",), ("allow",), ("deny",)]


def test_a_yes_to_a_letter_confirms_nothing(sas: House, office: Office, zoe: Person) -> None:
    """R9: its own purpose, and its own yes; the tutor who may have the letter is told no more."""
    case = office.opens_case(zoe)
    letter = office.proposes(office.attaches_letter(case.name).name, f"{uuid4()}@example.org")
    agree(sas, zoe, letter)
    contact = office.names(case.name, recipient=letter.recipient)
    with pytest.raises(RefusedByPolicy) as refused:
        office.confirms_use(contact.name)
    assert refused.value.reasons == ("consent_not_given",)


def test_a_trusted_contact_is_told_nothing_by_the_way(
    sas: House, office: Office, zoe: Person
) -> None:
    """R33: only under ground i, by the procedure; naming somebody confirms nothing to them."""
    contact = office.names(office.opens_case(zoe).name, purpose=DISCLOSURE_PURPOSE_TRUSTED_CONTACT)
    assert preview_contact(sas, zoe, contact.name).statement == ""
    agree_to_contact(sas, zoe, contact)
    with pytest.raises(RefusedByPolicy) as refused:
        office.confirms_use(contact.name)
    assert refused.value.reasons == ("consent_of_another_kind",)


def test_whom_we_may_turn_to_is_shown_in_such_a_risk_until_it_is_taken_back(
    sas: House, office: Office, zoe: Person
) -> None:
    """R33: asked early, stored in advance, revocable; shown by names, when the ground is chosen."""
    case = office.opens_case(zoe)
    contact = office.names(case.name, purpose=DISCLOSURE_PURPOSE_TRUSTED_CONTACT)
    assert trusted(office, case) == {}
    agree_to_contact(sas, zoe, contact)
    assert trusted(office, case) == {contact.recipient: contact.name}
    assert trusted(office, office.opens_case(student())) == {}
    other = office.names(case.name, purpose=DISCLOSURE_PURPOSE_TRUSTED_CONTACT)
    agree_to_contact(sas, zoe, other)
    moved = office.names(
        case.name,
        purpose=DISCLOSURE_PURPOSE_TRUSTED_CONTACT,
        recipient=contact.recipient,
        address="another address",
    )
    assert trusted(office, case) == {other.recipient: other.name}
    agree_to_contact(sas, zoe, moved)
    assert trusted(office, case)[contact.recipient] == moved.name
    sas.call(
        zoe,
        sas.consents.WithdrawConsent,
        consents_pb2.WithdrawConsentRequest(name=moved.consent),
    )
    assert trusted(office, case) == {other.recipient: other.name}


def trusted(office: Office, case: cases_pb2.Case) -> dict[str, str]:
    """Consider a breach, and give whom the procedure shows and where their address is."""
    parts = breaches_pb2.BreachParts(ground="grounds/serious-imminent-risk")
    request = breaches_pb2.DraftBreachRequest(
        parent=case.name, parts=parts, request_id=str(uuid4())
    )
    drafted = office.sas.call(office.who, office.sas.breaches.DraftBreach, request)
    read = office.sas.call(
        office.who, office.sas.breaches.GetBreach, breaches_pb2.GetBreachRequest(name=drafted.name)
    )
    assert read.breach.trusted_contacts == drafted.trusted_contacts
    return {each.recipient: each.contact for each in drafted.trusted_contacts}


def test_a_contact_changed_in_the_tables_is_not_confirmed_to(
    sas: House, office: Office, zoe: Person
) -> None:
    """R4: whoever can write to the tables still can't have it confirmed to somebody else."""
    case = office.opens_case(zoe).name
    mother, stranger = office.names(case), office.names(case, address="a stranger's address")
    agree_to_contact(sas, zoe, mother)
    sas.sql(
        "update contacts set recipient = %s where id = %s",
        stranger.recipient,
        mother.name.partition("/")[2],
    )
    with pytest.raises(RefusedByPolicy) as refused:
        office.confirms_use(mother.name)
    assert refused.value.reasons == ("consent_for_another_recipient",)
    sas.sql(
        "update contacts set recipient = %s, sealed = (select sealed from contacts where id = %s)"
        " where id = %s",
        mother.recipient,
        stranger.name.partition("/")[2],
        mother.name.partition("/")[2],
    )
    with pytest.raises(OurFault):
        office.confirms_use(mother.name)


def test_what_is_not_there_looks_like_what_one_may_not_know(
    sas: House, office: Office, zoe: Person
) -> None:
    """R9: outside the Service, a contact and no contact are the same bytes."""
    contact = office.names(office.opens_case(zoe).name)
    absent = f"contacts/{uuid4()}"
    for who in (student(), adviser(roles=frozenset({"trustee"}))):
        for method in ("PreviewContact", "ConfirmUse"):
            request = getattr(contacts_pb2, f"{method}Request")
            refusals = {
                sas.refusal(who, f"ContactsService/{method}", request(name=name))
                for name in (contact.name, absent)
            }
            assert len(refusals) == 1
    with pytest.raises(NotAvailable):
        office.confirms_use(absent)


def test_naming_the_same_again_makes_it_once(office: Office, zoe: Person) -> None:
    case, request_id = office.opens_case(zoe).name, str(uuid4())
    recipient = f"thirdParties/{uuid4()}"
    first = office.names(case, request_id=request_id, recipient=recipient)
    assert office.names(case, request_id=request_id, recipient=recipient) == first


def test_a_letters_purpose_is_none_for_a_contact(office: Office, zoe: Person) -> None:
    case = office.opens_case(zoe).name
    with pytest.raises(InvalidFields):
        office.names(case, purpose=DISCLOSURE_PURPOSE_WELFARE_SUPPORT)
    with pytest.raises(InvalidFields):
        office.names(case, ends_on="2020-01-01")
    with pytest.raises(NotAvailable):
        office.names(f"cases/{uuid4()}")


def test_contacts_are_listed_in_pages_without_words(
    sas: House, office: Office, zoe: Person
) -> None:
    case = office.opens_case(zoe).name
    named = [office.names(case).name for _ in range(3)]
    found: list[str] = []
    request = contacts_pb2.ListContactsRequest(parent=case, page_size=2)
    while True:
        page = sas.call(office.who, sas.contacts.ListContacts, request)
        assert CANARY not in str(page)
        found += [each.name for each in page.contacts]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert found == named[::-1]


def test_contacts_go_with_the_case(sas: House, office: Office, zoe: Person) -> None:
    """R27: what the student named is disposed of with what they told us."""
    case = office.opens_case(zoe, contact_date=LONG_AGO)
    contact = office.names(case.name)
    dispose(sas, office.who, case.name, really=True)
    left = "select sealed, wrapped_key, payload_salt, payload_digest from contacts where id = %s"
    identifier = contact.name.partition("/")[2]
    eventually(lambda: sas.sql(left, identifier) == [(None, None, None, None)])
    with pytest.raises(NotAvailable):
        preview_contact(sas, zoe, contact.name)
