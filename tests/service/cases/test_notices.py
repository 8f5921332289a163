"""
R36: "at least one other staff member should be informed": by a mail without a word in it.

Consent says for whom something waits, identity seals where to, and the worker of cases sends it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import attrs
import pytest
from sas.cases.v1 import breaches_pb2 as pb
from sas.consent.v1 import breach_procedure_pb2 as procedure
from sas.consent.v1 import walls_pb2

from common.db import Database, transaction
from common.errors import InvalidFields
from services.cases.actions import reminding
from services.cases.storage.work import HandlerWork
from tests.kit.house import Person, eventually
from tests.service.cases.house import House, adviser
from tests.service.cases.office import CANARY, Office
from tests.service.cases.test_breaches import Involved
from tests.service.cases.test_incidents import decided, recorded
from tests.service.cases.test_name_requests import Wish


@attrs.frozen
class Colleague:
    """A colleague of whom consent was told, and to whom the worker can write."""

    sas: House
    who: Person = attrs.field(factory=adviser)
    role: str = "adviser"
    address: str = attrs.field(factory=lambda: f"colleague-{uuid4()}@example.org")

    def __attrs_post_init__(self) -> None:
        """Let both services be told, as identity does."""
        self.sas.sql(
            "insert into staff_roles values (%s, 1, %s, now(), now() + interval '1 day')",
            self.who.name,
            self.role,
            database="consent",
        )
        sealed = self.sas.vault("identity-serve").encrypt(
            "post", "staff", self.address.encode(), bound_to=f"notice {self.who.name}"
        )
        self.sas.sql(
            "insert into staff_addresses values (%s, 1, %s, now() + interval '1 day')",
            self.who.name,
            sealed,
        )

    def mails(self) -> int:
        """Count the mails to them."""
        return len(self.sas.mails(self.address))


@pytest.fixture
def involved(sas: House, office: Office) -> Involved:
    return Involved(sas, office.who, f"thirdParties/{uuid4()}")


@pytest.fixture
def breach(office: Office, involved: Involved, zoe: Person) -> pb.Breach:
    """Begin the record of a breach, with all that it needs but advice."""
    drafted = involved.drafts(office.opens_case(zoe).name)
    return involved.amends(drafted.name, involved.all_parts())


def asks(office: Office, name: str, colleague: Colleague) -> None:
    request = procedure.AskForAdviceRequest(name=name, colleague=colleague.who.name)
    office.sas.call(office.who, office.sas.procedure.AskForAdvice, request)


def walled(sas: House, of: Person, name: str) -> None:
    record = name.replace("breaches/", "records/")
    request = walls_pb2.DeclareWallRequest(record=record, request_id=str(uuid4()))
    sas.call(of, sas.walls.DeclareWall, request)


def test_a_colleague_who_is_asked_gets_one_mail_without_a_word(
    sas: House, office: Office, breach: pb.Breach, zoe: Person
) -> None:
    """Asked again, they get no other; and it says nothing to whoever else may see it."""
    bob = Colleague(sas)
    asks(office, breach.name, bob)
    asks(office, breach.name, bob)
    eventually(bob.mails)
    (mail,) = sas.mails(bob.address)
    said = mail.as_string().lower()
    for word in ("advice", "breach", "student", "confidential", "case", "urgent", CANARY):
        assert word not in said, word
    for name in (breach.name, zoe.name, office.who.name, bob.who.name):
        assert name.partition("/")[2] not in said


def test_whoever_is_behind_a_wall_gets_none(
    sas: House, office: Office, involved: Involved, breach: pb.Breach
) -> None:
    """Neither when asked, nor when everybody else is to review an emergency; nor who decided."""
    decider, bob, eve = (Colleague(sas) for _ in range(3))
    walled(sas, eve.who, breach.name)
    with pytest.raises(InvalidFields):
        asks(office, breach.name, eve)
    sas.sql(
        "update staff_roles set staff_member = %s where staff_member = %s",
        office.who.name,
        decider.who.name,
        database="consent",
    )
    parts = involved.all_parts()
    parts.nobody_reachable = f"{CANARY} nobody"
    involved.amends(breach.name, parts)
    sas.call(
        office.who,
        sas.breaches.DecideBreach,
        pb.DecideBreachRequest(name=breach.name, emergency=True),
    )
    eventually(bob.mails)
    assert (decider.mails(), eve.mails()) == (0, 0)


def test_an_address_in_anothers_place_gets_nothing(
    sas: House, office: Office, breach: pb.Breach
) -> None:
    """Whoever can change the table learns by no mail for whom something waits."""
    bob, thief = Colleague(sas), Colleague(sas)
    sas.sql(
        "update staff_addresses set sealed = (select sealed from staff_addresses"
        " where staff_member = %s) where staff_member = %s",
        thief.who.name,
        bob.who.name,
    )
    asks(office, breach.name, bob)
    broken = "select state from mails where about = %s"
    eventually(lambda: sas.sql(broken, bob.who.name) == [("broken",)])
    assert thief.mails() == 0


def test_without_an_address_nothing_is_held_up(
    sas: House, office: Office, breach: pb.Breach
) -> None:
    nowhere, bob = Colleague(sas), Colleague(sas)
    sas.sql("delete from staff_addresses where staff_member = %s", nowhere.who.name)
    asks(office, breach.name, nowhere)
    asks(office, breach.name, bob)
    eventually(bob.mails)


def test_a_request_for_a_name_is_told_to_who_decides_and_whose_it_is(
    sas: House, office: Office, zoe: Person
) -> None:
    """R24: and to nobody else, and to nobody behind a wall."""
    case = office.opens_case(zoe).name
    ada, bob = Colleague(sas, office.who), Colleague(sas)
    lea, eve = (Colleague(sas, role="manager") for _ in range(2))
    walled(sas, eve.who, case.replace("cases/", "breaches/"))
    Wish.made(office, zoe, case)
    eventually(lambda: ada.mails() and lea.mails())
    assert (ada.mails(), lea.mails(), bob.mails(), eve.mails()) == (1, 1, 0, 0)
    (mail,) = sas.mails(lea.address)
    for word in ("name", "student", "request", CANARY):
        assert word not in str(mail.get_payload()).lower(), word


def reminds(sas: House, hours: float) -> None:
    """Let the worker of cases remind of accidents, with its own rights, so many hours from now."""
    database = Database(sas.settings("cases-work"), sas.vault("cases-work"))
    try:
        with transaction(database.engine) as connection:
            now = datetime.now(UTC) + timedelta(hours=hours)
            reminding.remind_of_incidents(HandlerWork(connection), now)
    finally:
        database.close()


def nothing_is_left(sas: House, office: Office, case: str) -> None:
    """Remind of what other tests have left, and wait until that was told."""
    for hours in (*range(0, 72, 12), 200):  # "shortly before" lasts for 18 hours
        reminds(sas, hours)
    last = Colleague(sas)
    accident = recorded(office, case, last.who)
    eventually(last.mails)
    decided(sas, last.who, accident.name)


def test_who_decides_about_an_accident_is_told_and_reminded_before_its_72_hours_are_over(
    sas: House, office: Office, zoe: Person
) -> None:
    """R14: at once, 18 hours before, and with the managers when it is late; each time once."""
    case = office.opens_case(zoe).name
    nothing_is_left(sas, office, case)
    decider, lea, bob = Colleague(sas), Colleague(sas, role="manager"), Colleague(sas)
    eve = Colleague(sas, role="manager")
    walled(sas, eve.who, case.replace("cases/", "breaches/"))
    accident = recorded(office, case, decider.who)
    recorded(office, case, decider.who, kind="near_miss")
    eventually(lambda: decider.mails() == 1)
    reminds(sas, 50)
    reminds(sas, 54)
    eventually(lambda: decider.mails() == 2)
    reminds(sas, 60)
    assert lea.mails() == 0
    reminds(sas, 72)
    eventually(lambda: lea.mails() == 1)
    reminds(sas, 90)
    decided(sas, decider.who, accident.name)
    reminds(sas, 100)
    recorded(office, case, bob.who)  # so that whatever was told before has arrived
    eventually(bob.mails)
    assert (decider.mails(), lea.mails(), bob.mails(), eve.mails()) == (3, 1, 1, 0)
