"""
What does writing and reading a case note cost, beside the parts it can't do without?

The bar: the whole read path costs no more than three times the sum of its irreducible parts: one
pass through the gateway, two RPCs, one durable commit, one Vault decrypt.
"""

from __future__ import annotations

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

from benchmarks.measure import Figure, figure, heading, row
from deploy.demo import behind, people
from deploy.postgres import provision
from deploy.state import State

BAR = 3.0

ECHO = """
import grpc, sys
from concurrent import futures
class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)
server = grpc.server(futures.ThreadPoolExecutor(16))
server.add_generic_rpc_handlers((Echo(),))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
"""


def main() -> None:
    """Measure against the running stack."""
    state = State.from_environment()
    heading(__doc__.strip().splitlines()[0])
    baselines = {
        "raw gRPC echo": with_echo(),
        "raw durable commit (PostgreSQL)": with_commit(state),
        "raw Vault datakey": with_vault(state, "datakey"),
        "raw Vault decrypt": with_vault(state, "decrypt"),
        "one gateway pass (constant answer)": with_gateway(state),
    }
    people.appoint_first_manager(state)
    people.admit_colleagues(state, people.sign_in(state, "grace"))
    adviser = people.sign_in(state, "ada")
    case, note = a_note(adviser)
    notes = adviser.at(case_notes_pb2_grpc.CaseNotesServiceStub)
    write = figure(lambda: notes.WriteCaseNote(new_note(case)))
    read = figure(
        lambda: notes.GetCaseNote(
            case_notes_pb2.GetCaseNoteRequest(name=note, purpose=purpose_pb2.PURPOSE_ADVICE)
        )
    )
    for name, found in baselines.items():
        row(name, found)
    row("write a note through the gateway", write)
    row("read a note through the gateway", read)
    parts = (
        baselines["one gateway pass (constant answer)"].p50_ms
        + 2 * baselines["raw gRPC echo"].p50_ms
        + baselines["raw durable commit (PostgreSQL)"].p50_ms
        + baselines["raw Vault decrypt"].p50_ms
    )
    ratio = read.p50_ms / parts
    verdict = "within" if ratio <= BAR else "ABOVE"
    print(
        f"\n  reading: {read.p50_ms:.2f} ms is {ratio:.2f}x the sum of its irreducible parts "
        f"({parts:.2f} ms); {verdict} the bar of {BAR:.0f}x"
    )


def with_echo() -> Figure:
    """Measure an empty unary call to a bare server in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        with grpc.insecure_channel(f"127.0.0.1:{server.stdout.readline().strip()}") as channel:
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/echo/Echo")
            found = figure(lambda: call(b"x" * 1000))
        server.stdin.close()
    return found


def with_commit(state: State) -> Figure:
    """Measure one insert and one commit, each caller on a connection of its own."""
    with scratch_table(state) as insert:
        return figure(insert)


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


def with_vault(state: State, operation: str) -> Figure:
    """Measure one Vault call as the process that makes it does."""
    uuid_ = str(uuid.uuid4())
    with behind.vault_as(state, "cases-serve") as cases:
        cases.create_record_key("rk-case", uuid_)
        wrapped = cases.new_data_key("rk-case", uuid_, "bench").wrapped
        if operation == "datakey":
            return figure(lambda: cases.new_data_key("rk-case", uuid_, "bench"))
    with behind.vault_as(state, "consent-serve") as consent:
        return figure(lambda: consent.unwrap_keys("rk-case", uuid_, [("bench", wrapped)]))


def with_gateway(state: State) -> Figure:
    """Measure a constant answer of the gateway itself, over a kept connection."""
    with httpx.Client(verify=str(state / "tls/ca.pem")) as client:
        return figure(lambda: client.get(f"https://{people.address(state)}/healthz"))


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
