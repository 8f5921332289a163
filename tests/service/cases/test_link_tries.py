"""
A try of a link is counted whether there is such a link or not.

R9: "not confirming that any student has used or is using the Service". Trying a link that never was
costs the same statements and the same write as trying one that lives; what is left of a difference
is hidden by the beat at which every answer leaves (`test_times_outside.py`).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from common.db import Database
from common.migrate import downgrade, upgrade
from services.cases.config import Settings
from services.cases.domain.links import hash_token
from services.cases.storage.link_tries import LinkTries
from tests.kit.house import Person, login
from tests.service.cases.house import House
from tests.service.cases.office import Office, collect, sent_disclosure

PACKAGE, OWNER = "services.cases.migrations", "cases_owner"
BEFORE, THIS = "0007", "0008"
"""The migration of the tries, and the one before it."""
OLD_LINK = """
set session_replication_role = replica;
insert into disclosures (id, case_id, recipient, purpose, ends_on, consent, state, version,
        author, created_at, link_hash, tries_left)
    values (gen_random_uuid(), gen_random_uuid(), '', '', now(), '', 'sent', 1, '', now(), 'h', 2);
"""
METHOD = "DisclosuresService/CollectDisclosure"
BEAT = Settings("", "", 0, "").answer_beat_ms / 1000


def tried(sas: House, link: str) -> int | None:
    """Say how often a link was tried, by its row; None if there is none."""
    found = sas.sql("select tries from link_tries where link_hash = %s", hash_token(link))
    return found[0][0] if found else None


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def test_a_link_that_never_was_is_tried_as_often_as_one_that_lives(
    sas: House, office: Office, zoe: Person
) -> None:
    _, living, code = sent_disclosure(office, zoe, f"tutor-{uuid4()}@example.org")
    never = "x" * len(living)
    for link in (living, never):
        refused = {sas.refusal(None, METHOD, collect(link, wrong(code))) for _ in range(3)}
        assert len(refused) == 1
        assert tried(sas, link) == 3


def test_a_right_code_costs_no_try(sas: House, office: Office, zoe: Person) -> None:
    _, link, code = sent_disclosure(office, zoe, f"tutor-{uuid4()}@example.org")
    for _ in range(6):
        assert sas.call(None, sas.disclosures.CollectDisclosure, collect(link, code)).content
    assert tried(sas, link) == 0


def test_an_answer_leaves_at_a_beat(sas: House, office: Office, zoe: Person) -> None:
    """However little there was to do; the first call may find the server cold."""
    _, link, code = sent_disclosure(office, zoe, f"tutor-{uuid4()}@example.org")
    for asked in (collect("x" * len(link), code), collect(link, wrong(code))):
        begun = time.monotonic()
        sas.refusal(None, METHOD, asked)
        assert time.monotonic() - begun >= BEAT


def test_tries_are_forgotten_when_no_link_is_left(sas: House, office: Office, zoe: Person) -> None:
    """So guessing fills no disk; and nobody gets new tries for a link by waiting."""
    _, living, code = sent_disclosure(office, zoe, f"tutor-{uuid4()}@example.org")
    for link in (living, "never was"):
        sas.refusal(None, METHOD, collect(link, wrong(code)))
    vault = login(sas.state, "cases-work")
    database = Database(sas.settings("cases-work"), vault, driver="psycopg2")
    now = datetime.now(UTC)
    for before, left in ((now - timedelta(hours=1), 1), (now + timedelta(hours=1), None)):
        with database.engine.begin() as connection:
            LinkTries(connection).forget(before)
        assert tried(sas, "never was") == left
        assert tried(sas, living) == 1
    database.close()
    vault.close()


def test_what_was_tried_before_stays_tried(sas: House) -> None:
    """A link with two tries left has two left after the migration, and the way back knows them."""
    with sas.another_database() as (engine, name):
        upgrade(engine, OWNER, PACKAGE, BEFORE)
        sas.sql(OLD_LINK, database=name)
        for tries, left in ((3, 2), (4, 1)):
            upgrade(engine, OWNER, PACKAGE, THIS)
            assert sas.sql("select tries from link_tries", database=name) == [(tries,)]
            sas.sql("update link_tries set tries = tries + 1", database=name)
            downgrade(engine, OWNER, PACKAGE, BEFORE)
            found = sas.sql("select tries_left from disclosures", database=name)
            assert found == [(left - 1,)]
