"""
The processes and commands of consent.

    python -m services.consent serve --config FILE
    python -m services.consent work --config FILE
    python -m services.consent migrate --config FILE
    python -m services.consent fsck --database-url-file FILE --vkey-file FILE [--kept FILE ...]

`fsck` is the operator's, for a copy of the database: it checks the whole ledger, prints what is
wrong and where, and exits with 1 if anything is. The database's URL comes from a file, for what
stands on a command line can be read by everybody on the machine. `--kept` names a checkpoint or a
receipt that was kept elsewhere: only that shows a ledger that was cut or rewritten as a whole.

The processes import only what they need: `work` must not import gRPC, which and eventlet can't
share a process.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from common.process import run
from services.consent.config import Settings

if TYPE_CHECKING:
    from common.config import Config
    from common.vault import Vault


def serve(config: Config[Settings], vault: Vault) -> None:
    """Answer calls until told to leave."""
    from sas.consent.v1 import (
        access_copies_pb2_grpc,
        breach_procedure_pb2_grpc,
        breach_tasks_pb2_grpc,
        consents_pb2_grpc,
        embargoes_pb2_grpc,
        gate_pb2_grpc,
        ledger_health_pb2_grpc,
        ledger_pb2_grpc,
        name_procedure_pb2_grpc,
        paper_pb2_grpc,
        policy_pb2_grpc,
        records_pb2_grpc,
        releases_pb2_grpc,
        walls_pb2_grpc,
    )

    from common.db import Database
    from common.passes import PassOffice
    from common.passkeys import RelyingParty
    from common.rpc.server import serve as serve_until_told
    from services.consent.actions.parts import Parts
    from services.consent.actions.signing import LedgerKey
    from services.consent.api.access_copies import AccessGateServicer
    from services.consent.api.breach_procedure import BreachProcedureServicer
    from services.consent.api.breach_tasks import BreachTasksServicer
    from services.consent.api.consents import ConsentsServicer
    from services.consent.api.embargoes import EmbargoesServicer
    from services.consent.api.gate import GateServicer
    from services.consent.api.ledger import LedgerServicer
    from services.consent.api.ledger_health import LedgerHealthServicer
    from services.consent.api.name_procedure import NameProcedureServicer
    from services.consent.api.paper import PaperServicer
    from services.consent.api.policy import PolicyServicer
    from services.consent.api.records import RecordsServicer
    from services.consent.api.releases import ReleasesServicer
    from services.consent.api.walls import ConflictsServicer, WallsServicer
    from services.consent.domain.exports.controller import Controller
    from services.consent.policies.engine import Policy
    from services.consent.storage.group_commit import GroupCommit
    from services.consent.storage.work import Change, Work

    policy = Policy.load()  # first: a policy that is not whole is not served
    database = Database(config.database, vault)
    group_commit = GroupCommit(database.reserved("AUTOCOMMIT"), database.reserved())
    parts = Parts(
        new_change=lambda: Change(database.engine, group_commit.forget),
        new_work=lambda: Work(database.engine),
        new_reads=lambda: Work(database.reads),
        group_commit=group_commit,
        policy=policy,
        vault=vault,
        passes=PassOffice(vault),
        relying_party=RelyingParty(config.settings.passkey_domain, config.settings.passkey_pages),
        ledger_key=LedgerKey(vault, config.settings.origin),
        ledger_disk=config.settings.ledger_disk,
        verbal_lasts=timedelta(days=config.settings.verbal_days),
        controller=Controller(
            name=config.settings.controller_name,
            contact=config.settings.controller_contact,
            address=config.settings.controller_address,
        ),
    )
    serve_until_told(
        config,
        vault,
        [
            (records_pb2_grpc.add_RecordsServiceServicer_to_server, RecordsServicer(parts)),
            (gate_pb2_grpc.add_GateServiceServicer_to_server, GateServicer(parts)),
            (paper_pb2_grpc.add_PaperServiceServicer_to_server, PaperServicer(parts)),
            (
                access_copies_pb2_grpc.add_AccessGateServiceServicer_to_server,
                AccessGateServicer(parts),
            ),
            (consents_pb2_grpc.add_ConsentsServiceServicer_to_server, ConsentsServicer(parts)),
            (
                breach_procedure_pb2_grpc.add_BreachProcedureServiceServicer_to_server,
                BreachProcedureServicer(parts),
            ),
            (
                breach_tasks_pb2_grpc.add_BreachTasksServiceServicer_to_server,
                BreachTasksServicer(parts),
            ),
            (embargoes_pb2_grpc.add_EmbargoesServiceServicer_to_server, EmbargoesServicer(parts)),
            (
                name_procedure_pb2_grpc.add_NameProcedureServiceServicer_to_server,
                NameProcedureServicer(parts),
            ),
            (walls_pb2_grpc.add_WallsServiceServicer_to_server, WallsServicer(parts)),
            (walls_pb2_grpc.add_ConflictsServiceServicer_to_server, ConflictsServicer(parts)),
            (releases_pb2_grpc.add_ReleasesServiceServicer_to_server, ReleasesServicer(parts)),
            (policy_pb2_grpc.add_PolicyServiceServicer_to_server, PolicyServicer(parts)),
            (ledger_pb2_grpc.add_LedgerServiceServicer_to_server, LedgerServicer(parts)),
            (
                ledger_health_pb2_grpc.add_LedgerHealthServiceServicer_to_server,
                LedgerHealthServicer(parts),
            ),
        ],
        database.answers,
    )
    database.close()


def work(config: Config[Settings], vault: Vault) -> None:
    """Send and handle events, sign checkpoints and have them witnessed, until told to leave."""
    from common.db import Database
    from common.events.process import run_worker
    from services.consent.actions.signing import LedgerKey
    from services.consent.storage.witness_line import lines
    from services.consent.worker import HANDLERS, timers

    told = config.settings
    witnesses = lines(told.witnesses, told.witness_ca_file, told.origin)
    database = Database(config.database, vault, driver="psycopg2")
    key = LedgerKey(vault, told.origin)
    run_worker(config, vault, database, HANDLERS, timers(config, key, witnesses))


def fsck(database_url_file: Path, vkey_file: Path, kept: list[Path]) -> int:
    """Check a copy of the ledger; print what is wrong; 1 if anything is, 2 if it can't be read."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    from services.consent.actions.checking import check_ledger
    from services.consent.domain.ledger.note import NoteBroken, VerifierKey
    from services.consent.domain.ledger.receipt import Receipt, ReceiptBroken

    def checkpoint_in(text: str) -> str:
        try:
            return Receipt.parse(text).checkpoint
        except ReceiptBroken:
            return text

    findings = 0
    try:
        key = VerifierKey.parse(vkey_file.read_text("utf-8"))
        notes = [checkpoint_in(each.read_text("utf-8")) for each in kept]
        engine = create_engine(database_url_file.read_text("utf-8").strip(), hide_parameters=True)
        for finding in check_ledger(engine, key, notes):
            findings += 1
            print(finding)  # noqa: T201  # the answer of the command
    except (OSError, ValueError, SQLAlchemyError, NoteBroken) as error:
        # Not the text of a database's error: it quotes the address, and may quote the password.
        print(f"can't check: {type(error).__name__}", file=sys.stderr)  # noqa: T201
        return 2
    print("nothing is wrong" if not findings else f"{findings} wrong")  # noqa: T201
    return 1 if findings else 0


def check(arguments: list[str]) -> int:
    """Do what the command line of `fsck` says; it needs no configuration, only a copy."""
    parser = argparse.ArgumentParser(prog="python -m services.consent fsck")
    parser.add_argument("--database-url-file", type=Path, required=True)
    parser.add_argument("--vkey-file", type=Path, required=True)
    parser.add_argument("--kept", type=Path, action="append", default=[])
    told = parser.parse_args(arguments)
    return fsck(told.database_url_file, told.vkey_file, told.kept)


if __name__ == "__main__":
    if sys.argv[1:2] == ["fsck"]:
        sys.exit(check(sys.argv[2:]))
    run("services.consent", Settings, {"serve": serve, "work": work})
