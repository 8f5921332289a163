"""
What does writing and reading a case note cost, beside the parts it can't do without?

The bar: the whole read path costs no more than three times the sum of its irreducible parts: one
pass through the gateway, two RPCs, one durable commit, one Vault decrypt.

Whole and parts are measured in turns, one call each, by one caller. So what else the machine does
falls on all alike, and each part is met as a read meets it: once, by a process that has slept since
the last. Ten in a row are quicker, because the processor still has all of it at hand, which is
true of an echo, but of no part of a read; that ratio is printed too. The calls a second are then
taken with eight callers, for each alone. What the parts are:

- gateway pass: an answer that Envoy gives by itself, over TLS and a kept connection. It holds no
  session check and no call to a service behind it, which every real pass has.
- RPC: an echo of 1,000 bytes by a bare Python server, and the same with mutual TLS, as all RPCs
  here are. The bar counts the first; the second is printed beside it.
- commit: one row inserted by psycopg into a table without an index, as its own transaction.
- decrypt: one data key unwrapped through our own `Vault`, as consent does.

Not among the parts, though every read has them: the session check (a third RPC and a query), the
queries that find the note and the facts, the policy's decision, and the spans of every hop.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
import httpx
from sas.cases.v1 import case_notes_pb2, case_notes_pb2_grpc, cases_pb2, cases_pb2_grpc
from sas.common.v1 import purpose_pb2
from sas.identity.v1 import students_pb2, students_pb2_grpc

from benchmarks.measure import heading, row, side_by_side
from deploy.demo import behind, people
from deploy.postgres import provision
from deploy.state import State

BAR = 3.0

ECHO = """
import grpc, json, sys
from concurrent import futures
class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)
server = grpc.server(futures.ThreadPoolExecutor(16))
server.add_generic_rpc_handlers((Echo(),))
key, chain, roots = (each.encode() for each in json.loads(sys.stdin.readline()))
print(server.add_insecure_port("127.0.0.1:0"), server.add_secure_port("localhost:0",
    grpc.ssl_server_credentials([(key, chain)], roots, require_client_auth=True)), flush=True)
server.start()
sys.stdin.read()
"""

WHOLE = "read a note through the gateway"
PASS, COMMIT, DECRYPT = (
    "one gateway pass (constant answer)",
    "raw durable commit",
    "raw Vault decrypt",
)
RPC, RPC_TLS = "raw gRPC echo", "raw gRPC echo, mutual TLS"


def main() -> None:
    """Measure against the running stack."""
    state = State.from_environment()
    heading(__doc__.strip().splitlines()[0])
    people.appoint_first_manager(state)
    people.admit_colleagues(state, people.sign_in(state, "grace"))
    # Two, because the gateway limits the calls of one session.
    writer, reader = people.sign_in(state, "ada"), people.sign_in(state, "mary")
    case, note = a_note(writer)
    written = writer.at(case_notes_pb2_grpc.CaseNotesServiceStub)
    notes = reader.at(case_notes_pb2_grpc.CaseNotesServiceStub)
    to_read = case_notes_pb2.GetCaseNoteRequest(name=note, purpose=purpose_pb2.PURPOSE_ADVICE)
    with (
        echoes(state) as (plain, mutual),
        scratch_table(state) as insert,
        vault_calls(state) as (datakey, decrypt),
        gateway_pass(state) as through,
    ):
        found = side_by_side(
            {
                # None beside its like, which would warm it.
                RPC: plain,
                COMMIT: insert,
                DECRYPT: decrypt,
                RPC_TLS: mutual,
                PASS: through,
                "raw Vault datakey": datakey,
                "write a note through the gateway": lambda: written.WriteCaseNote(new_note(case)),
                WHOLE: lambda: notes.GetCaseNote(to_read),
            }
        )
    for name, each in found.items():
        row(name, each)
    print()
    for rpc in (RPC, RPC_TLS):
        parts = [found[name] for name in (PASS, rpc, rpc, COMMIT, DECRYPT)]
        tell(found[WHOLE].p50_ms, sum(part.p50_ms for part in parts), f"{rpc}, in turns")
        tell(found[WHOLE].in_a_row_ms, sum(part.in_a_row_ms for part in parts), f"{rpc}, in a row")


def tell(whole: float, parts: float, how: str) -> None:
    """Print how many times its parts a read costs."""
    verdict = "within" if whole <= BAR * parts else "ABOVE"
    print(
        f"  reading: {whole:.2f} ms is {whole / parts:.2f}x its irreducible parts"
        f" ({parts:.2f} ms, {how}); {verdict} the bar of {BAR:.0f}x"
    )


@contextmanager
def echoes(state: State) -> Iterator[tuple[Callable[[], object], Callable[[], object]]]:
    """Give an empty unary call to a bare server in another process, in clear and in mutual TLS."""
    with behind.vault_as(state, "cases-serve") as vault:
        mine = vault.issue_certificate("cases")
    roots = (state / "tls/ca.pem").read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        pair = (mine.key_pem.decode(), mine.chain_pem.decode(), roots.decode())
        server.stdin.write(json.dumps(pair) + "\n")
        server.stdin.flush()
        plain, secure = server.stdout.readline().split()
        credentials = grpc.ssl_channel_credentials(roots, mine.key_pem, mine.chain_pem)
        with (
            grpc.insecure_channel(f"127.0.0.1:{plain}") as in_clear,
            grpc.secure_channel(f"localhost:{secure}", credentials) as in_tls,
        ):
            yield _echo(in_clear), _echo(in_tls)
        server.stdin.close()


def _echo(channel: grpc.Channel) -> Callable[[], object]:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/echo/Echo")
    return lambda: call(b"x" * 1000)


@contextmanager
def scratch_table(state: State) -> Iterator[Callable[[], object]]:
    """Give a durable insert into a table that goes away afterwards."""
    own = threading.local()
    with provision.connect(state, "postgres") as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS bench_commit (body bytea)")

        def insert() -> None:
            if not hasattr(own, "connection"):
                own.connection = provision.connect(state, "postgres")
            own.connection.execute("INSERT INTO bench_commit VALUES (%s)", (b"x" * 500,))

        try:
            yield insert
        finally:
            admin.execute("DROP TABLE bench_commit")


@contextmanager
def vault_calls(state: State) -> Iterator[tuple[Callable[[], object], Callable[[], object]]]:
    """Give the two Vault calls, each as the process that makes it does."""
    uuid_ = str(uuid.uuid4())
    with (
        behind.vault_as(state, "cases-serve") as cases,
        behind.vault_as(state, "consent-serve") as consent,
    ):
        cases.create_record_key("rk-case", uuid_)
        wrapped = cases.new_data_key("rk-case", uuid_, "bench").wrapped
        yield (
            lambda: cases.new_data_key("rk-case", uuid_, "bench"),
            lambda: consent.unwrap_keys("rk-case", uuid_, [("bench", wrapped)]),
        )


@contextmanager
def gateway_pass(state: State) -> Iterator[Callable[[], object]]:
    """Give a call that the gateway answers by itself, over a kept connection."""
    with httpx.Client(verify=str(state / "tls/ca.pem")) as client:
        yield lambda: client.get(f"https://{people.address(state)}/healthz")


def a_note(adviser: people.Person) -> tuple[str, str]:
    """Write one note in a new case, and return the names of both."""
    student = adviser.at(students_pb2_grpc.StudentsServiceStub).RegisterStudent(
        students_pb2.RegisterStudentRequest(request_id=str(uuid.uuid4()))
    )
    case = adviser.at(cases_pb2_grpc.CasesServiceStub).OpenCase(
        cases_pb2.OpenCaseRequest(
            student=student.name, topic="not-yet-known", request_id=str(uuid.uuid4())
        )
    )
    note = adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub).WriteCaseNote(new_note(case.name))
    return case.name, note.name


def new_note(case: str) -> case_notes_pb2.WriteCaseNoteRequest:
    """Return a note of about 1,000 characters."""
    return case_notes_pb2.WriteCaseNoteRequest(
        parent=case,
        situation="The situation, as told. " * 20,
        advice_offered="What was advised. " * 20,
        action_taken="What was done. " * 10,
        request_id=str(uuid.uuid4()),
    )


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"\n  measured in {time.monotonic() - started:.0f} s")
