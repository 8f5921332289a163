"""
How many decisions can consent write down in a second, and what does one cost?

All goes through the functions that `consent-serve` calls, with its database role and its kind of
connection, and every entry is durably committed. No key is opened. Beside it, in the same run:
bare commits of a row of about the same size over such connections.

- an entry: what the ledger itself does for a decision that was taken.
- a decision and its entry: the policy is asked too, with facts that are at hand.
- a decision on a disclosure: its facts are read as well.

The bars: for the ledger, 3,000 decided entries a second with 64 callers, and 400 for one alone;
half a millisecond for the policy's own part; and a decision on a disclosure, with all its facts and
its entry, at most three times a bare durable commit. The policy holds Python's one lock while it
decides, so half a millisecond of it and 3,000 decisions a second in one process exclude each other;
that is why the ledger's bar is measured without, and the figure with it stands beside.
"""

from __future__ import annotations

import itertools
import statistics
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

import psycopg
import structlog

from benchmarks.measure import alone, heading, in_turns, together
from common.config import load
from common.db import Database
from common.passes import PassOffice
from common.vault import Vault
from deploy.demo import behind
from deploy.postgres import provision
from deploy.state import State
from services.consent.actions import answers, consents, gate, records
from services.consent.actions.deciding import Line, decide_and_commit, entry_of
from services.consent.actions.opening import Wrapped
from services.consent.actions.parts import Parts
from services.consent.actions.signing import LedgerKey
from services.consent.config import Settings
from services.consent.domain.decision import Question
from services.consent.domain.facts import Record, Who
from services.consent.domain.obligations import Obligation
from services.consent.policies import questions
from services.consent.policies.engine import Policy
from services.consent.storage.group_commit import GroupCommit
from services.consent.storage.work import Change, Work

MANY = 64
MANY_BAR, ALONE_BAR = 3000, 400
DECISION_BAR_MS = 0.5
DISCLOSURE_BAR = 3.0
SEEN_TO = frozenset({Obligation.RECEIPT, Obligation.REDACT})
BARE, WRITTEN, DISCLOSED = (
    "a bare durable commit",
    "an entry",
    "a decision on a disclosure, facts and all",
)
ROW = b"x" * 1300
"""About as many bytes as a row of the ledger takes."""
ADVISER = Who(f"staffMembers/{uuid.uuid4()}", "staff", frozenset({"adviser"}), second_factor=True)


def main() -> None:
    """Measure against the running stack."""
    state = State.from_environment()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    heading((__doc__ or "").strip().splitlines()[0])
    with consent_serve(state) as parts, bare_commits(state) as bare, parts.new_reads() as reads:
        sending = a_letter_agreed_to(parts)
        question, line = question_of(parts, sending)

        taken = parts.policy.decide(question)

        def written() -> None:
            entry = entry_of(question, taken, line, datetime.now(UTC))
            parts.group_commit.append(entry, parts.group_commit.facts(reads.ledger))

        def decided() -> None:
            decide_and_commit(parts, lambda _, __: (question, line), discharges=SEEN_TO).or_refuse()

        def disclosed() -> None:
            gate.authorise_disclosure(parts, ADVISER, sending)

        decision = p50(lambda: parts.policy.decide(question))
        rows = [
            (BARE, bare),
            (WRITTEN, written),
            ("a decision and its entry", decided),
            (DISCLOSED, disclosed),
        ]
        turns = in_turns(dict(rows), 500, 1)
        found = {name: (p50(call), together(call, 1), together(call, MANY)) for name, call in rows}
    middles = {name: statistics.median(taken) for name, taken in turns.items()}
    for name, (in_a_row, one, many) in found.items():
        print(
            f"  {name:<42} p50 {middles[name]:5.2f} ms   in a row {in_a_row:5.2f} ms"
            f"   {one:6.0f}/s alone   {many:6.0f}/s with {MANY}"
        )
    (_, bare_one, bare_many), (_, one, many) = found[BARE], found[WRITTEN]
    tell("entries alone", one, ALONE_BAR, f"/s, {one / bare_one:.2f}x bare commits")
    tell(f"entries with {MANY}", many, MANY_BAR, f"/s, {many / bare_many:.2f}x bare commits")
    tell("the policy's part, p50", decision, DECISION_BAR_MS, " ms", at_most=True)
    for how, ratio in (
        ("in turns", middles[DISCLOSED] / middles[BARE]),
        ("in a row", found[DISCLOSED][0] / found[BARE][0]),
    ):
        tell(f"a disclosure, {how}, beside a bare commit", ratio, DISCLOSURE_BAR, "x", at_most=True)


def tell(what: str, value: float, bar: float, unit: str, *, at_most: bool = False) -> None:
    """Print one figure and on which side of its bar it is."""
    within = value <= bar if at_most else value >= bar
    print(f"  {what}: {value:.2f}{unit}; {'within' if within else 'OUTSIDE'} the bar of {bar:g}")


def p50(call: Callable[[], object]) -> float:
    """Measure one call after the other, in milliseconds."""
    return statistics.median(alone(call, 1000, warm=100))


class NoKeys:
    """Stands where Vault would open keys and sign passes, which is not what is measured here."""

    def unwrap_keys(self, mount: str, key: str, items: Sequence[object]) -> list[bytes]:
        """Give as many keys as were asked for."""
        return [b""] * len(items)

    def public_keys(self, mount: str, key: str) -> dict[int, bytes]:
        """Give one public key that nobody has the private half of."""
        return {1: bytes(32)}

    def sign(self, mount: str, key: str, message: bytes, version: int | None = None) -> bytes:
        """Give what is as long as a signature."""
        return bytes(64)


@contextmanager
def consent_serve(state: State) -> Iterator[Parts]:
    """Give what the actions of `consent-serve` work with."""
    config = load(state / "etc/consent-serve.toml", Settings)
    with behind.vault_as(state, "consent-serve") as vault:
        database = Database(config.database, vault)
        group_commit = GroupCommit(database.reserved("AUTOCOMMIT"), database.reserved())
        yield Parts(
            new_change=lambda: Change(database.engine, group_commit.forget),
            new_work=lambda: Work(database.engine),
            new_reads=lambda: Work(database.reads),
            group_commit=group_commit,
            policy=Policy.load(),
            vault=cast(Vault, NoKeys()),
            passes=PassOffice(NoKeys()),
            ledger_key=LedgerKey(vault, config.settings.origin),
        )
        database.close()


@contextmanager
def bare_commits(state: State) -> Iterator[Callable[[], object]]:
    """Give a durable insert, each caller on a connection as `consent-serve` has them."""
    settings = load(state / "etc/consent-serve.toml", Settings).database
    own = threading.local()
    with (
        behind.vault_as(state, "consent-serve") as vault,
        provision.connect(state, settings.name) as admin,
    ):
        # A login may have twenty connections.
        logins = [vault.database_login(settings.vault_role) for _ in range(MANY // 16 + 1)]
        turns = itertools.count()

        def insert() -> None:
            if not hasattr(own, "connection"):
                user, password, _, _ = logins[next(turns) % len(logins)]
                own.connection = psycopg.connect(
                    host=settings.host,
                    port=settings.port,
                    dbname=settings.name,
                    user=user,
                    password=password,
                    autocommit=True,
                    sslmode="verify-full",
                    sslrootcert=str(settings.ca_file),
                )
            own.connection.execute("insert into bench_commit values (%s)", (ROW,))

        admin.execute("create table if not exists bench_commit (body bytea)")
        admin.execute("grant insert on bench_commit to consent_serve")
        try:
            yield insert
        finally:
            admin.execute("drop table bench_commit")


def a_letter_agreed_to(parts: Parts) -> gate.Sending:
    """Let a student agree to a disclosure, and give what would be sent."""
    zoe = Who(f"students/{uuid.uuid4()}", "student")
    record, disclosure, document, tutor = (
        f"{kind}/{uuid.uuid4()}" for kind in ("records", "disclosures", "documents", "thirdParties")
    )
    items = (document, disclosure)
    sealed = [Wrapped(item, "") for item in items]
    records.register_record(parts, Record(record, "case", zoe.name), "cases")
    asked = consents.Request(
        record=record,
        disclosure=disclosure,
        recipient=tutor,
        purpose="welfare_support",
        payload_digest="d" * 64,
        items=items,
        ends_at=datetime.now(UTC) + timedelta(days=30),
    )
    consent = consents.request_consent(parts, ADVISER, asked)
    preview = records.Opening(
        record=record,
        action="disclosure:preview",
        purpose="disclosure",
        items=sealed,
        about=disclosure,
        through="cases",
    )
    records.open_record(parts, zoe, preview)
    shown = answers.Shown(
        consent=consent.asked.consent,
        text_sha256=consent.asked.text_sha256,
        payload_digest=asked.payload_digest,
    )
    answers.give_consent(parts, zoe, shown, "ticked_and_sent")
    return gate.Sending(
        disclosure=disclosure,
        record=record,
        recipient=tutor,
        purpose=asked.purpose,
        payload_digest=asked.payload_digest,
        items=sealed,
        redacted=True,
    )


def question_of(parts: Parts, sending: gate.Sending) -> tuple[Question, Line]:
    """Give the question whether it may be sent, with facts as they are, and what is written."""
    now = datetime.now(UTC)
    with parts.new_work() as work:
        record = work.records.find(sending.record)
        consent = work.consents.of_disclosure(sending.disclosure)
    question = questions.to_send(
        ADVISER,
        record,
        consent,
        now,
        recipient=sending.recipient,
        purpose=sending.purpose,
        payload_digest=sending.payload_digest,
        items=frozenset(each.item for each in sending.items),
    )
    line = Line(
        purpose="disclosure",
        about=sending.disclosure,
        consent=consent,
        disclosure=sending.disclosure,
        payload_digest=sending.payload_digest,
        details={"recipient": sending.recipient, "for": sending.purpose},
    )
    return question, line


if __name__ == "__main__":
    main()
