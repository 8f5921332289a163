"""R14: what was sent by mistake is taken back; and nothing is let out by a changed row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sas.cases.v1 import disclosures_pb2
from sas.consent.v1 import consents_pb2

from common.errors import NotAvailable, RefusedByPolicy, WrongState
from tests.kit.house import Person, eventually
from tests.service.cases.house import House, adviser
from tests.service.cases.office import (
    Office,
    agreed,
    collect,
    held,
    link_and_code,
    sent_disclosure,
)

COLLECT = "DisclosuresService/CollectDisclosure"


def recalls(office: Office, name: str) -> disclosures_pb2.Disclosure:
    """Recall a disclosure."""
    request = disclosures_pb2.RecallDisclosureRequest(name=name)
    return office.sas.call(office.who, office.sas.disclosures.RecallDisclosure, request)


def test_a_recalled_letter_looks_like_one_that_never_was(
    sas: House, office: Office, zoe: Person
) -> None:
    address = f"tutor-{uuid4()}@example.org"
    disclosure, link, code = sent_disclosure(office, zoe, address)
    sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
    never = sas.refusal(None, COLLECT, collect("x" * len(link), code))
    assert recalls(office, disclosure.name).state == disclosures_pb2.DISCLOSURE_STATE_RECALLED
    assert sas.refusal(None, COLLECT, collect(link, code)) == never
    assert lines(sas, disclosure.name)[-2:] == [
        ("disclosure:collect", "allow"),
        ("disclosure:recall", "allow"),
    ]


def test_a_recall_holds_even_if_this_service_forgets_it(
    sas: House, office: Office, zoe: Person
) -> None:
    """The gate remembers: a link that came back in a restored database shows nothing."""
    address = f"tutor-{uuid4()}@example.org"
    disclosure, link, code = sent_disclosure(office, zoe, address)
    bare = disclosure.name.partition("/")[2]
    columns = (
        "link_hash, code_salt, code_hash, delivery, delivery_wrapped_key, delivery_sealed, state"
    )
    (row,) = sas.sql(f"select {columns} from disclosures where id = %s", bare)  # noqa: S608
    recalls(office, disclosure.name)
    sas.sql(
        f"update disclosures set ({columns}) = (%s, %s, %s, %s, %s, %s, %s) where id = %s",  # noqa: S608
        *row,
        bare,
    )
    with pytest.raises(NotAvailable):
        sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
    assert lines(sas, disclosure.name)[-1] == ("disclosure:collect", "deny")


def test_after_a_recall_it_can_be_sent_again_while_the_consent_holds(
    sas: House, office: Office, zoe: Person
) -> None:
    address = f"tutor-{uuid4()}@example.org"
    disclosure, _, _ = sent_disclosure(office, zoe, address)
    recalls(office, disclosure.name)
    office.sends(disclosure.name)
    found = sas.call(None, sas.disclosures.CollectDisclosure, collect(*link_and_code(sas, address)))
    assert found.content.startswith(b"%PDF-")


def test_a_letter_on_its_way_out_is_undone_and_no_mail_leaves(
    sas: House, office: Office, zoe: Person
) -> None:
    """R14: delayed sending with undo."""
    address = f"tutor-{uuid4()}@example.org"
    disclosure = agreed(office, zoe, address)
    waiting = held(office, disclosure.name, 4)
    assert waiting.state == disclosures_pb2.DISCLOSURE_STATE_WAITING
    assert sas.mails(address) == []
    assert address.encode() not in sas.dump()
    recalls(office, disclosure.name)
    assert sas.sql("select * from mails where about = %s", disclosure.name) == []
    other = f"tutor-{uuid4()}@example.org"
    second = agreed(office, zoe, other)
    held(office, second.name, 4)
    # The later one leaves by itself, so the worker has passed the earlier one's time too.
    eventually(lambda: len(sas.mails(other)) == 2)
    assert sas.mails(address) == []
    # Mails are there a moment before it is written down that they have left.
    eventually(lambda: office.state_of(second.name) == disclosures_pb2.DISCLOSURE_STATE_SENT)
    link, code = link_and_code(sas, other)
    assert sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code)).content


def test_a_withdrawal_stops_what_waits(sas: House, office: Office, zoe: Person) -> None:
    """R6: withdrawal bites at once, also on queued sends."""
    address = f"tutor-{uuid4()}@example.org"
    disclosure = agreed(office, zoe, address)
    held(office, disclosure.name, 5)
    withdraw = consents_pb2.WithdrawConsentRequest(name=disclosure.consent)
    sas.call(zoe, sas.consents.WithdrawConsent, withdraw)
    eventually(lambda: office.state_of(disclosure.name) == disclosures_pb2.DISCLOSURE_STATE_ENDED)
    bare = disclosure.name.partition("/")[2]
    assert sas.sql("select link_hash from disclosures where id = %s", bare) == [(None,)]
    assert sas.sql("select * from mails where about = %s", disclosure.name) == []


def test_looks_and_a_recall_at_once_have_one_order(sas: House, office: Office, zoe: Person) -> None:
    """No look that the ledger has after the recall shows anything."""
    address = f"tutor-{uuid4()}@example.org"
    disclosure, link, code = sent_disclosure(office, zoe, address)

    def look(_: int) -> bool:
        try:
            sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
        except NotAvailable:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        looks = [pool.submit(look, number) for number in range(12)]
        pool.submit(recalls, office, disclosure.name).result()
        seen = sum(each.result() for each in looks)
    said = lines(sas, disclosure.name)
    at = said.index(("disclosure:recall", "allow"))
    assert ("disclosure:collect", "allow") not in said[at:]
    assert seen <= said[:at].count(("disclosure:collect", "allow"))


def test_what_was_not_sent_can_not_be_recalled_nor_by_others(
    sas: House, office: Office, zoe: Person
) -> None:
    disclosure = agreed(office, zoe, "tutor@example.org")
    with pytest.raises(WrongState):
        recalls(office, disclosure.name)
    trustee = adviser(roles=frozenset({"trustee"}))
    request = disclosures_pb2.RecallDisclosureRequest(name=disclosure.name)
    absent = disclosures_pb2.RecallDisclosureRequest(name=f"disclosures/{uuid4()}")
    method = "DisclosuresService/RecallDisclosure"
    assert sas.refusal(trustee, method, request) == sas.refusal(trustee, method, absent)
    with pytest.raises(NotAvailable):
        sas.call(office.who, sas.disclosures.RecallDisclosure, absent)


@pytest.mark.parametrize(
    "change",
    [
        "recipient = 'thirdParties/00000000-0000-4000-8000-000000000000'",
        "purpose = 'DISCLOSURE_PURPOSE_SAFETY'",
        "items = array['documents/00000000-0000-4000-8000-000000000000']",
        "payload_digest = repeat('0', 64)",
        "content_sealed = set_byte(content_sealed, 200, 255 - get_byte(content_sealed, 200))",
        "ends_on = ends_on + 1",
    ],
    ids=["recipient", "purpose", "items", "payload hash", "bytes", "last day"],
)
def test_change_any_one_and_it_stays_and_the_ledger_says_so(
    sas: House, office: Office, zoe: Person, change: str
) -> None:
    """R4: before the sending and after it, and each refusal is in the ledger."""
    address = f"tutor-{uuid4()}@example.org"
    early = agreed(office, zoe, f"other-{address}")
    sent, link, code = sent_disclosure(office, zoe, address)
    for each in (early, sent):
        sas.sql(f"update disclosures set {change} where id = %s", each.name.partition("/")[2])  # noqa: S608
    with pytest.raises(RefusedByPolicy):
        office.sends(early.name)
    assert sas.mails(f"other-{address}") == []
    assert lines(sas, early.name)[-1] == ("disclosure:send", "deny")
    with pytest.raises(NotAvailable):
        sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
    assert lines(sas, sent.name)[-1] == ("disclosure:collect", "deny")


def lines(sas: House, disclosure: str) -> list[tuple[str, str]]:
    """Give what the ledger says about a disclosure, in order."""
    return [
        (action, effect)
        for action, effect in sas.sql(
            "select action, effect from entries where disclosure = %s order by idx",
            disclosure,
            database="consent",
        )
    ]
