"""The database when its server dies. The server is for this file alone."""

from __future__ import annotations

import signal

import pytest

from common.db import Database, UnitOfWork
from common.errors import TryAgain
from tests.kit.servers.local import Local
from tests.kit.servers.session import Servers
from tests.kit.servers.values import POSTGRES
from tests.service.database import things as example
from tests.service.database.databases import Databases
from tests.service.database.things import add, new_name, things

pytestmark = pytest.mark.local_lane_only("kills the server")


@pytest.fixture(scope="module")
def databases(local: Local) -> Databases:
    made = Databases(Servers(local))
    example.make(made)
    return made


def test_without_the_server_one_tries_again_and_then_it_works(
    local: Local, database: Database
) -> None:
    assert database.answers()
    with UnitOfWork(database.engine) as work:
        add(work, new_name())
        local.kill("postgres", signal.SIGQUIT)
        with pytest.raises(TryAgain):
            work.commit()
    with pytest.raises(TryAgain):
        things(database)
    assert not database.answers()
    local.begin(POSTGRES)
    local.wait(POSTGRES)
    assert database.answers()
