"""
Identity's processes and commands.

    python -m services.identity serve --config FILE
    python -m services.identity work --config FILE
    python -m services.identity migrate --config FILE
    python -m services.identity appoint --config FILE < JSON

`appoint` is the operator's: it admits the first manager, and refuses when there is one. Who that
is comes as JSON on standard input (`display_name`, `subject`, `ends_on`), for what stands on a
command line can be read by everybody on the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from common.config import Config, ConfigError, load
from services.identity.config import Settings

if TYPE_CHECKING:
    from common.db import Database
    from common.vault import Vault
    from services.identity.actions.parts import Parts


def main() -> int:
    """Do what the command line says, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.identity", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        return COMMANDS[arguments.command](load(arguments.config, Settings))
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201  # one line for whoever starts it
        return 2


# The processes import only what they need: `work` must not import gRPC, which and eventlet can't
# share a process.


def serve(config: Config[Settings]) -> int:
    """Answer calls until told to leave."""
    from sas.identity.v1 import (
        notices_pb2_grpc,
        sessions_pb2_grpc,
        staff_members_pb2_grpc,
        students_pb2_grpc,
        third_parties_pb2_grpc,
    )
    from sas_ext import ext_authz_pb2_grpc

    from common import telemetry
    from common.db import Database
    from common.rpc.server import serve as serve_until_told
    from common.vault import Vault
    from services.identity.actions.caller_tokens import CallerTokens
    from services.identity.api.authorization import AuthorizationServicer
    from services.identity.api.notices import NoticesServicer
    from services.identity.api.sessions import SessionsServicer
    from services.identity.api.staff_members import StaffMembersServicer
    from services.identity.api.students import StudentsServicer
    from services.identity.api.third_parties import ThirdPartiesServicer

    if not config.settings.redirect_uris:
        raise ConfigError("settings.redirect_uris is missing")
    telemetry.start(config.process, config.telemetry.url, config.telemetry.ca_file)
    vault = Vault.login(config.vault)
    database = Database(config.database, vault)
    parts = _parts(config, vault, database)
    tokens = CallerTokens(vault, config.settings.caller_token_seconds)
    serve_until_told(
        config,
        vault,
        [
            (
                ext_authz_pb2_grpc.add_AuthorizationServicer_to_server,
                AuthorizationServicer(parts, tokens),
            ),
            (sessions_pb2_grpc.add_SessionsServiceServicer_to_server, SessionsServicer(parts)),
            (
                staff_members_pb2_grpc.add_StaffMembersServiceServicer_to_server,
                StaffMembersServicer(parts),
            ),
            (students_pb2_grpc.add_StudentsServiceServicer_to_server, StudentsServicer(parts)),
            (
                third_parties_pb2_grpc.add_ThirdPartiesServiceServicer_to_server,
                ThirdPartiesServicer(parts),
            ),
            (notices_pb2_grpc.add_NoticesServiceServicer_to_server, NoticesServicer()),
        ],
        database.answers,
    )
    database.close()
    vault.close()
    telemetry.stop()
    return 0


def work(config: Config[Settings]) -> int:
    """Send events and forget in time, until told to leave."""
    from common import telemetry
    from common.db import Database
    from common.events.process import run_worker  # the first: it makes the standard library green
    from common.vault import Vault
    from services.identity.worker import HANDLERS, TIMERS

    telemetry.start(config.process, config.telemetry.url, config.telemetry.ca_file)
    vault = Vault.login(config.vault)
    database = Database(config.database, vault, driver="psycopg2")
    run_worker(config, vault, database, HANDLERS, TIMERS)
    return 0


def migrate(config: Config[Settings]) -> int:
    """Bring the database up to the newest migration."""
    from common import migrate

    migrate.run(config, "services.identity.migrations")
    return 0


def appoint(config: Config[Settings]) -> int:
    """Appoint the first manager, whose account comes as JSON on standard input."""
    from common.db import Database
    from common.errors import InvalidFields, ServiceError
    from common.vault import Vault
    from services.identity.actions import staff_members
    from services.identity.domain.academic_year import CAMBRIDGE

    given = json.load(sys.stdin)
    vault = Vault.login(config.vault)
    database = Database(config.database, vault)
    try:
        parts = _parts(config, vault, database)
        ends_on = datetime.combine(date.fromisoformat(given["ends_on"]), time(), CAMBRIDGE)
        staff_members.appoint(
            parts,
            staff_members.Candidate(
                display_name=given["display_name"],
                issuer=given.get("issuer") or parts.provider.issuer,
                subject=given["subject"],
                role="manager",
                role_ends_at=ends_on,
            ),
        )
    except ServiceError as error:
        print(error, file=sys.stderr)  # noqa: T201  # for the operator
        if isinstance(error, InvalidFields):
            for field, why in error.violations.items():
                print(f"  {field}: {why}", file=sys.stderr)  # noqa: T201
        return 1
    finally:
        database.close()
        vault.close()
    return 0


def _parts(config: Config[Settings], vault: Vault, database: Database) -> Parts:
    from sas.consent.v1 import records_pb2_grpc

    from common.rpc.client import Peer
    from services.identity.actions.parts import Parts
    from services.identity.storage.consent import Consent
    from services.identity.storage.identity_provider import Client, IdentityProvider
    from services.identity.storage.work import Work

    settings = config.settings

    def client() -> Client:
        secret = vault.secret(settings.oidc_secret)
        return Client(
            issuer=settings.issuer or secret["issuer"],
            client_id=secret["client_id"],
            client_secret=secret["client_secret"],
        )

    return Parts(
        new_work=lambda: Work(database.engine),
        new_reads=lambda: Work(database.reads),
        vault=vault,
        consent=Consent(Peer(config, vault, "consent").stub(records_pb2_grpc.RecordsServiceStub)),
        provider=IdentityProvider(settings.preset, config.trust.ca_file, client),
        redirect_uris=settings.redirect_uris,
        lifetimes=settings.lifetimes,
    )


COMMANDS = {"serve": serve, "work": work, "migrate": migrate, "appoint": appoint}

if __name__ == "__main__":
    sys.exit(main())
