"""
The time of an answer tells nothing about whom we know: signing in, and looking somebody up.

R9: "not confirming that any student has used or is using the Service". Who is new to us is more
work than who was here before, so the answer to a sign-in leaves at a beat. Somebody without the
right to look students up is refused before anything is looked up. Measured by the clock, over gRPC,
where a millisecond must be found beside a beat, and 100 us for the look-up; and that also by the
processor time of all the steps around a call, where 10 us must be.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count as numbers_from
from typing import Any, NoReturn

import attrs
import grpc
import pytest
from sas.identity.v1 import sessions_pb2, sessions_pb2_grpc, students_pb2
from structlog.testing import capture_logs

from common.caller import METADATA_KEY, CallerTokens
from common.rpc.interceptors import Interceptor, steps
from deploy.preparation import prepare_process
from deploy.processes import PROCESSES
from tests.kit import house
from tests.kit.house import Person
from tests.kit.servers.session import Servers
from tests.kit.servers.spawn import Program, kill, spawn, wait_until
from tests.kit.timing import Times, before_others, hidden_but_found, measure, measure_at_once, spin

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]

SAMPLES = 10_000
SIGN_INS = 2_000
"""Each waits for its beat: ten thousand would take half an hour."""
FEWER = 1_000
"""To find what was planted, which is the harder the fewer there are."""
KNOWN = 50
ASKERS = 5
"""Side by side, since each waits for its beat most of the time."""
IDENTITY = next(process for process in PROCESSES if process.name == "identity-serve")
SIGN_IN = "/sas.identity.v1.SessionsService/CompleteSignIn"
FIND = "/sas.identity.v1.StudentsService/FindStudent"
TRUSTEE = Person("staffMembers/the-trustee", "staff", frozenset({"trustee"}), frozenset())
TOKEN_SECONDS = 20


class TimedHouse(house.House):
    """Identity with its database and consent, and nothing else."""

    service = "identity"
    databases = ("consent", "identity")
    processes = ("telemetry", "consent-serve")
    server: Program

    def move_in(self) -> None:
        """Start identity with a provider of ours."""
        command = attrs.evolve(
            IDENTITY.command(self.state),
            argv=[
                *(sys.executable, "-m", "tests.service.identity.timed_server"),
                str(self.state / "etc/identity-serve.toml"),
            ],
        )
        prepare_process(self.state, IDENTITY)
        self.server = spawn(command, self.state / "log/identity-serve.log")
        wait_until(lambda: IDENTITY.ready(self.state), 60)
        self.channel = self.peer("identity").channel
        self.sessions = sessions_pb2_grpc.SessionsServiceStub(self.channel)

    def close(self) -> None:
        """End it."""
        if hasattr(self, "server"):
            kill(self.server)
        super().close()

    def begun(self) -> str:
        """Begin a sign-in, and give its state."""
        request = sessions_pb2.StartSignInRequest(redirect_uri="http://127.0.0.1:28999/callback")
        return str(self.sessions.StartSignIn(request, timeout=20).state)

    def first(self) -> Any:
        """Let server and database go before everything else, as the measurement itself."""
        servers = [self.server.pid, self.running.pid("consent-serve")]
        return before_others(0, *servers, *self.backends("identity", "consent"))


@pytest.fixture(scope="module")
def timed(servers: Servers) -> Iterator[TimedHouse]:
    with TimedHouse.open(servers) as running:
        yield running


@pytest.fixture(scope="module")
def known(timed: TimedHouse) -> Sequence[str]:
    """Let students sign in for the first time, and give their CRSids."""
    crsids = [f"ab{number}" for number in range(10, 10 + KNOWN)]
    for crsid in crsids:
        request = sessions_pb2.CompleteSignInRequest(state=timed.begun(), code=crsid)
        timed.sessions.CompleteSignIn(request, timeout=20)
    return crsids


# Signing in

NEW = numbers_from()


def times_of_sign_ins(
    timed: TimedHouse, known: Sequence[str], count: int, *, planted_us: int
) -> Times:
    send: grpc.UnaryUnaryMultiCallable[bytes, bytes] = timed.channel.unary_unary(SIGN_IN)

    def ask(is_known: bool) -> Callable[[], object]:
        code = secrets.choice(known) if is_known else f"zz{next(NEW)}"
        request = sessions_pb2.CompleteSignInRequest(state=timed.begun(), code=code)
        return partial(signed_in, request.SerializeToString(), is_known)

    def signed_in(request: bytes, is_known: bool) -> None:
        spin(planted_us if is_known else 0)
        send(request, timeout=20)

    with timed.first():
        return measure_at_once(ask, count, ASKERS)


def test_somebodys_first_sign_in_takes_as_long_as_any_other(
    timed: TimedHouse, known: Sequence[str]
) -> None:
    """2,000 sign-ins can't be told apart; a millisecond would be."""
    assert not hidden_but_found(
        partial(times_of_sign_ins, timed, known, SIGN_INS, planted_us=0),
        partial(times_of_sign_ins, timed, known, FEWER, planted_us=1000),
    )


# Looking somebody up


def asking(known: Sequence[str]) -> Callable[[bool], students_pb2.FindStudentRequest]:
    """Give what makes a request about somebody who was here, or who never was: the same work."""
    turns = numbers_from()
    requests = [
        [students_pb2.FindStudentRequest(crsid=crsid) for crsid in crsids]
        for crsids in ([f"zz{crsid[2:]}" for crsid in known], known)
    ]
    return lambda is_known: requests[is_known][next(turns) % KNOWN]


class Tokens:
    """Caller tokens of the trustee, who may not; each serves while it is good."""

    def __init__(self, timed: TimedHouse) -> None:
        self._timed = timed
        self._made = 0.0
        self._metadata: tuple[tuple[str, str], ...] = ()

    def __call__(self) -> tuple[tuple[str, str], ...]:
        """Give one as metadata."""
        if time.monotonic() - self._made > TOKEN_SECONDS:
            caller = self._timed.token_of(TRUSTEE)
            assert caller is not None
            self._metadata = ((METADATA_KEY, caller.token),)
            self._made = time.monotonic()
        return self._metadata


def times_of_look_ups(timed: TimedHouse, known: Sequence[str], *, planted_us: int) -> Times:
    """Measure the whole server, by the clock."""
    tokens, about = Tokens(timed), asking(known)
    send: grpc.UnaryUnaryMultiCallable[bytes, bytes] = timed.channel.unary_unary(FIND)

    def ask(is_known: bool) -> Callable[[], object]:
        return partial(refused, about(is_known).SerializeToString(), tokens(), is_known)

    def refused(request: bytes, metadata: tuple[tuple[str, str], ...], is_known: bool) -> None:
        spin(planted_us if is_known else 0)
        with suppress(grpc.RpcError):
            send(request, metadata=metadata, timeout=20)
            raise AssertionError("it was not refused")

    with timed.first():
        return measure(ask, SAMPLES)


def test_a_look_up_takes_as_long_for_a_student_of_ours_as_for_anybody(
    timed: TimedHouse, known: Sequence[str]
) -> None:
    """10,000 look-ups by somebody without the right can't be told apart; 100 us would be."""
    assert not hidden_but_found(
        partial(times_of_look_ups, timed, known, planted_us=0),
        partial(times_of_look_ups, timed, known, planted_us=100),
    )


class Refused(Exception):
    """What gRPC raises to end a call."""


@attrs.frozen
class Context:
    """As much of gRPC's context as the steps around a call use."""

    metadata: tuple[tuple[str, str], ...]

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """Give what came with the call."""
        return self.metadata

    def auth_context(self) -> dict[str, list[bytes]]:
        """Say who calls: the gateway."""
        return {"peer_spiffe_id": [b"spiffe://sas/gateway"]}

    def time_remaining(self) -> float:
        """Say how long the caller waits."""
        return 10.0

    def set_trailing_metadata(self, metadata: object) -> None:
        """Take the status."""

    def abort(self, code: object, details: str) -> NoReturn:
        """End the call."""
        raise Refused


def work_of_look_ups(timed: TimedHouse, known: Sequence[str], *, planted_us: int) -> Times:
    """Measure all steps around the call, by the processor time of this thread."""
    tokens, about = Tokens(timed), asking(known)
    around = steps("identity", "sas", CallerTokens(timed.vault("identity-serve")))

    def find(request: object, context: object) -> NoReturn:
        raise AssertionError("it was not refused")

    details: Any = type("Details", (), {"method": FIND})
    handler: Any = Interceptor(around, "sas").intercept_service(
        lambda _: grpc.unary_unary_rpc_method_handler(find), details
    )

    def ask(is_known: bool) -> Callable[[], object]:
        return partial(refused, about(is_known), Context(tokens()), is_known)

    def refused(request: students_pb2.FindStudentRequest, context: Any, is_known: bool) -> None:
        spin(planted_us if is_known else 0)
        with suppress(Refused):
            handler.unary_unary(request, context)
            raise AssertionError("it was not refused")

    # Log lines are kept, not written: pytest's way with them is not ours.
    with capture_logs(), before_others(0):
        return measure(ask, SAMPLES, time.thread_time_ns)


def test_a_look_up_is_as_much_work_for_a_student_of_ours_as_for_anybody(
    timed: TimedHouse, known: Sequence[str]
) -> None:
    """10,000 look-ups by somebody without the right can't be told apart; 10 us would be."""
    assert not hidden_but_found(
        partial(work_of_look_ups, timed, known, planted_us=0),
        partial(work_of_look_ups, timed, known, planted_us=10),
    )
