"""
A server goes away while people work: what can't be recorded is refused, and nothing is lost.

"When consent, Vault or the ledger can't answer, the answer is no. Nothing leaves, nothing is lost,
and the caller gets a clear error." And afterwards it mends itself.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

import attrs
import pytest

from deploy.audit.__main__ import compare, entries
from deploy.audit.reconcile import Finding
from deploy.demo import behind
from deploy.postgres import provision
from tests.fault.traffic import Answer, Scene, Traffic, at_work
from tests.kit import deeds, disclosing
from tests.kit.full_stack import FullStack, eventually

pytestmark = pytest.mark.timeout(400)  # the whole stack starts within the first

AWAY_SECONDS = 3.0
RECOVERS_SECONDS = 30.0
"""From when the server may start again to when every deed works again."""
QUICKLY_SECONDS = 15.0
"""Until somebody who is refused knows it."""

BREAKING_SECONDS = 6.0

DEEDS = {"read", "write", "open", "collect"}
OPENING = {"read": "case_note:read", "collect": "disclosure:collect"}

STOPPED_BY = {
    "consent-serve": DEEDS,
    "vault": DEEDS,
    "postgres": DEEDS,
    "rabbitmq": set[str](),
}
"""The servers that go away, and what nobody can do meanwhile; the rest goes on."""

each_server = pytest.mark.parametrize("server", STOPPED_BY)


@attrs.frozen
class Before:
    """How it was before a fault."""

    entries: int
    notes: int
    findings: tuple[Finding, ...]


@pytest.fixture(scope="module")
def scene(stack: FullStack) -> Scene:
    case = deeds.adviser_opens_a_case(stack)
    link, code = disclosing.sent_letter(stack)
    return Scene(case, deeds.adviser_writes_a_note(stack, case), link, code)


@each_server
def test_while_a_server_is_stopped_what_needs_it_is_refused(
    stack: FullStack, scene: Scene, server: str
) -> None:
    before = counted(stack, scene)
    with at_work(stack, scene) as traffic:
        stack.tell("stop", server)
        assert eventually(lambda: stack.process(server)["stage"] == "stopped", 20)
        away = time.monotonic()
        time.sleep(AWAY_SECONDS)
        back = time.monotonic()
        stack.tell("start", server)
        everything_works_again(traffic, since=back)
    meanwhile = [each for each in traffic.answers if away < each.began and each.ended < back]
    assert not {each.deed for each in meanwhile if each.good} & STOPPED_BY[server]
    goes_on = DEEDS - STOPPED_BY[server]
    assert {each.deed for each in meanwhile if each.good} >= goes_on
    nothing_is_lost_and_nothing_unrecorded(stack, scene, traffic, before)


@each_server
def test_when_a_server_is_killed_nothing_is_half_done(
    stack: FullStack, scene: Scene, server: str
) -> None:
    before = counted(stack, scene)
    with at_work(stack, scene) as traffic:
        restarts = stack.process(server)["restarts"]
        killed = time.monotonic()
        stack.tell("kill", server)
        assert eventually(lambda: stack.process(server)["restarts"] > restarts, 20)
        everything_works_again(traffic, since=killed)
    nothing_is_lost_and_nothing_unrecorded(stack, scene, traffic, before)


def test_while_consent_hangs_nobody_waits_long(stack: FullStack, scene: Scene) -> None:
    """A server that takes calls and does not answer is worse than one that is gone."""
    before = counted(stack, scene)
    pid = stack.process("consent-serve")["pid"]
    with at_work(stack, scene) as traffic:
        os.kill(pid, signal.SIGSTOP)
        hung = time.monotonic()
        try:
            # A reader may have to be refused once before it begins a call that counts here.
            assert eventually(
                lambda: any(each.began > hung and not each.good for each in traffic.of("read")),
                2 * QUICKLY_SECONDS,
            )
        finally:
            back = time.monotonic()
            os.kill(pid, signal.SIGCONT)
        everything_works_again(traffic, since=back)
    nothing_is_lost_and_nothing_unrecorded(stack, scene, traffic, before)


def test_when_connections_break_again_and_again_every_refusal_is_clear(
    stack: FullStack, scene: Scene
) -> None:
    """In the middle of a transaction, at its end, between two: people read to try again."""
    before = counted(stack, scene)
    with (
        at_work(stack, scene, pause=0.005) as traffic,
        provision.connect(stack.state, "postgres") as connection,
    ):
        over = time.monotonic() + BREAKING_SECONDS
        while time.monotonic() < over:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname IN ('cases', 'consent', 'identity')"
            )
            time.sleep(0.1)
        everything_works_again(traffic, since=over)
    nothing_is_lost_and_nothing_unrecorded(stack, scene, traffic, before)


def test_while_vault_is_away_anybody_is_told_that_nothing_opens(stack: FullStack) -> None:
    """Also somebody who can't sign in, since that needs Vault; without a number in it."""
    with stack.http() as anybody:
        usual = anybody.get("/v1/availability").json()
        stack.tell("stop", "vault")
        try:
            assert eventually(lambda: stack.process("vault")["stage"] == "stopped", 20)
            said = anybody.get("/v1/availability").json()
        finally:
            stack.tell("start", "vault")
        assert eventually(stack.is_well, 60)
        assert anybody.get("/v1/availability").json() == usual
    assert (usual["opening"], said["opening"], said["writing"]) == (True, False, False)
    assert "Nothing is lost" in said["statement"]


def counted(stack: FullStack, scene: Scene) -> Before:
    """Count what is there before."""
    return Before(
        entries=len(list(entries(stack.state))),
        notes=notes_in(stack, scene.case),
        findings=compare(stack.state).findings,
    )


def everything_works_again(traffic: Traffic, since: float) -> None:
    """Wait until each deed worked in a call that began after *since*."""
    assert eventually(lambda: traffic.good_since(since) >= DEEDS, RECOVERS_SECONDS), (
        f"only {traffic.good_since(since)} after {RECOVERS_SECONDS} s"
    )


def nothing_is_lost_and_nothing_unrecorded(
    stack: FullStack, scene: Scene, traffic: Traffic, before: Before
) -> None:
    """What holds whichever server was away, however it went."""
    refusals_are_clear(traffic)
    assert eventually(stack.is_well, 60)
    what_left_is_in_the_ledger(stack, traffic, before)
    what_was_acknowledged_is_there_once(stack, scene, traffic, before)
    events_had_their_effect_once(stack, traffic)
    assert compare(stack.state).findings == before.findings
    code, output = behind.run_sas(stack.state, stack.manager, "ledger", "fsck")
    assert code == 0, output


def refusals_are_clear(traffic: Traffic) -> None:
    """Every refusal says to try again; a tutor learns nothing more than ever."""
    refused = [each for each in traffic.answers if not each.good]
    kinds = Counter((each.deed, each.status, why(each)) for each in refused)
    unclear = {
        (deed, status, reason)
        for deed, status, reason in kinds
        if (status, reason) not in {(503, "TRY_AGAIN"), (504, "TOO_LATE")}
        and (deed, status, reason) != ("collect", 403, "NOT_AVAILABLE")
    }
    assert not unclear, kinds
    assert all(each.ended - each.began < QUICKLY_SECONDS + 1 for each in refused)


def why(answer: Answer) -> str:
    """Give the reason of a refusal, or what broke."""
    return answer.reason if answer.status else str(answer.body)


def what_left_is_in_the_ledger(stack: FullStack, traffic: Traffic, before: Before) -> None:
    """Every success of reading or collecting has its one entry, of its own trace."""
    allowed = Counter(
        (each["action"], each["trace"])
        for each in entries(stack.state)
        if each["effect"] == "allow" and each["index"] >= before.entries
    )
    left = [(OPENING[each.deed], each.trace) for each in traffic.of(*OPENING) if each.good]
    assert len(left) == len(set(left)) > 0
    assert {each: allowed[each] for each in left} == dict.fromkeys(left, 1)


def what_was_acknowledged_is_there_once(
    stack: FullStack, scene: Scene, traffic: Traffic, before: Before
) -> None:
    """Every acknowledged note reads as it was written, and no repeated call wrote another."""
    assert notes_in(stack, scene.case) - before.notes == len(traffic.written) > 0
    for name, situation in traffic.written.items():
        assert deeds.adviser_reads_a_note(stack, name).situation == situation


def events_had_their_effect_once(stack: FullStack, traffic: Traffic) -> None:
    """Outboxes drain, and reports know each case that was opened exactly once."""
    assert eventually(lambda: outboxes(stack) == 0, 60)
    wanted = {f"records/{name.removeprefix('cases/')}" for name in traffic.opened}
    assert eventually(lambda: facts_about(stack, wanted).keys() == wanted, 30)
    assert set(facts_about(stack, wanted).values()) == {1}


def outboxes(stack: FullStack) -> int:
    """Count the events that wait to be sent."""
    services = ("identity", "cases", "consent")
    return sum(number(stack, each, "SELECT count(*) FROM outbox") for each in services)


def facts_about(stack: FullStack, records: set[str]) -> Counter[str]:
    """Count the facts that reports have about these records."""
    with provision.connect(stack.state, "reports") as connection:
        found = connection.execute(
            "SELECT record FROM case_facts WHERE record = ANY(%s)", (list(records),)
        ).fetchall()
    return Counter(str(record) for (record,) in found)


def notes_in(stack: FullStack, case: str) -> int:
    """Count the notes of a case."""
    return number(
        stack, "cases", "SELECT count(*) FROM notes WHERE case_id = %s", case.removeprefix("cases/")
    )


def number(stack: FullStack, database: str, query: str, *values: str) -> int:
    """Ask a database for one number, as its superuser."""
    with provision.connect(stack.state, database) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return int(str(row[0]))
