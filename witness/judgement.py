"""
What becomes of one submitted checkpoint: the statuses of C2SP tlog-witness, in its order.

    400  not of the form, or an old size beyond the new one
    404  a log that this witness does not know
    403  no signature by a key of that log
    409  not where we are (with our size), or the same size with another root
    422  no proof that it only grew
    200  signed; on the disk before it is said
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from witness.merkle import HASH_SIZE, grows
from witness.notes import Checkpoint, Key, Malformed, cosign, from_base64, public, size_of
from witness.store import FORK, ROLLBACK, UNPROVEN, Evidence, Latest, Store, Turn

SIZE = "text/x.tlog.size"
TEXT = "text/plain; charset=utf-8"
LONGEST_PROOF = 63


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: HTTPStatus
    body: str
    kind: str = TEXT
    origin: str = ""
    """Of a log we know; for our own log."""


@dataclass(frozen=True)
class Request:
    """What was sent."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, body: bytes) -> Request:
        """
        Read the body of `add-checkpoint`.

        Raises:
            Malformed: it is none.
        """
        head, separator, note = body.partition(b"\n\n")
        try:
            first, *proof = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("not ASCII") from error
        word, _, old_size = first.partition(" ")
        if word != "old" or not separator or len(proof) > LONGEST_PROOF:
            raise Malformed("an old size, at most 63 hashes, an empty line")
        hashes = tuple(from_base64(line) for line in proof)
        if any(len(each) != HASH_SIZE for each in hashes):
            raise Malformed("a hash has 32 bytes")
        return cls(size_of(old_size), hashes, note, Checkpoint.parse(note))


class Witness:
    """Signs what only grew."""

    def __init__(
        self,
        name: str,
        key: Ed25519PrivateKey,
        logs: Sequence[Key],
        store: Store,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.public = public(name, key)
        self._name, self._key, self._store, self._clock = name, key, store, clock
        self._logs: Mapping[str, list[Key]] = {
            log.name: [each for each in logs if each.name == log.name] for log in logs
        }

    def add_checkpoint(self, body: bytes) -> Answer:
        """Judge one submission."""
        try:
            request = Request.parse(body)
        except Malformed as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        new = request.checkpoint
        keys = self._logs.get(new.origin)
        if keys is None:
            return Answer(HTTPStatus.NOT_FOUND, "this log is not known here\n")
        if not any(new.signed_by(key) for key in keys):
            return Answer(HTTPStatus.FORBIDDEN, "not signed by this log\n", origin=new.origin)
        now = int(self._clock())
        with self._store.turn() as turn:
            refusal = _refusal(turn, request, now)
            if refusal is not None:
                return refusal
            turn.sign(new.origin, Latest(new.size, new.root, request.note, now))
        # Only now: whoever has our signature may rely on our remembering it.
        line = cosign(new, self._name, self._key, now)
        return Answer(HTTPStatus.OK, line, origin=new.origin)


def _refusal(turn: Turn, request: Request, now: int) -> Answer | None:
    """Say why we don't sign, and keep what the log signed if it goes against what we have."""
    new = request.checkpoint
    latest = turn.latest(new.origin)

    def refuse(status: HTTPStatus, body: str, kind: str = TEXT, because: str = "") -> Answer:
        if because:
            turn.keep(Evidence(new.origin, because, request.note, latest.note, now))
        return Answer(status, body, kind, origin=new.origin)

    because = ROLLBACK if new.size < latest.size else ""
    if request.old_size > new.size:
        return refuse(HTTPStatus.BAD_REQUEST, "old size beyond the new\n", because=because)
    if new.size == latest.size and latest.note and new.root != latest.root:
        # Whatever old size was said: two roots of one size need no proof.
        because = FORK
    if request.old_size != latest.size:
        return refuse(HTTPStatus.CONFLICT, f"{latest.size}\n", SIZE, because=because)
    if because == FORK:
        return refuse(HTTPStatus.CONFLICT, "another root at this size\n", because=because)
    if not grows(latest.size, latest.root, new.size, new.root, request.proof):
        body = "no proof that it only grew\n"
        return refuse(HTTPStatus.UNPROCESSABLE_ENTITY, body, because=UNPROVEN)
    return None
