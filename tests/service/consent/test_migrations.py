"""Old rows survive each step, up and down: what a student agreed to is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from common.migrate import downgrade, upgrade
from services.consent.domain.consent import State
from services.consent.storage.consents import Consents
from services.consent.storage.tables import metadata
from tests.service.consent.house import House

PACKAGE, OWNER = "services.consent.migrations", "consent_owner"
AGREED = """
insert into consents values ('consents/1', 1, 'records/1', 'students/zoe', 'disclosures/1',
    'thirdParties/1', 'safety', 'd', '{documents/1}', 'consent-2026-11', 't', 'staffMembers/ada',
    '2026-11-20', '2026-12-01');
insert into consent_events (consent, state, at, ledger_index, text_sha256, act)
    values ('consents/1', 'given', '2026-11-21', 2, 't', 'typed'),
           ('consents/1', 'expired', '2026-12-01', null, null, null);
"""


@pytest.fixture
def engine(sas: House) -> Iterator[sa.Engine]:
    with sas.another_database() as (engine, _):
        yield engine


def test_a_consent_of_before_stands_as_it_stood(engine: sa.Engine) -> None:
    """R8: the text, its language and who said yes are known of every consent, however old."""
    upgrade(engine, OWNER, PACKAGE, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql(AGREED)
    for _ in range(2):
        upgrade(engine, OWNER, PACKAGE)
        with engine.connect() as connection:
            found = Consents(connection).find("consents/1")
        assert found is not None
        assert found.asked.language == "en"
        assert found.state is State.EXPIRED
        assert [(line.what, line.by) for line in found.log] == [
            ("given", "students/zoe"),
            ("expired", ""),
        ]
        assert found.log[0].at == datetime(2026, 11, 21, tzinfo=UTC)
        downgrade(engine, OWNER, PACKAGE, "0001")


def test_the_tables_are_those_that_queries_see(engine: sa.Engine) -> None:
    upgrade(engine, OWNER, PACKAGE)
    there = sa.inspect(engine)
    for table in metadata.tables.values():
        columns = {column["name"] for column in there.get_columns(table.name)}
        assert columns == set(table.columns.keys()), table.name
