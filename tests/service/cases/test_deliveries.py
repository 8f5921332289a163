"""
R3, R4: what was sent is sealed for its recipient, and opens with link and consent together only.

Each attack holds one half: the tables and this service's Vault tokens; a consent that answers yes
to a service that only says that the link was right; the link of another; the rows, to write in.
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import attrs
import pytest
from sas.cases.v1 import disclosures_pb2
from sas.consent.v1 import consents_pb2, gate_pb2, gate_pb2_grpc, records_pb2

from common.db import Database
from common.errors import NotAvailable, OurFault
from common.seal import SealBroken, unseal
from common.vault import VaultDenied
from services.cases.domain.deliveries import recipients_key
from services.cases.domain.disclosures import unknown
from services.cases.domain.names import name_of, record_of
from services.cases.storage.disclosures import Disclosures
from tests.kit.house import Person, eventually
from tests.service.cases.house import House, student
from tests.service.cases.office import (
    LONG_AGO,
    Office,
    agree,
    collect,
    dispose,
    held,
    link_and_code,
    sent_disclosure,
)
from tests.service.cases.test_recall import lines, recalls

METHOD = "DisclosuresService/CollectDisclosure"
DELIVERY = "delivery, delivery_wrapped_key, delivery_sealed"
LINK = "link_hash, code_salt, code_hash"


@attrs.frozen
class Sent:
    """A letter that was sent, with its link, and the row of it that a thief has."""

    sas: House
    disclosure: disclosures_pb2.Disclosure
    link: str
    code: str

    @property
    def row(self) -> dict[str, Any]:
        """What lies in the tables."""
        bare = self.disclosure.name.partition("/")[2]
        found = self.sas.sql("select to_jsonb(d) from disclosures d where id = %s", bare)
        row: dict[str, Any] = found[0][0]
        return row

    @property
    def delivery(self) -> str:
        """The name of what was sealed for the recipient."""
        return name_of("deliveries", self.row["delivery"])

    def bytes_of(self, column: str) -> bytes:
        """Give a column with bytes."""
        return bytes.fromhex(self.row[column].removeprefix("\\x"))

    def asked_of_consent(self, item: str, wrapped_key: str) -> gate_pb2.AuthoriseCollectionResponse:
        """Ask consent for a key as a service would that says: link and code were right."""
        gate = self.sas.peer("consent", "cases-serve").stub(gate_pb2_grpc.GateServiceStub)
        row = self.row
        request = gate_pb2.AuthoriseCollectionRequest(
            disclosure=self.disclosure.name,
            record=record_of(row["case_id"]),
            link_valid=True,
            payload_digest=row["payload_digest"],
            items=[records_pb2.SealedItem(item=item, wrapped_key=wrapped_key)],
        )
        return self.sas.call(None, gate.AuthoriseCollection, request)

    def opens_delivery(self, key: bytes) -> bytes:
        """Try to open the delivery."""
        record = record_of(self.row["case_id"])
        sealed = self.bytes_of("delivery_sealed")
        return unseal(key, sealed, record=record, item=self.delivery, field="words")

    def collected(self, who: Person | None = None) -> bytes:
        """Collect it, as the recipient does."""
        request = collect(self.link, self.code)
        found = self.sas.call(who, self.sas.disclosures.CollectDisclosure, request)
        return found.content

    def refused(self, who: Person | None = None) -> object:
        """Try to collect it, and give the refusal."""
        return self.sas.refusal(who, METHOD, collect(self.link, self.code))


@pytest.fixture
def letter(sas: House, office: Office, zoe: Person) -> Sent:
    """Send a letter."""
    return send(sas, office, zoe)


def send(sas: House, office: Office, who: Person) -> Sent:
    """Send a letter about somebody."""
    address = f"tutor-{uuid4()}@example.org"
    return Sent(sas, *sent_disclosure(office, who, address))


def never(sas: House) -> object:
    """Give what a link gets that never was."""
    return sas.refusal(None, METHOD, collect(secrets.token_urlsafe(32), "12345678"))


def test_a_service_that_lies_about_the_link_opens_nothing(sas: House, letter: Sent) -> None:
    """It gets consent's yes, and the key of the delivery; what it lacks is the link."""
    released = letter.asked_of_consent(letter.delivery, letter.row["delivery_wrapped_key"])
    half = released.keys[0].key
    stored = letter.bytes_of("link_hash")
    sent = attrs.evolve(
        unknown(letter.disclosure.name),
        recipient=letter.row["recipient"],
        payload_digest=letter.row["payload_digest"],
    )
    guesses = [half, recipients_key(half, "", sent)]
    for form in (stored.hex(), base64.urlsafe_b64encode(stored).decode().rstrip("=")):
        guesses.append(recipients_key(half, form, sent))
    for key in guesses:
        with pytest.raises(SealBroken):
            letter.opens_delivery(key)
    # With the link it opens, so these were no empty tries: what is missing is just that.
    original = letter.opens_delivery(recipients_key(half, letter.link, sent))
    assert len(original) == 32
    assert lines(sas, letter.disclosure.name)[-1] == ("disclosure:collect", "allow")


def test_nor_does_it_get_the_key_of_the_original(letter: Sent) -> None:
    """By no name: not by its own, and not by that of the delivery."""
    wrapped = letter.row["wrapped_key"]
    with pytest.raises(NotAvailable):
        letter.asked_of_consent(letter.disclosure.name, wrapped)
    with pytest.raises(OurFault):  # Vault opens a key for the item it was made for, only
        letter.asked_of_consent(letter.delivery, wrapped)


def test_the_link_alone_opens_nothing(sas: House, letter: Sent, zoe: Person) -> None:
    """Whoever has link, tables and this service's Vault tokens, and no yes of consent."""
    uuid, wrapped = letter.row["case_id"], letter.row["delivery_wrapped_key"]
    for role in ("cases-serve", "cases-work"):
        with pytest.raises(VaultDenied):
            sas.vault(role).unwrap_keys("rk-case", uuid, [(letter.delivery, wrapped)])
    withdraw = consents_pb2.WithdrawConsentRequest(name=letter.disclosure.consent)
    row = letter.row
    sas.call(zoe, sas.consents.WithdrawConsent, withdraw)
    with pytest.raises(NotAvailable):
        letter.asked_of_consent(name_of("deliveries", row["delivery"]), wrapped)


@pytest.mark.parametrize(
    "columns",
    [
        "delivery_sealed",
        "delivery_wrapped_key",
        "delivery",
        "delivery_sealed, delivery_wrapped_key",
        DELIVERY,
        LINK,
        f"{LINK}, {DELIVERY}",
        "sealed, content_sealed",
        "wrapped_key, sealed, content_sealed, payload_salt, payload_digest",
    ],
)
def test_rows_swapped_between_two_disclosures_show_nobody_the_others(
    sas: House, office: Office, zoe: Person, letter: Sent, columns: str
) -> None:
    """R4: whoever can write the tables turns no link into one to another's letter."""
    two = (letter, send(sas, office, zoe))
    refusal = never(sas)
    _swap(sas, columns, *two)
    assert [each.refused() for each in two] == [refusal, refusal]
    _swap(sas, columns, *two)
    # As they were, they open: nothing else was in the way.
    assert all(each.collected().startswith(b"%PDF-") for each in two)


def _swap(sas: House, columns: str, *two: Sent) -> None:
    """Let two rows change these columns."""
    read = f"select {columns} from disclosures where id = %s"  # noqa: S608
    put = ", ".join(f"{column} = %s" for column in columns.split(", "))
    write = f"update disclosures set {put} where id = %s"  # noqa: S608
    ids = [each.disclosure.name.partition("/")[2] for each in two]
    with sas.connect() as connection:
        rows = [connection.execute(read, (each,)).fetchone() or () for each in ids]
        if "link_hash" in columns:  # of which there are no two
            connection.execute("update disclosures set link_hash = null where id = any(%s)", (ids,))
        for row, bare in zip(reversed(rows), ids, strict=True):
            connection.execute(write, (*row, bare))


def test_the_hash_in_place_of_the_secret_is_no_link(sas: House, letter: Sent) -> None:
    """What a thief of the tables reads there is worth nothing as a link."""
    stored = letter.bytes_of("link_hash")
    for said in (stored.hex(), base64.urlsafe_b64encode(stored).decode().rstrip("=")):
        assert sas.refusal(None, METHOD, collect(said, letter.code)) == never(sas)


def test_nobodys_session_makes_a_link_better_or_worse(
    sas: House, office: Office, letter: Sent
) -> None:
    """R3: a link is the recipient's, whoever is signed in; the ledger has nobody in their place."""
    wrong = attrs.evolve(letter, code=f"{(int(letter.code) + 1) % 10**8:08d}")
    refusal = never(sas)
    for who in (office.who, student()):
        assert wrong.refused(who) == refusal
        assert letter.collected(who).startswith(b"%PDF-")
    query = "select distinct actor from entries where disclosure = %s and action = %s"
    name = letter.disclosure.name
    assert sas.sql(query, name, "disclosure:collect", database="consent") == [("anonymous",)]


def test_with_its_link_the_delivery_goes(
    sas: House, office: Office, zoe: Person, letter: Sent
) -> None:
    """Recall, withdrawal and disposal leave neither ciphertext nor key of it in the tables."""
    recalls(office, letter.disclosure.name)
    assert _of_link(letter) == {None}
    withdrawn = send(sas, office, zoe)
    withdraw = consents_pb2.WithdrawConsentRequest(name=withdrawn.disclosure.consent)
    sas.call(zoe, sas.consents.WithdrawConsent, withdraw)
    eventually(lambda: _of_link(withdrawn) == {None})
    case = office.opens_case(disposed_of := student(), contact_date=LONG_AGO)
    address = f"tutor-{uuid4()}@example.org"
    disclosure = office.proposes(office.attaches_letter(case.name).name, address)
    agree(sas, disposed_of, disclosure)
    disposed = Sent(sas, office.sends(disclosure.name), *link_and_code(sas, address))
    assert None not in _of_link(disposed)
    dispose(sas, office.who, case.name, really=True)
    eventually(lambda: _of_link(disposed) == {None})


def _of_link(sent: Sent) -> set[object]:
    """Give what is left of a link and of what it opens."""
    return {sent.row[column] for column in f"{LINK}, {DELIVERY}".split(", ")}


def test_a_restored_row_opens_nothing_after_a_recall(
    sas: House, office: Office, letter: Sent
) -> None:
    """R14: a kept copy of the whole row, link and code: consent has not forgotten."""
    columns = f"{LINK}, {DELIVERY}, state"
    bare = letter.disclosure.name.partition("/")[2]
    (row,) = sas.sql(f"select {columns} from disclosures where id = %s", bare)  # noqa: S608
    recalls(office, letter.disclosure.name)
    put_back = f"update disclosures set ({columns}) = ({', '.join(['%s'] * 7)}) where id = %s"  # noqa: S608
    sas.sql(put_back, *row, bare)
    assert letter.refused() == never(sas)
    office.sends(letter.disclosure.name)
    sas.sql(put_back, *row, bare)
    assert letter.refused() == never(sas)


def test_a_link_that_is_too_old_is_forgotten_with_what_it_opened(sas: House, letter: Sent) -> None:
    """Short life: dead at its last moment, and soon after that there is nothing left to open."""
    bare = letter.disclosure.name.partition("/")[2]
    sas.sql("update disclosures set link_expires_at = now() where id = %s", bare)
    assert letter.refused() == never(sas)
    database = Database(sas.settings("cases-work"), sas.vault("cases-work"), driver="psycopg2")
    with database.engine.begin() as connection:
        Disclosures(connection).forget_links(datetime.now(UTC))
    database.close()
    assert _of_link(letter) == {None}
    assert letter.row["state"] == "sent"


def test_a_fresh_link_opens_what_is_sealed_anew(sas: House, office: Office, letter: Sent) -> None:
    """By a new decision, from the original; the earlier link and what it opened are gone."""
    before = letter.row
    office.sends(letter.disclosure.name)
    after = letter.row
    for column in DELIVERY.split(", "):
        assert before[column] != after[column]
    assert letter.refused() == never(sas)


def test_the_link_is_in_the_system_until_its_mail_has_left_and_no_longer(
    sas: House, office: Office, zoe: Person
) -> None:
    """While it waits it is sealed for the worker; then nothing here can make it again."""
    address = f"tutor-{uuid4()}@example.org"
    sent, _, _ = sent_disclosure(office, zoe, address)
    held(office, sent.name, 3600)
    earlier = link_and_code(sas, address)
    sealed = sas.sql("select kind, sealed is not null from mails where about = %s", sent.name)
    assert sorted(sealed) == [("code", True), ("link", True)]
    sas.sql("update mails set leaves_at = now() where about = %s", sent.name)
    eventually(lambda: link_and_code(sas, address) != earlier and len(sas.mails(address)) == 4)
    eventually(lambda: office.state_of(sent.name) == disclosures_pb2.DISCLOSURE_STATE_SENT)
    link, code = link_and_code(sas, address)
    assert sas.sql("select sealed from mails where about = %s", sent.name) == [(None,), (None,)]
    for secret in (link, code):
        assert secret.encode() not in sas.dump()
        assert secret.encode() not in sas.logs()
    found = sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))
    assert found.content.startswith(b"%PDF-")
