"""
The processes of reports.

    python -m services.reports serve --config FILE
    python -m services.reports work --config FILE
    python -m services.reports migrate --config FILE

The processes import only what they need: `work` must not import gRPC, which and eventlet can't
share a process.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from common.process import run
from services.reports.config import Settings

if TYPE_CHECKING:
    from common.config import Config
    from common.vault import Vault


def serve(config: Config[Settings], vault: Vault) -> None:
    """Answer calls until told to leave."""
    from sas.reports.v1 import reports_pb2_grpc

    from common.db import Database
    from common.passes import Passes
    from common.rpc.client import Peer
    from common.rpc.server import serve as serve_until_told
    from services.reports.actions.tools import Tools
    from services.reports.api.reports import ReportsServicer
    from services.reports.storage.consent import Consent
    from services.reports.storage.opening import Opening
    from services.reports.storage.work import Work

    database = Database(config.database, vault)
    tools = Tools(
        begin=lambda: Work(database.engine),
        consent=Consent(Peer(config, vault, "consent")),
        opening=Opening(vault),
        passes=Passes(vault),
        smallest_published=config.settings.smallest_published,
        now=lambda: datetime.now(UTC),
    )
    served = [(reports_pb2_grpc.add_ReportsServiceServicer_to_server, ReportsServicer(tools))]
    serve_until_told(config, vault, served, ready=database.answers)
    database.close()


def work(config: Config[Settings], vault: Vault) -> None:
    """Handle events until told to leave."""
    from common.db import Database
    from common.events.process import run_worker
    from services.reports.worker import HANDLERS, TIMERS

    database = Database(config.database, vault, driver="psycopg2")
    run_worker(config, vault, database, HANDLERS, TIMERS)


if __name__ == "__main__":
    run("services.reports", Settings, {"serve": serve, "work": work})
