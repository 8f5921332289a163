"""
The time of an answer tells nothing: trying a link that lives takes as long as trying any 256 bits.

R9, by the clock, over gRPC, with the real database and consent. What there is to do is not the same
(consent has facts to load about a disclosure, and none about nothing), so every answer leaves at a
beat; what would still show beside it, and a millisecond would, is told apart here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from uuid import uuid4

import grpc
import pytest

from services.cases.domain.links import hash_token
from tests.kit.servers.session import Servers
from tests.kit.timing import Times, before_others, hidden_but_found, measure_at_once, spin
from tests.service.cases.house import House, adviser, student
from tests.service.cases.office import Office, collect, sent_disclosure

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]

SAMPLES = 2_000
"""Each waits for its beat: ten thousand would take half an hour."""
FEWER = 1_000
"""To find what was planted, which is the harder the fewer there are."""
LINKS = 10
ASKERS = 5
"""Side by side, since each waits for its beat most of the time."""
METHOD = "/sas.cases.v1.DisclosuresService/CollectDisclosure"


class TimedHouse(House):
    """Cases with its database and consent, and nothing else that would take the machine's time."""

    processes = ("telemetry", "mail", "consent-serve", "cases-serve")


@pytest.fixture(scope="module")
def timed(servers: Servers) -> Iterator[TimedHouse]:
    with TimedHouse.open(servers) as running:
        yield running


@pytest.fixture(scope="module")
def links(timed: TimedHouse) -> Sequence[tuple[str, str]]:
    """Send letters, and give their links, each with a code that is wrong."""
    office = Office(timed, adviser())
    found = []
    for _ in range(LINKS):
        _, link, code = sent_disclosure(office, student(), f"tutor-{uuid4()}@example.org")
        found.append((link, f"{(int(code) + 1) % 10**8:08d}"))
    return found


def times_of_tries(
    timed: TimedHouse, links: Sequence[tuple[str, str]], count: int, *, planted_us: int
) -> Times:
    """Measure the whole server, by the clock; each link has its first try, always."""
    numbers = iter(range(10**9))
    send: grpc.UnaryUnaryMultiCallable[bytes, bytes]
    send = timed.cases_peer.channel.unary_unary(METHOD)

    def ask(is_known: bool) -> Callable[[], object]:
        link, code = links[next(numbers) % LINKS]
        if is_known:
            connection.execute("delete from link_tries where link_hash = %s", (hash_token(link),))
        else:
            link = secrets.token_urlsafe(32)
        return partial(tried, collect(link, code).SerializeToString(), is_known)

    def tried(request: bytes, is_known: bool) -> None:
        spin(planted_us if is_known else 0)
        with suppress(grpc.RpcError):
            send(request, timeout=20)
            raise AssertionError("it was not refused")

    with timed.connect() as connection:
        connection.autocommit = True
        ask(False)()
        servers = [timed.running.pid(name) for name in ("cases-serve", "consent-serve")]
        with before_others(0, *servers, *timed.backends("cases", "consent")):
            return measure_at_once(ask, count, ASKERS)


def test_a_link_that_lives_takes_as_long_as_one_that_never_was(
    timed: TimedHouse, links: Sequence[tuple[str, str]]
) -> None:
    """2,000 tries can't be told apart; a millisecond would be."""
    assert not hidden_but_found(
        partial(times_of_tries, timed, links, SAMPLES, planted_us=0),
        partial(times_of_tries, timed, links, FEWER, planted_us=1000),
    )
