"""
How the ledger does: what it lacks, what stops because of that, and what goes on.

Nothing is opened that can't be written down. So people must see early that the disk fills up, that
nobody signs, or that a witness is silent or, worst of all, contradicts us. The same judgement is
given over gRPC, by `sas ledger health` and by `make status`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import attrs

from services.consent.domain.witnesses import Heard, Witness

UNSIGNED = timedelta(minutes=1)
"""Checkpoints come every few seconds; an entry without one for longer means that nobody signs."""
LEAST_FREE = 256 * 1024 * 1024
"""Bytes: enough for some hundred thousand entries and PostgreSQL's own log."""


class Lack(StrEnum):
    """What can be lacking, as a code."""

    DATABASE = "database"
    ROOM = "room"
    """The last line could not be written, and still can't be."""
    LITTLE_ROOM = "little_room"
    KEYS = "keys"
    """Vault gives no key, and signs nothing."""
    SIGNER = "signer"
    WITNESS = "witness"
    AGREEMENT = "agreement"
    """What a witness signed and what we have can't both be the ledger."""


_STOPS_OPENING = frozenset({Lack.DATABASE, Lack.ROOM, Lack.KEYS})
_STOPS_WRITING = frozenset({Lack.DATABASE, Lack.KEYS})


@attrs.frozen
class Trouble:
    """One thing that the ledger lacks."""

    lack: Lack
    stops: str
    goes_on: str
    todo: str = ""
    """What somebody has to do about it; empty if nothing."""
    since: datetime | None = None


@attrs.frozen
class Standing:
    """What is known of the ledger, its disk, its signer and its witnesses."""

    size: int
    signed: int
    unsigned_since: datetime | None = None
    """When the oldest entry was made that no checkpoint covers."""
    witnesses: Sequence[Witness] = ()
    free: int | None = None
    """Bytes on the ledger's disk; None where that is another machine's."""
    takes_lines: bool = True
    """Whether a line can be written."""
    gives_keys: bool = True
    """Whether Vault answers."""


@attrs.frozen
class Health:
    """How the ledger does."""

    found: Standing | None
    """What was found; None if the database did not answer."""
    troubles: Sequence[Trouble]

    @property
    def opening(self) -> bool:
        """Whether anything can be opened, sent or agreed to."""
        return not any(each.lack in _STOPS_OPENING for each in self.troubles)

    @property
    def writing(self) -> bool:
        """Whether notes and letters can be written."""
        return not any(each.lack in _STOPS_WRITING for each in self.troubles)

    @property
    def statement(self) -> str:
        """The same for anybody: nothing about anybody, and no counts."""
        if self.opening:
            return "The Service can work as usual."
        if self.writing:
            return (
                "Just now nothing can be opened, sent or agreed to. "
                "Nothing is lost, and what is written is kept. Try again later."
            )
        return (
            "Just now nothing can be opened, sent, agreed to or written. "
            "Nothing is lost. Try again later."
        )


def judge(found: Standing | None, now: datetime) -> Health:
    """Say what *found* means for the Service."""
    return Health(found, tuple(_troubles(found, now)))


def _troubles(found: Standing | None, now: datetime) -> Iterator[Trouble]:
    if found is None:
        yield Trouble(
            Lack.DATABASE,
            stops="everything",
            goes_on="nothing is lost; refused calls may be repeated",
            todo="look at PostgreSQL",
        )
        return
    if not found.takes_lines:
        yield Trouble(
            Lack.ROOM,
            stops="every opening, disclosure, consent, breach and wall: no line can be written",
            goes_on="writing, as far as PostgreSQL has room for it",
            todo="look at the log of consent-serve and at the disk; it goes on by itself",
        )
    if found.free is not None and found.free < LEAST_FREE:
        yield Trouble(
            Lack.LITTLE_ROOM,
            stops=f"nothing yet; only {found.free // 2**20} MiB are free, and on a full disk"
            " nothing is opened, sent or consented to",
            goes_on="everything",
            todo="make room",
        )
    if not found.gives_keys:
        yield Trouble(
            Lack.KEYS,
            stops="every opening, and writing (no new keys); soon every call of somebody signed in",
            goes_on="the notice, and questions from outside while there are envelopes for them",
            todo="look at Vault",
        )
    since = found.unsigned_since
    if since is not None and now - since > UNSIGNED:
        yield Trouble(
            Lack.SIGNER,
            stops="checkpoints and receipts, so the witness sees nothing new",
            goes_on="openings, and the lines about them; the next checkpoint covers them all",
            todo="look at Vault and at consent-work",
            since=since,
        )
    for witness in found.witnesses:
        if witness.contradicts:
            yield Trouble(
                Lack.AGREEMENT,
                stops="nothing, or whoever has tampered with the ledger could close the Service",
                goes_on="everything",
                todo=f"{witness.name} CONTRADICTS the ledger ({witness.heard}): read"
                " docs/operators/witness.md now",
                since=witness.asked_at,
            )
        elif witness.heard is not Heard.SIGNED:
            yield Trouble(
                Lack.WITNESS,
                stops=f"nothing; {witness.name} is {witness.heard}",
                goes_on=f"everything, under what it signed last ({witness.size})",
                since=witness.cosigned_at,
            )
