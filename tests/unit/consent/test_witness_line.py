"""The line to a witness, when the witness means no good."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.certificates import ServerCertificate, issue_server_certificate, make_root
from deploy.state import State
from services.consent.domain.ledger.cosignature import WitnessKey
from services.consent.storage.witness_line import PATIENCE_SECONDS, Answer, WitnessLine
from tests.kit.slow_server import answering

KEY = WitnessKey("w.test/w", b"k" * 32)
HEAD = b"HTTP/1.1 %s\r\ncontent-type: %s\r\nconnection: close\r\n\r\n"


@pytest.fixture
def certificate(tmp_path: Path) -> ServerCertificate:
    state = State(root=tmp_path, port_base=21900)
    for folder in ("tls", "secrets"):
        (tmp_path / folder).mkdir()
    make_root(state)
    return issue_server_certificate(state, "witness")


def said(certificate: ServerCertificate, pieces: Iterator[bytes] | list[bytes]) -> Answer | None:
    """Ask a witness that answers so."""
    with answering(certificate, pieces, pause=0) as url:
        return asked(certificate, url)


def asked(certificate: ServerCertificate, url: str) -> Answer | None:
    ca_file = certificate.certificate.with_name("ca.pem")
    return WitnessLine(KEY, url, ca_file).submit(0, [], "a note")


def test_an_answer_is_handed_on_as_it_is(certificate: ServerCertificate) -> None:
    pieces = [HEAD % (b"200 OK", b"text/plain") + b"a line\n"]
    assert said(certificate, pieces) == Answer(200, "a line\n", None)


@pytest.mark.parametrize(
    ("kind", "body", "size"),
    [
        (b"text/x.tlog.size", b"17\n", 17),
        (b"text/x.tlog.size", b"0\n", 0),
        (b"text/x.tlog.size", b"17", None),
        (b"text/x.tlog.size", b"017\n", None),
        (b"text/x.tlog.size", b"-1\n", None),
        (b"text/x.tlog.size", b"17\n18\n", None),
        (b"text/plain", b"17\n", None),
    ],
)
def test_where_it_stands_is_read_in_one_spelling_only(
    certificate: ServerCertificate, kind: bytes, body: bytes, size: int | None
) -> None:
    answer = said(certificate, [HEAD % (b"409 Conflict", kind) + body])
    assert answer is not None
    assert answer.size == size


def test_a_redirection_is_not_followed(certificate: ServerCertificate) -> None:
    """Somebody else's address is not the one in the settings."""
    with answering(certificate, [HEAD % (b"200 OK", b"text/plain")], pause=0) as other:
        moved = b"HTTP/1.1 307 Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n"
        answer = said(certificate, [moved % other.encode()])
    assert answer is not None
    assert answer.status == 307


def test_an_endless_answer_is_none(certificate: ServerCertificate) -> None:
    endless = itertools.chain([HEAD % (b"200 OK", b"text/plain")], itertools.repeat(b"x" * 9999))
    assert said(certificate, endless) is None


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_dripping_answer_is_as_good_as_none(certificate: ServerCertificate, where: str) -> None:
    """A byte now and then, so that no single wait is long; the worker waits for three seconds."""
    start = b"HTTP/1.1 200 OK\r\nx: " if where == "head" else HEAD % (b"200 OK", b"text/plain")
    dripping = itertools.chain([start], itertools.repeat(b"x"))
    began = time.monotonic()
    with answering(certificate, dripping, pause=0.2) as url:
        assert asked(certificate, url) is None
    assert PATIENCE_SECONDS - 0.1 < time.monotonic() - began < PATIENCE_SECONDS + 3


@pytest.mark.parametrize("nonsense", [b"", b"hello\n", b"HTTP/1.1 999999 x\r\n\r\n", b"\0" * 99])
def test_nonsense_is_as_good_as_none(certificate: ServerCertificate, nonsense: bytes) -> None:
    assert said(certificate, [nonsense]) is None
