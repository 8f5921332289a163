"""A worker for the tests of events: real in all but where its two logins come from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

import attrs
from sas.cases.v1.events_pb2 import CaseFactsRecorded
from sqlalchemy import text

from common import config as configs
from common import logs
from common.db import Database
from common.events.handlers import Deps, Handler, every, handles
from common.events.process import run_worker
from common.telemetry import current_trace
from common.vault import Vault


@attrs.frozen
class FixedLogins:
    """Gives the logins of a file, where Vault would make them."""

    details: dict[str, Any]

    def database_login(self, role: str) -> tuple[str, str, str, int]:
        """As Vault's, but always the same."""
        user, password = self.details["database_login"]
        return user, password, role, 3600

    def secret(self, path: str) -> dict[str, str]:
        """As Vault's, for the one secret that a worker reads."""
        username, password = self.details["rabbitmq_login"]
        return {"username": username, "password": password, "path": path}


@handles(CaseFactsRecorded)
def on_case_facts(deps: Deps, event: CaseFactsRecorded) -> None:
    """Write one row; fail on poison until it is cured, after the row was written."""
    deps.connection.execute(
        text("insert into effects values (:record, :trace)"),
        {"record": event.record, "trace": current_trace()[0]},
    )
    cured = deps.connection.execute(text("select cured from cure")).scalar_one()
    if event.record.startswith("records/poison") and not cured:
        raise ValueError("words that must not be logged")


@every(0.2)
def tick(deps: Deps) -> None:
    """Leave a mark, every time in a transaction of its own."""
    deps.connection.execute(text("insert into effects values ('tick', '')"))


@every(0.2)
def broken_tick(deps: Deps) -> None:
    """Fail, which must stop nothing."""
    raise ValueError("words that must not be logged")


def main() -> None:
    """Run the worker that the settings file describes."""
    details = json.loads(Path(sys.argv[1]).read_text())
    logs.start(details["process"])
    state = Path(details["state"])
    service = details["process"].removesuffix("-work")
    config = configs.Config(
        configs._Sections(
            process=details["process"],
            vault=configs.VaultSettings(
                url="",
                ca_file=state,
                role_id="",
                wrapped_secret_id_file=state / f"run/{service}-work.wrapped",
            ),
            database=configs.DatabaseSettings(
                host="localhost",
                port=details["database_port"],
                name=details["database"],
                ca_file=Path(details["ca_file"]),
                vault_role=f"{service}-work",
            ),
            rabbitmq=configs.RabbitmqSettings(
                host="127.0.0.1",
                port=details["rabbitmq_port"],
                vhost=details["vhost"],
                secret=f"rabbitmq/{service}-work",
                ca_file=Path(details["ca_file"]),
            ),
        ),
        None,
    )
    logins = FixedLogins(details)
    reads = service == "reports"
    handlers: list[Handler[Any]] = [on_case_facts] if reads else []
    run_worker(
        config,
        cast(Vault, logins),
        Database(config.database, logins, driver="psycopg2"),
        handlers,
        [tick, broken_tick] if reads else [],
        waits_ms=tuple(details["waits_ms"]),
    )


if __name__ == "__main__":
    main()
