"""
The processes and commands of cases.

    python -m services.cases serve --config FILE
    python -m services.cases work --config FILE
    python -m services.cases migrate --config FILE
    python -m services.cases disposals --config FILE

`disposals` is the operator's: it prints the disposal list as JSON, for `deploy.vault.disposals` to
replay before a restored Vault serves. It runs with the configuration of `cases-serve`.

The processes import only what they need: `work` must not import gRPC, which and eventlet can't
share a process.
"""

from __future__ import annotations

import functools
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from common.process import run
from services.cases.config import Settings

if TYPE_CHECKING:
    from common.config import Config
    from common.db import Database
    from common.rpc.server import Servicer
    from common.vault import Vault
    from services.cases.actions.tools import Tools


def serve(config: Config[Settings], vault: Vault) -> None:
    """Answer calls until told to leave."""
    from common.db import Database
    from common.rpc.server import serve as serve_until_told

    database = Database(config.database, vault)
    serve_until_told(
        config, vault, servicers(tools(config, vault, database)), ready=database.answers
    )
    database.close()


def tools(config: Config[Settings], vault: Vault, database: Database) -> Tools:
    """Put together what actions work with."""
    from common.pace import Pace
    from common.passes import Passes
    from common.rpc.client import Peer
    from services.cases.actions.envelopes import Envelopes, make_envelope
    from services.cases.actions.tools import Tools
    from services.cases.storage.consent import Consent
    from services.cases.storage.facts import Facts
    from services.cases.storage.mails import Post
    from services.cases.storage.renderer import Renderer
    from services.cases.storage.sealing import Sealing
    from services.cases.storage.walls import Walls
    from services.cases.storage.work import Work

    peer = Peer(config, vault, "consent")
    sealing, consent, walls = Sealing(vault), Consent(peer), Walls(peer)
    return Tools(
        begin=lambda: Work(database.engine, walls.hidden),
        look=lambda: Work(database.reads),
        begin_whole=lambda: Work(database.engine),
        walls=walls,
        sealing=sealing,
        consent=consent,
        facts=Facts(vault),
        mail=config.settings.mail(),
        post=Post(vault),
        envelopes=Envelopes(functools.partial(make_envelope, consent, sealing)),
        hold=timedelta(seconds=config.settings.hold_seconds),
        pace=Pace(config.settings.answer_beat_ms / 1000),
        passes=Passes(vault),
        render=Renderer(config.settings.renderings_at_once).render,
        now=lambda: datetime.now(UTC),
    )


def servicers(parts: Tools) -> list[Servicer]:
    """List what is served: one servicer for each service in the protos."""
    from sas.cases.v1 import (
        access_requests_pb2_grpc,
        breaches_pb2_grpc,
        case_notes_pb2_grpc,
        cases_pb2_grpc,
        contacts_pb2_grpc,
        disclosures_pb2_grpc,
        documents_pb2_grpc,
        enquiries_pb2_grpc,
        incidents_pb2_grpc,
        mails_pb2_grpc,
        name_requests_pb2_grpc,
        prints_pb2_grpc,
        redactions_pb2_grpc,
        retention_pb2_grpc,
    )

    from services.cases.api.access_requests import AccessRequestsServicer
    from services.cases.api.breaches import BreachesServicer
    from services.cases.api.case_notes import CaseNotesServicer
    from services.cases.api.cases import CasesServicer
    from services.cases.api.contacts import ContactsServicer
    from services.cases.api.disclosures import DisclosuresServicer
    from services.cases.api.documents import DocumentsServicer
    from services.cases.api.enquiries import EnquiriesServicer
    from services.cases.api.incidents import IncidentsServicer
    from services.cases.api.mails import MailsServicer
    from services.cases.api.name_requests import NameRequestsServicer
    from services.cases.api.prints import PrintsServicer
    from services.cases.api.redactions import RedactionsServicer
    from services.cases.api.retention import RetentionServicer

    return [
        (cases_pb2_grpc.add_CasesServiceServicer_to_server, CasesServicer(parts)),
        (case_notes_pb2_grpc.add_CaseNotesServiceServicer_to_server, CaseNotesServicer(parts)),
        (documents_pb2_grpc.add_DocumentsServiceServicer_to_server, DocumentsServicer(parts)),
        (enquiries_pb2_grpc.add_EnquiriesServiceServicer_to_server, EnquiriesServicer(parts)),
        (
            disclosures_pb2_grpc.add_DisclosuresServiceServicer_to_server,
            DisclosuresServicer(parts),
        ),
        (contacts_pb2_grpc.add_ContactsServiceServicer_to_server, ContactsServicer(parts)),
        (redactions_pb2_grpc.add_RedactionsServiceServicer_to_server, RedactionsServicer(parts)),
        (mails_pb2_grpc.add_MailsServiceServicer_to_server, MailsServicer(parts)),
        (prints_pb2_grpc.add_PrintsServiceServicer_to_server, PrintsServicer(parts)),
        (incidents_pb2_grpc.add_IncidentsServiceServicer_to_server, IncidentsServicer(parts)),
        (
            name_requests_pb2_grpc.add_NameRequestsServiceServicer_to_server,
            NameRequestsServicer(parts),
        ),
        (
            access_requests_pb2_grpc.add_AccessRequestsServiceServicer_to_server,
            AccessRequestsServicer(parts),
        ),
        (breaches_pb2_grpc.add_BreachesServiceServicer_to_server, BreachesServicer(parts)),
        (retention_pb2_grpc.add_RetentionServiceServicer_to_server, RetentionServicer(parts)),
    ]


def work(config: Config[Settings], vault: Vault) -> None:
    """Handle events until told to leave."""
    from common.db import Database
    from common.events.process import run_worker
    from services.cases.worker import HANDLERS, TIMERS

    database = Database(config.database, vault, driver="psycopg2")
    run_worker(config, vault, database, HANDLERS, TIMERS)


def disposals(config: Config[Settings], vault: Vault) -> None:
    """Print the disposal list as JSON: record, kind, and when its key was destroyed."""
    from common.db import Database
    from services.cases.storage.work import Work

    database = Database(config.database, vault)
    with Work(database.reads) as reads:
        found = reads.disposals.all()
    database.close()
    listed = [
        {"record": each.record, "kind": each.kind, "disposed_at": each.disposed_at.isoformat()}
        for each in found
    ]
    json.dump(listed, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    run(
        "services.cases",
        Settings,
        {"serve": serve, "work": work, "disposals": disposals},
    )
