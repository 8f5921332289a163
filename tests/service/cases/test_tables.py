"""What lies in the tables, and which process may change it."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sas.cases.v1 import cases_pb2

from common.migrate import downgrade, upgrade
from services.cases.storage.tables import metadata
from tests.kit.house import Person
from tests.service.cases.house import House
from tests.service.cases.office import CANARY, Office, agree, link_and_code, preview_contact


def test_no_table_and_no_log_holds_a_word(sas: House, office: Office, zoe: Person) -> None:
    """R5, R17, R23: whoever reads the raw tables, as the superuser, finds no word."""
    address = f"{CANARY}-{uuid4()}@example.org"
    case = office.opens_case(zoe)
    office.reads_note(office.writes_note(case.name).name)
    disclosure = office.proposes(office.attaches_letter(case.name).name, address)
    agree(sas, zoe, disclosure)
    office.sends(disclosure.name)
    _, code = link_and_code(sas, address)
    closing = cases_pb2.CloseCaseRequest(name=case.name, outcome=f"{CANARY}-outcome")
    sas.call(office.who, sas.cases.CloseCase, closing)
    contact = office.names(case.name, address=address)
    preview_contact(sas, zoe, contact.name)
    for place in (sas.dump(), sas.logs()):
        assert CANARY.encode() not in place
        assert address.encode() not in place
        assert code.encode() not in place
        assert b"%PDF" not in place


@pytest.mark.parametrize(
    "statement",
    [
        "update notes set sealed = null",
        "delete from notes",
        "update documents set content_sealed = null",
        "delete from documents",
        "update breach_words set sealed = null",
        "update contacts set sealed = null",
        "update contacts set payload_digest = ''",
        "delete from contacts",
        "update disclosures set content_sealed = null",
        "update disclosures set items = '{}'",
        "update redactions set sealed = null",
        "delete from redactions",
        "update prints set kept_in = 'Zoe'",
        "delete from prints",
        "delete from passes_used",
        "delete from link_tries",
        "update link_tries set first_at = now()",
        "delete from disposals",
        "insert into disposals values ('records/x', 'case', now())",
        "delete from cases",
        "update mails set about = 'disclosures/x'",
        "update mails set state = 'sent'",
        "select sealed from mails",
        "select * from staff_addresses",
    ],
)
def test_serve_can_only_add_words(sas: House, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sas.sql_as("cases_serve", statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select sealed from notes",
        "select content_sealed from documents",
        "select sealed from contacts",
        "select content_sealed from disclosures",
        "select sealed from redactions",
        "select items from prints",
        "insert into passes_used values ('x', now())",
        "select tries from link_tries",
        "update link_tries set tries = 0",
        "update disposals set kind = 'case'",
        "delete from disposals",
        "insert into notes (id) values (gen_random_uuid())",
        "delete from notes",
        "update mails set about = 'disclosures/x'",
        "select delivery_sealed from disclosures",
        "select delivery_wrapped_key from disclosures",
    ],
)
def test_work_sees_no_words_and_never_changes_the_disposal_list(sas: House, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sas.sql_as("cases_work", statement)


def test_mails_that_waited_before_they_were_bound_do_not_leave(sas: House) -> None:
    """Their ciphertexts fit any row; their disclosures can be sent again, with a fresh link."""
    with sas.another_database() as (engine, _):
        upgrade(engine, "cases_owner", "services.cases.migrations", "0008")
        with engine.begin() as connection:
            connection.exec_driver_sql(BEFORE_0009)
        upgrade(engine, "cases_owner", "services.cases.migrations", "0009")
        with engine.connect() as connection:
            mails = connection.exec_driver_sql("select state, sealed from mails order by state")
            assert mails.all() == [("expired", None), ("sent", None)]
            left = "select state, link_hash, waiting_sealed from disclosures"
            assert connection.exec_driver_sql(left).all() == [("not_sent", None, None)]


BEFORE_0009 = """
set role cases_owner;
insert into involvements values ('students/1', '2026-01-01');
insert into cases values ('00000000-0000-4000-8000-000000000001', 'students/1', 'x', 'open',
    '2026-01-01', 1, now());
insert into enquiries (id, kind, contact_date, author, created_at)
    select ('00000000-0000-4000-8000-00000000000' || n)::uuid, 'third_party', '2026-01-01', '',
        now() from generate_series(2, 3) as n;
insert into reply_mails values
    ('00000000-0000-4000-8000-000000000002', 'waiting', 'v', now(), 0, 'vault:v1:x'),
    ('00000000-0000-4000-8000-000000000003', 'sent', 'v', now(), 0, null);
insert into disclosures (id, case_id, recipient, purpose, ends_on, consent, state, version, author,
        created_at, tries_left, link_hash, waiting_sealed, leaves_at)
    values ('00000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-000000000001', 'x',
        'x', '2026-12-01', 'x', 'waiting', 1, 'x', now(), 5, '\\x00', 'vault:v1:x', now());
"""
"""What `reply_mails` and `disclosures` held."""


def test_the_migrations_lead_to_the_tables_and_back(sas: House) -> None:
    with sas.another_database() as (engine, _):
        upgrade(engine, "cases_owner", "services.cases.migrations")
        with engine.connect() as connection:
            connection.exec_driver_sql("set role cases_owner")
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, metadata) == []
        downgrade(engine, "cases_owner", "services.cases.migrations")
        upgrade(engine, "cases_owner", "services.cases.migrations")
