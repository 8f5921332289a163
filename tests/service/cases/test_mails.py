"""Mails that wait: each goes to whom it was sealed for, once, and none holds up another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sas.cases.v1 import disclosures_pb2 as pb
from sas.cases.v1 import mails_pb2
from sas.consent.v1 import walls_pb2

from common.errors import NotAvailable, WrongState
from common.vault import VaultDenied
from deploy import mail_health
from deploy.vault import operator
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

NOBODY = "tutor@mistyped.invalid"
"""An address for which the mail server takes no mail."""


def address() -> str:
    return f"tutor-{uuid4()}@example.org"


def waiting(office: Office, who: Person, to: str) -> str:
    """Send a disclosure whose mails wait for an hour."""
    disclosure = agreed(office, who, to)
    held(office, disclosure.name, 3600)
    return disclosure.name


def its_hour_has_come(sas: House, *names: str) -> None:
    sas.sql(
        "update mails set leaves_at = now() - interval '1 second' where about = any(%s)",
        list(names),
    )


def becomes(office: Office, name: str, state: pb.DisclosureState.ValueType) -> None:
    """Wait until a disclosure is in a state."""
    eventually(lambda: office.state_of(name) == state)


@pytest.mark.parametrize(
    "swap",
    [
        # The sealed mails of two disclosures change places; or they stay, and what they are about
        # does; or the link of one is passed off as its code.
        "update mails m set sealed = o.sealed from mails o where m.kind = o.kind"
        " and m.about = any(%(two)s) and o.about = any(%(two)s) and m.about <> o.about",
        "update mails m set about = case about when %(one)s then %(other)s else %(one)s end"
        " where about = any(%(two)s)",
        "update mails m set sealed = o.sealed from mails o where m.about = o.about"
        " and m.kind <> o.kind and m.about = any(%(two)s)",
    ],
    ids=["sealed", "about", "kind"],
)
def test_whoever_swaps_two_waiting_mails_sends_neither(
    sas: House, office: Office, zoe: Person, swap: str
) -> None:
    """R4: a link that arrived at another's address would open the letter to the wrong person."""
    addresses = [address(), address()]
    one, other = (waiting(office, zoe, each) for each in addresses)
    with sas.connect() as connection:
        connection.execute("alter table mails drop constraint mails_pkey")
        connection.execute(swap, {"one": one, "other": other, "two": [one, other]})
        connection.execute("alter table mails add primary key (about, kind)")
    its_hour_has_come(sas, one, other)
    for name in (one, other):
        becomes(office, name, pb.DISCLOSURE_STATE_NOT_SENT)
    assert [sas.mails(each) for each in addresses] == [[], []]
    assert _parked(sas) >= 2
    office.sends(one)
    assert all(link_and_code(sas, addresses[0]))


def test_a_mail_that_can_not_be_opened_holds_up_no_other(
    sas: House, office: Office, zoe: Person
) -> None:
    """And the others go out once: not again because of it."""
    addresses = [address() for _ in range(3)]
    names = [waiting(office, zoe, each) for each in addresses]
    sas.sql(
        "update mails set sealed = 'vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'"
        " where about = %s",
        names[1],
    )
    its_hour_has_come(sas, *names)
    becomes(office, names[1], pb.DISCLOSURE_STATE_NOT_SENT)
    for name in (names[0], names[2]):
        becomes(office, name, pb.DISCLOSURE_STATE_SENT)
    # Two more turns of the worker.
    later = waiting(office, zoe, last := address())
    its_hour_has_come(sas, later)
    becomes(office, later, pb.DISCLOSURE_STATE_SENT)
    assert [len(sas.mails(each)) for each in (*addresses, last)] == [2, 0, 2, 2]


@pytest.mark.parametrize("away", ["key", "right"])
def test_while_the_key_of_mails_is_away_they_wait_and_none_is_given_up(
    sas: House, office: Office, zoe: Person, away: str
) -> None:
    """
    What has happened to Vault's key is no reason to think that somebody changed a mail.

    The key's version is withdrawn, or the right to use it; when it is back, the mails leave.
    """
    to = address()
    name = waiting(office, zoe, to)
    with _without_post_key(sas) if away == "key" else _without_post_right(sas):
        its_hour_has_come(sas, name)
        query = "select state, leaves_at > now() from mails where about = %s"
        eventually(lambda: set(sas.sql(query, name)) == {("waiting", True)})
        assert office.state_of(name) == pb.DISCLOSURE_STATE_WAITING
    its_hour_has_come(sas, name)
    becomes(office, name, pb.DISCLOSURE_STATE_SENT)
    assert all(link_and_code(sas, to))


@contextmanager
def _without_post_key(sas: House) -> Iterator[None]:
    """Let Vault open nothing that was sealed with the key of mails so far."""
    with operator.signed_in(sas.state) as somebody:
        somebody.write("post/keys/replies/rotate")
        newest = (somebody.read("post/keys/replies") or {})["latest_version"]
        somebody.write("post/keys/replies/config", min_decryption_version=newest)
        try:
            yield
        finally:
            somebody.write("post/keys/replies/config", min_decryption_version=1)


@contextmanager
def _without_post_right(sas: House) -> Iterator[None]:
    """Let the worker not use the key."""
    path = "sys/policies/acl/cases-work"
    with operator.signed_in(sas.state) as somebody:
        policy = (somebody.read(path) or {})["policy"]
        somebody.write(path, policy=policy.replace("post/decrypt/replies", "post/decrypt/none"))
        try:
            yield
        finally:
            somebody.write(path, policy=policy)


def test_a_mail_of_which_nobody_knows_is_not_sent_again(
    sas: House, office: Office, zoe: Person
) -> None:
    """What a crash leaves in the middle of sending: somebody looks at it, no machine repeats it."""
    to = address()
    name = waiting(office, zoe, to)
    sas.sql(
        "update mails set state = 'leaving', leaves_at = now() - interval '1 hour'"
        " where about = %s and kind = 'link'",
        name,
    )
    becomes(office, name, pb.DISCLOSURE_STATE_NOT_SENT)
    assert sas.mails(to) == []
    assert _parked(sas) >= 1


def test_a_mail_that_may_have_arrived_is_not_sent_again(
    sas: House, office: Office, zoe: Person
) -> None:
    """The server had it, and the line broke before it said so; no code follows it, either."""
    lost = f"tutor-{uuid4()}@lost.test"
    name = waiting(office, zoe, lost)
    its_hour_has_come(sas, name)
    becomes(office, name, pb.DISCLOSURE_STATE_NOT_SENT)
    later = waiting(office, zoe, address())
    its_hour_has_come(sas, name, later)
    becomes(office, later, pb.DISCLOSURE_STATE_SENT)
    assert len(sas.mails(lost)) == 1


def unsent(sas: House, who: Person) -> dict[str, mails_pb2.UnsentMail]:
    """List, page by page, what has mails to see to."""
    found: dict[str, mails_pb2.UnsentMail] = {}
    token = ""
    while True:
        request = mails_pb2.ListUnsentMailsRequest(page_size=1, page_token=token)
        page = sas.call(who, sas.unsent_mails.ListUnsentMails, request)
        found |= {each.about: each for each in page.unsent_mails}
        token = page.next_page_token
        if not token:
            return found


def acknowledges(sas: House, who: Person, about: str) -> None:
    request = mails_pb2.AcknowledgeUnsentMailRequest(about=about)
    sas.call(who, sas.unsent_mails.AcknowledgeUnsentMail, request)


def test_what_may_not_have_left_waits_in_a_list_until_somebody_has_seen_to_it(
    sas: House, office: Office, zoe: Person
) -> None:
    """R14: staff see what became of it, and go on: by a fresh link, or by letting it be."""
    to = [address(), address()]
    one, other = (waiting(office, zoe, each) for each in to)
    sas.sql(
        "update mails set state = 'leaving', leaves_at = now() - interval '1 hour'"
        " where about = any(%s) and kind = 'link'",
        [one, other],
    )
    sas.sql("update mails set sealed = 'vault:v1:x' where about = %s and kind = 'code'", other)
    its_hour_has_come(sas, other)
    sas.sql(
        "update mails set leaves_at = now() - interval '1 hour' where about = %s and kind = 'link'",
        other,
    )
    for name in (one, other):
        becomes(office, name, pb.DISCLOSURE_STATE_NOT_SENT)
    eventually(lambda: {one, other} <= unsent(sas, office.who).keys())
    assert unsent(sas, office.who)[one].trouble == mails_pb2.MAIL_TROUBLE_UNSURE
    eventually(lambda: unsent(sas, office.who)[other].trouble == mails_pb2.MAIL_TROUBLE_BROKEN)
    before = _parked(sas)
    office.sends(one)
    assert one not in unsent(sas, office.who)
    assert all(link_and_code(sas, to[0]))
    acknowledges(sas, office.who, other)
    assert other not in unsent(sas, office.who)
    assert sas.mails(to[1]) == []
    assert _parked(sas) <= before - 2
    assert office.state_of(other) == pb.DISCLOSURE_STATE_NOT_SENT
    with pytest.raises(NotAvailable):
        acknowledges(sas, office.who, other)


def test_nobody_sees_to_a_mail_that_is_behind_their_wall_or_that_waits(
    sas: House, office: Office, zoe: Person
) -> None:
    """R10; and what is still to leave is not put aside."""
    name = waiting(office, zoe, address())
    with pytest.raises(NotAvailable):
        acknowledges(sas, office.who, name)
    sas.sql("update mails set state = 'unsure', sealed = null where about = %s", name)
    (case,) = sas.sql("select case_id from disclosures where id = %s", name.partition("/")[2])
    walled = adviser()
    sas.call(
        walled,
        sas.walls.DeclareWall,
        walls_pb2.DeclareWallRequest(record=f"records/{case[0]}", request_id=str(uuid4())),
    )
    assert name not in unsent(sas, walled)
    with pytest.raises(NotAvailable):
        acknowledges(sas, walled, name)
    assert name in unsent(sas, office.who)


def test_a_link_whose_time_is_over_is_not_sent_any_more(
    sas: House, office: Office, zoe: Person
) -> None:
    to = address()
    name = waiting(office, zoe, to)
    sas.sql("update mails set expires_at = now() where about = %s", name)
    its_hour_has_come(sas, name)
    becomes(office, name, pb.DISCLOSURE_STATE_NOT_SENT)
    assert sas.mails(to) == []


def test_an_address_that_is_none_is_told_to_whoever_sends(
    sas: House, office: Office, zoe: Person
) -> None:
    """At once, or when the mails have waited; either way the disclosure shows it."""
    at_once = agreed(office, zoe, NOBODY)
    with pytest.raises(WrongState, match="propose the disclosure again"):
        office.sends(at_once.name)
    assert office.state_of(at_once.name) == pb.DISCLOSURE_STATE_NOT_TAKEN
    later = waiting(office, zoe, NOBODY)
    its_hour_has_come(sas, later)
    becomes(office, later, pb.DISCLOSURE_STATE_NOT_TAKEN)
    query = "select count(*) from disclosures where link_hash is not null and id = any(%s::uuid[])"
    ids = [name.partition("/")[2] for name in (at_once.name, later)]
    assert sas.sql(query, ids) == [(0,)]


def test_a_fresh_link_takes_the_place_of_mails_that_wait(
    sas: House, office: Office, zoe: Person
) -> None:
    to = address()
    name = waiting(office, zoe, to)
    office.sends(name)
    assert len(sas.mails(to)) == 2
    assert sas.sql("select * from mails where about = %s", name) == []
    assert sas.call(None, sas.disclosures.CollectDisclosure, collect(*link_and_code(sas, to)))


def test_serve_can_seal_no_mail_that_is_bound_to_nothing(sas: House) -> None:
    """Nor open one, and nor can it read in the tables what waits."""
    vault = sas.vault("cases-serve")
    sealed = vault.encrypt("post", "replies", b"{}", bound_to="reply enquiries/x")
    with pytest.raises(VaultDenied):
        vault.encrypt("post", "replies", b"{}")
    with pytest.raises(VaultDenied):
        vault.decrypt("post", "replies", sealed, bound_to="reply enquiries/x")
    with pytest.raises(Exception, match="permission denied"):
        sas.sql_as("cases_serve", "select sealed from mails")


def test_an_old_link_is_dead_when_its_disclosure_waits_again(
    sas: House, office: Office, zoe: Person
) -> None:
    disclosure, link, code = sent_disclosure(office, zoe, address())
    held(office, disclosure.name, 3600)
    with pytest.raises(NotAvailable):
        sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code))


def _parked(sas: House) -> int:
    """Count what `make status` would tell operators to look at."""
    with sas.connect() as connection:
        return mail_health.read(connection).parked
