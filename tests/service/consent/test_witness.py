"""
The ledger and its witness, both as they run: what is signed, kept and handed on, and what is told.

"Without it, whoever owns both the database and the signing path could rewrite everything."
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from sas.consent.v1 import ledger_pb2
from sqlalchemy import Engine

from common.config import ConfigError
from common.migrate import upgrade
from deploy import witness as embedded
from services.consent.actions.witnessing import ask_witness
from services.consent.domain.ledger.checkpoint import Checkpoint
from services.consent.domain.ledger.cosignature import WitnessKey, cosignature
from services.consent.domain.ledger.entry import Entry
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.note import VerifierKey
from services.consent.domain.ledger.receipt import Receipt
from services.consent.domain.witnesses import Heard, Witness
from services.consent.storage.ledger import Ledger
from services.consent.storage.witness_line import WitnessLine, lines
from services.consent.storage.witnesses import Witnesses
from tests.kit.house import eventually
from tests.kit.independent import Claim
from tests.kit.independent.python import Sigstore
from tests.kit.witness_alone import PlayedLog, WitnessAlone
from tests.service.consent.deeds import Case
from tests.service.consent.house import House, staff

MIGRATIONS = "services.consent.migrations"
HOW_LONG = 40


def checkpoint(sas: House) -> ledger_pb2.Checkpoint:
    """Ask for the checkpoint of now, as a trustee."""
    request = ledger_pb2.GetCheckpointRequest()
    return sas.call(staff("trustee"), sas.gateway.ledger.GetCheckpoint, request)


def test_each_checkpoint_is_witnessed_and_the_proof_handed_on(sas: House, case: Case) -> None:
    """The worker asks by itself; receipts are then given under what the witness has signed."""
    index = case.opened(staff(), case.item()).ledger_index
    witness_key = WitnessKey.parse(embedded.verifier_key(sas.state))

    def witnessed() -> bool:
        note = checkpoint(sas).witnessed
        key = VerifierKey.parse(checkpoint(sas).public_key)
        return bool(note) and Checkpoint.open(note, key).size > index

    eventually(witnessed, HOW_LONG)
    served = checkpoint(sas)
    signed = cosignature(served.witnessed, witness_key)
    assert signed is not None
    (one,) = served.witnesses
    assert (one.key_name, one.heard, one.contradicts) == (witness_key.name, "signed", False)
    assert one.cosigned_time.ToDatetime(UTC) >= signed.at
    proof = sas.call(
        staff("trustee"), sas.gateway.ledger.GetProof, ledger_pb2.GetProofRequest(index=index)
    )
    receipt = Receipt.parse(proof.proof)
    assert receipt.verify(proof.entry, VerifierKey.parse(served.public_key)).size > index
    assert cosignature(receipt.checkpoint, witness_key) is not None


def test_an_independent_verifier_accepts_what_the_running_ledger_proves(
    sas: House, case: Case
) -> None:
    """Of the newest entries, each as it is served; and under no other place than its own."""
    last = case.opened(staff(), case.item()).ledger_index
    served = checkpoint(sas)
    key = VerifierKey.parse(served.public_key)
    verifier = Sigstore(key)
    for index in range(max(0, last - 30), last + 1):
        request = ledger_pb2.GetProofRequest(index=index)
        proof = sas.call(staff("trustee"), sas.gateway.ledger.GetProof, request)
        claim = Claim.of(proof.proof, proof.entry, key.name)
        assert verifier.accepts(claim)
        assert not verifier.accepts(attrs.evolve(claim, index=index ^ 1))


def test_a_silent_witness_stops_nothing_and_is_told(sas: House, case: Case) -> None:
    with sas.without("witness"):
        eventually(lambda: checkpoint(sas).witnesses[0].heard == "silent", HOW_LONG)
        index = case.opened(staff(), case.item()).ledger_index
        proof = ledger_pb2.GetProofRequest(index=index)
        assert sas.call(staff("trustee"), sas.gateway.ledger.GetProof, proof).proof
        assert checkpoint(sas).witnesses[0].HasField("cosigned_time")
    eventually(lambda: checkpoint(sas).witnesses[0].heard == "signed", HOW_LONG)


def test_the_witness_knows_no_service_and_no_service_its_key(sas: House) -> None:
    """Its key and its memory are named in no configuration but its own, and are for it alone."""
    for config in (sas.state / "etc").iterdir():
        own = config.name == "witness.toml"
        assert ("signing.key" in config.read_text()) == own
        assert ("witness.db" in config.read_text()) == own
    assert (sas.state / "witness/signing.key").stat().st_mode & 0o077 == 0
    assert (sas.state / "witness").stat().st_mode & 0o077 == 0
    text = (sas.state / "etc/witness.toml").read_text()
    assert not any(word in text for word in ("vault", "postgres", "database]", "rabbitmq"))


GOOD = str(WitnessKey("w.test/w", b"k" * 32))


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("", "no witness's verifier key"),
        ("nonsense https://w.test", "no witness's verifier key"),
        (f"{VerifierKey('w.test/w', b'k' * 32)} https://w.test", "another kind"),
        (f"{GOOD[:-4]}AAA= https://w.test", "no witness's verifier key"),
        (GOOD, "https URL"),
        (f"{GOOD} http://w.test", "https URL"),
        (f"{GOOD} https://w.test/", "https URL"),
        (f"{WitnessKey('sas/ledger', b'k' * 32)} https://w.test", "a name of its own"),
    ],
)
def test_a_witness_that_could_never_sign_stops_the_start(setting: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=r"settings\.witnesses") as caught:
        lines([setting], None, "sas/ledger")
    assert problem in str(caught.value)


def test_one_witness_named_twice_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a name of its own"):
        lines([f"{GOOD} https://one.test", f"{GOOD} https://two.test"], None, "sas/ledger")
    with pytest.raises(ConfigError, match=r"settings\.witness_ca_file"):
        lines([f"{GOOD} https://one.test"], tmp_path / "none.pem", "sas/ledger")


# Somebody who holds the database and the signing key, too


@attrs.define
class Owned:
    """A ledger of its own database, in the hands of somebody with every right and the key."""

    sas: House
    engine: Engine
    database: str
    log: PlayedLog
    witness: WitnessAlone
    kept: list[Entry] = attrs.field(factory=list)

    def grows(self, count: int) -> None:
        """Append entries and sign a checkpoint, as the service does."""
        for _ in range(count):
            self.kept.append(some_entry())
            with self.engine.begin() as connection:
                connection.exec_driver_sql("set local role consent_owner")
                Ledger(connection).append(self.kept[-1])
        self.signs()

    def signs(self) -> None:
        """Sign a checkpoint of what is there."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("set local role consent_owner")
            ledger = Ledger(connection)
            frontier = ledger.frontier()
            made = Checkpoint(self.log.origin, frontier.size, frontier.root)
            note = made.signed(self.log.key, self.log.private_key.sign)
            ledger.keep_checkpoint(frontier.size, note, datetime.now(UTC))

    def asks(self) -> Witness:
        """Take the worker's turn."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql("set local role consent_owner")
            line = WitnessLine(self.witness.key, self.witness.url, self.witness.ca_file)
            found = ask_witness(connection, line, datetime.now(UTC))
        assert found is not None
        return found

    def cuts(self, size: int) -> None:
        """Make the database what it was at *size*, signatures and all: a restored old backup."""
        frontier = Frontier()
        rows = self.sql("select leaf_hash from entries where idx < %s order by idx", size)
        for (leaf,) in rows:
            frontier = frontier.append(bytes(leaf))
        self.sql("delete from cosignatures where size > %s", size)
        self.sql("delete from checkpoints where size > %s", size)
        self.sql("delete from entries where idx >= %s", size)
        self.sql("update frontier set size = %s, peaks = %s", size, frontier.to_bytes())
        self.sql("delete from witnesses")
        del self.kept[size:]

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Run SQL as the superuser."""
        return self.sas.sql(statement, *values, database=self.database)


def some_entry() -> Entry:
    """Make up a decision."""
    return Entry(
        action="case_note:read",
        effect="allow",
        actor="staffMembers/00000000-0000-4000-8000-000000000001",
        role="adviser",
        at=datetime.now(UTC),
        policy_set="0" * 64,
        record="records/00000000-0000-4000-8000-000000000003",
    )


@pytest.fixture
def owned(sas: House, tmp_path: Path) -> Iterator[Owned]:
    log = PlayedLog("owned.test/ledger")
    alone = WitnessAlone.make(tmp_path, log.key)
    try:
        alone.start()
        with sas.another_database() as (engine, database):
            upgrade(engine, "consent_owner", MIGRATIONS)
            owned = Owned(sas, engine, database, log, alone)
            owned.grows(12)
            assert owned.asks().heard == Heard.SIGNED
            owned.grows(8)
            assert owned.asks().heard == Heard.SIGNED
            yield owned
    finally:
        alone.stop()


def test_an_honest_ledger_is_signed_again_and_again(owned: Owned) -> None:
    """At each turn, so that a quiet day is no silence; of one size only one line is kept."""
    for _ in range(3):
        found = owned.asks()
        assert (found.heard, found.size, found.contradicts) == (Heard.SIGNED, 20, False)
    with owned.engine.connect() as connection:
        connection.exec_driver_sql("set role consent_owner")
        size, note = Witnesses(connection).newest() or (0, "")
        assert Witnesses(connection).newest(above=20) is None
    assert size == 20
    assert note.count("\n— ") == 2
    assert cosignature(note, owned.witness.key) is not None
    assert len(owned.sql("select 1 from cosignatures")) == 2


def test_a_cut_tail_is_caught(owned: Owned) -> None:
    """The ledger is whole in itself, and our own note of where the witness stood is cut as well."""
    owned.cuts(12)
    found = owned.asks()
    assert (found.heard, found.size, found.contradicts) == (Heard.AHEAD, 20, True)
    # It stays so until the very entries are back.
    owned.grows(3)
    assert owned.asks().heard == Heard.AHEAD
    assert "# rollback of owned.test/ledger" in owned.witness.show().stdout


def test_a_restored_old_backup_that_grows_on_is_caught(owned: Owned) -> None:
    """Grown beyond what the witness has signed, it has other entries there, and no proof."""
    owned.cuts(12)
    owned.grows(13)
    assert owned.asks().heard == Heard.ELSEWHERE  # where it stands was forgotten with the rest
    assert owned.asks().heard == Heard.DIFFERS
    shown = owned.witness.show().stdout
    assert "# unproven of owned.test/ledger" in shown


def test_a_full_rewrite_is_caught(owned: Owned) -> None:
    """Every entry written anew, every hash and every checkpoint right, and signed by the key."""
    owned.cuts(0)
    owned.grows(20)
    owned.asks()
    found = owned.asks()
    assert (found.heard, found.contradicts) == (Heard.DIFFERS, True)
    shown = owned.witness.show()
    assert (shown.returncode, "# fork of owned.test/ledger" in shown.stdout) == (1, True)
    # What the trustee holds is proof to anybody: two signed checkpoints of one size.
    parts = shown.stdout.split("\n# ")
    notes = [part[part.index("\n") + 1 :] for part in parts]
    signed = [
        Checkpoint.open(note.rstrip("\n") + "\n", owned.log.key)
        for note in notes
        if note.startswith(owned.log.origin)
    ]
    assert len({each.root for each in signed}) == 2
    assert {each.size for each in signed} == {20}


def test_a_rewrite_that_goes_on_from_what_was_signed_is_caught(owned: Owned) -> None:
    """One entry changed, and all that follows from it."""
    first = owned.kept[:7]
    owned.cuts(0)
    for entry in first:
        with owned.engine.begin() as connection:
            connection.exec_driver_sql("set local role consent_owner")
            Ledger(connection).append(entry)
    owned.grows(20)
    owned.asks()
    assert owned.asks().heard == Heard.DIFFERS


def test_a_witness_that_signs_with_another_key_is_not_believed(owned: Owned) -> None:
    other = WitnessKey(owned.witness.key.name, b"\x01" * 32)
    owned.grows(1)
    with owned.engine.begin() as connection:
        connection.exec_driver_sql("set local role consent_owner")
        line = WitnessLine(other, owned.witness.url, owned.witness.ca_file)
        found = ask_witness(connection, line, datetime.now(UTC))
    assert found is not None
    assert found.heard == Heard.REFUSED
    assert owned.sql("select 1 from cosignatures where size = 21") == []


def test_whoever_else_answers_under_its_address_is_no_witness(owned: Owned) -> None:
    """Its certificate has to be good for its name; if not, it is as good as silent."""
    owned.grows(1)
    with owned.engine.begin() as connection:
        connection.exec_driver_sql("set local role consent_owner")
        line = WitnessLine(owned.witness.key, owned.witness.url, ca_file=None)
        found = ask_witness(connection, line, datetime.now(UTC))
    assert found is not None
    assert found.heard == Heard.SILENT


def test_a_witness_that_has_forgotten_is_shown_everything_again(owned: Owned) -> None:
    owned.witness.stop()
    for file in owned.witness.folder.glob("witness.db*"):
        file.unlink()
    owned.witness.start()
    assert owned.asks().heard == Heard.ELSEWHERE
    assert owned.asks().heard == Heard.SIGNED
