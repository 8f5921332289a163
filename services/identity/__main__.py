"""
The processes and commands of identity.

    python -m services.identity serve --config FILE
    python -m services.identity work --config FILE
    python -m services.identity migrate --config FILE
    python -m services.identity appoint --config FILE < JSON

`appoint` is the operator's: it admits the first manager, and refuses when there is one. Who that
is comes as JSON on standard input (`display_name`, `subject`, `ends_on`), for what stands on a
command line can be read by everybody on the machine. It runs with the configuration of
`identity-serve`.

The processes import only what they need: `work` must not import gRPC, which and eventlet can't
share a process.
"""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from common.process import run
from services.identity.config import Settings

if TYPE_CHECKING:
    from common.config import Config
    from common.db import Database
    from common.rpc.server import Servicer
    from common.vault import Vault
    from services.identity.actions.caller_tokens import CallerTokens
    from services.identity.actions.parts import Parts


def serve(config: Config[Settings], vault: Vault) -> None:
    """Answer calls until told to leave."""
    from common.config import ConfigError
    from common.db import Database
    from common.rpc.server import serve as serve_until_told
    from services.identity.actions.caller_tokens import CallerTokens

    if not config.settings.redirect_uris:
        raise ConfigError("settings.redirect_uris is missing")
    database = Database(config.database, vault)
    tokens = CallerTokens(vault, config.settings.caller_token_seconds)
    served = servicers(parts(config, vault, database), tokens)
    serve_until_told(config, vault, served, ready=database.answers)
    database.close()


def parts(config: Config[Settings], vault: Vault, database: Database) -> Parts:
    """Put together what actions work with."""
    from sas.consent.v1 import name_procedure_pb2_grpc, records_pb2_grpc, walls_pb2_grpc

    from common.pace import Pace
    from common.passkeys import RelyingParty
    from common.rpc.client import Peer
    from services.identity.actions.parts import Parts
    from services.identity.storage.consent import Consent
    from services.identity.storage.identity_provider import Client, IdentityProvider
    from services.identity.storage.walls import Walls
    from services.identity.storage.work import Work

    settings = config.settings

    def client() -> Client:
        secret = vault.secret(settings.oidc_secret)
        return Client(
            issuer=settings.issuer or secret["issuer"],
            client_id=secret["client_id"],
            client_secret=secret["client_secret"],
        )

    consent = Peer(config, vault, "consent")
    walls = Walls(consent.stub(walls_pb2_grpc.ConflictsServiceStub))
    return Parts(
        new_work=lambda: Work(database.engine),
        new_reads=lambda: Work(database.reads),
        within_walls=lambda: Work(database.engine, walls.hidden),
        vault=vault,
        consent=Consent(
            consent.stub(records_pb2_grpc.RecordsServiceStub),
            consent.stub(name_procedure_pb2_grpc.NameProcedureServiceStub),
        ),
        walls=walls,
        provider=IdentityProvider(settings.preset, config.trust.ca_file, client),
        redirect_uris=settings.redirect_uris,
        lifetimes=settings.lifetimes,
        relying_party=RelyingParty(settings.passkey_domain, settings.passkey_pages),
        pace=Pace(settings.answer_beat_ms / 1000),
    )


def servicers(parts: Parts, tokens: CallerTokens) -> list[Servicer]:
    """List what is served: one servicer for each service in the protos, and the gateway's."""
    from sas.identity.v1 import (
        notices_pb2_grpc,
        passkeys_pb2_grpc,
        sessions_pb2_grpc,
        staff_members_pb2_grpc,
        students_pb2_grpc,
        third_parties_pb2_grpc,
    )
    from sas_ext import ext_authz_pb2_grpc

    from services.identity.api.authorization import AuthorizationServicer
    from services.identity.api.notices import NoticesServicer
    from services.identity.api.passkeys import PasskeysServicer
    from services.identity.api.sessions import SessionsServicer
    from services.identity.api.staff_members import StaffMembersServicer
    from services.identity.api.students import StudentsServicer
    from services.identity.api.third_parties import ThirdPartiesServicer

    return [
        (
            ext_authz_pb2_grpc.add_AuthorizationServicer_to_server,
            AuthorizationServicer(parts, tokens),
        ),
        (sessions_pb2_grpc.add_SessionsServiceServicer_to_server, SessionsServicer(parts)),
        (
            staff_members_pb2_grpc.add_StaffMembersServiceServicer_to_server,
            StaffMembersServicer(parts),
        ),
        (passkeys_pb2_grpc.add_PasskeysServiceServicer_to_server, PasskeysServicer(parts)),
        (students_pb2_grpc.add_StudentsServiceServicer_to_server, StudentsServicer(parts)),
        (
            third_parties_pb2_grpc.add_ThirdPartiesServiceServicer_to_server,
            ThirdPartiesServicer(parts),
        ),
        (notices_pb2_grpc.add_NoticesServiceServicer_to_server, NoticesServicer()),
    ]


def work(config: Config[Settings], vault: Vault) -> None:
    """Send events and forget in time, until told to leave."""
    from common.db import Database
    from common.events.process import run_worker
    from services.identity.worker import HANDLERS, TIMERS

    database = Database(config.database, vault, driver="psycopg2")
    run_worker(config, vault, database, HANDLERS, TIMERS)


def appoint(config: Config[Settings], vault: Vault) -> None:
    """Appoint the first manager, whose account comes as JSON on standard input."""
    from common.db import Database
    from common.errors import ServiceError
    from services.identity.actions import staff_members
    from services.identity.domain.academic_year import CAMBRIDGE

    given = json.load(sys.stdin)
    database = Database(config.database, vault)
    house = parts(config, vault, database)
    candidate = staff_members.Candidate(
        display_name=given["display_name"],
        issuer=house.provider.issuer,
        subject=given["subject"],
        role="manager",
        role_ends_at=datetime.combine(date.fromisoformat(given["ends_on"]), time(), CAMBRIDGE),
    )
    try:
        staff_members.appoint(house, candidate)
    except ServiceError as error:
        wrong = "".join(f"\n  {field}: {why}" for field, why in error.violations.items())
        sys.exit(f"{error}{wrong}")
    finally:
        database.close()


if __name__ == "__main__":
    run("services.identity", Settings, {"serve": serve, "work": work, "appoint": appoint})
