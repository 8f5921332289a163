"""The ledger in PostgreSQL: appending, reading, and what students and decisions look up in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Select, and_, exists, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from services.consent.domain.embargo import Visibility
from services.consent.domain.ledger.entry import Entry
from services.consent.domain.ledger.frontier import Frontier
from services.consent.domain.ledger.fsck import Row
from services.consent.domain.ledger.hashing import leaf_hash
from services.consent.domain.ledger.proofs import SubtreeHash
from services.consent.domain.ledger.tiles import subtrees_from
from services.consent.domain.name_requests import AccessLine
from services.consent.storage.tables import COPIED, checkpoints, entries, frontier
from services.consent.storage.tiles import Tiles

_BATCH = 1000

_APPEND = text(
    r"""
    with moved as (
        update frontier set size = :grown, peaks = :new_peaks, facts = facts + :moved
        where size = :size and peaks = :peaks and facts = :facts
        returning only_one
    )
    insert into entries (
        idx, entry, leaf_hash, entry_id, at, student,
        action, effect, actor, role, purpose, record, disclosure, breach
    )
    select
        says.index, line.entry, sha256('\x00' || line.entry), says.entry, says.at, line.student,
        action, effect, actor, role, purpose, record, disclosure, breach
    from moved,
    lateral (
        select convert_to(entry, 'UTF8') as entry, coalesce(student, '') as student, entry as text
        from unnest(string_to_array(:entries, E'\n'), string_to_array(:students, E'\n'))
            as together (entry, student)
    ) as line,
    lateral jsonb_to_record(cast(line.text as jsonb)) as says (
        index bigint, entry uuid, at timestamptz,
        action text, effect text, actor text, role text, purpose text, record text,
        disclosure text, breach text
    )
    """
)
"""
Move the frontier and insert entries, one a line; nothing if the frontier is elsewhere by now, or
the facts have changed.

Neither an entry (JSON) nor a student's name can hold a line's end: `Entry` lets only codes in.

The columns for look-up are read from the entry itself, so they say the same.
"""

_HOLD = text("select size, peaks, facts from hold_ledger()")


@attrs.frozen
class End:
    """Where the ledger ends, and the version of the facts that decisions rest on."""

    frontier: Frontier
    facts: int


@attrs.frozen
class Appended:
    """An entry at its place, once the transaction is committed."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]
    """Its inclusion path in the ledger that ends with it."""
    frontier: Frontier
    """The ledger that ends with it."""

    @classmethod
    def after(cls, before: Frontier, entry: Entry) -> Appended:
        """
        Work out the next place and all that follows from it.

        Raises:
            EntryBroken: the entry is too long.
        """
        data = entry.to_bytes(before.size)
        return cls(before.size, data, before.path_of_next, before.append(leaf_hash(data)))


@attrs.frozen
class Access:
    """One line of the list of who has seen a student's records."""

    entry_id: str
    at: datetime
    role: str
    action: str
    purpose: str
    allowed: bool
    embargoed_until: datetime | None = None
    """Until when it was hidden from the student."""


@attrs.frozen
class Shown:
    """Which lines about a student's records a student gets to see, if they are not hidden."""

    actions: frozenset[str]
    refused_roles: tuple[str, ...]
    """Whose refused attempts are shown; what was allowed is shown whoever it was."""


@attrs.frozen
class Ledger:
    """The ledger's tables."""

    connection: Connection

    def append(self, entry: Entry, *, changes_facts: bool = True) -> Appended:
        """
        Append *entry* in the transaction of what it records.

        The frontier's row is locked to the commit, so entries are committed in the order of their
        places, without gaps. Where the entry is all that there is to
        write, a `GroupCommit` serves many callers at once.

        Args:
            entry: what to append.
            changes_facts: whether later decisions rest on what this transaction does.

        Raises:
            EntryBroken: the entry is too long.
        """
        before = self.hold()
        appended = Appended.after(before.frontier, entry)
        self.add(before, [(entry, appended)], moved=int(changes_facts))
        return appended

    def hold(self) -> End:
        """
        Give the end of the ledger and keep it to oneself until the end of the transaction.

        Nobody can append meanwhile, and no fact can change.
        """
        size, peaks, facts = self.connection.execute(_HOLD).one()
        return End(Frontier.from_bytes(size, peaks), facts)

    def facts(self) -> int:
        """Give the version of the facts as committed."""
        return int(self.connection.execute(select(frontier.c.facts)).scalar_one())

    def add(self, before: End, batch: Sequence[tuple[Entry, Appended]], moved: int = 0) -> bool:
        """
        Write entries at the places worked out for them, in one statement.

        Returns:
            Whether the ledger still ended at *before*; if not, nothing was written.
        """
        if not batch:
            return True
        after = batch[-1][1].frontier
        written = self.connection.execute(
            _APPEND,
            {
                "size": before.frontier.size,
                "peaks": before.frontier.to_bytes(),
                "facts": before.facts,
                "moved": moved,
                "grown": after.size,
                "new_peaks": after.to_bytes(),
                "entries": b"\n".join(placed.entry for _, placed in batch).decode("ascii"),
                "students": "\n".join(entry.student for entry, _ in batch),
            },
        )
        return written.rowcount == len(batch)

    def frontier(self) -> Frontier:
        """Give the frontier as committed."""
        size, peaks = self.connection.execute(select(frontier.c.size, frontier.c.peaks)).one()
        return Frontier.from_bytes(size, peaks)

    def rows(self, start: int, count: int) -> list[Row]:
        """Give *count* entries from *start* on, as committed."""
        query = select(entries).where(entries.c.idx >= start).order_by(entries.c.idx).limit(count)
        return [
            Row(
                row.idx,
                bytes(row.entry),
                bytes(row.leaf_hash),
                {name: getattr(row, name) for name in (*COPIED, "student")},
            )
            for row in self.connection.execute(query)
        ]

    def all_rows(self) -> Iterator[Row]:
        """Give the whole ledger, a thousand rows at a time."""
        start = 0
        while batch := self.rows(start, _BATCH):
            yield from batch
            start = batch[-1].index + 1

    def entry(self, index: int) -> bytes | None:
        """Give one entry as committed."""
        found = self.connection.scalar(select(entries.c.entry).where(entries.c.idx == index))
        return None if found is None else bytes(found)

    def entry_called(self, entry_id: str) -> bytes | None:
        """Give one entry as committed, by its id."""
        found = self.connection.scalar(
            select(entries.c.entry).where(entries.c.entry_id == entry_id)
        )
        return None if found is None else bytes(found)

    @property
    def tiles(self) -> Tiles:
        """The ledger's tiles, to be read in this transaction."""
        return Tiles(self.connection)

    @property
    def subtree(self) -> SubtreeHash:
        """The hashes of subtrees, from tiles: what proofs are made of."""
        return subtrees_from(self.tiles.hashes)

    # Checkpoints

    def checkpoint(self, size: int) -> str | None:
        """Give the signed checkpoint of this size, if there is one."""
        found: str | None = self.connection.scalar(
            select(checkpoints.c.note).where(checkpoints.c.size == size)
        )
        return found

    def keep_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Keep a signed checkpoint. One of the same size is the same note, so the first stays."""
        row = {"size": size, "note": note, "signed_at": at}
        self.connection.execute(upsert(checkpoints).values(row).on_conflict_do_nothing())

    def newest_checkpoint(self) -> tuple[int, str] | None:
        """Give the largest signed checkpoint of a ledger with entries, and its size."""
        query = (
            select(checkpoints.c.size, checkpoints.c.note)
            .where(checkpoints.c.size > 0)
            .order_by(checkpoints.c.size.desc())
            .limit(1)
        )
        found = self.connection.execute(query).first()
        return None if found is None else (found.size, found.note)

    def all_checkpoints(self) -> list[str]:
        """Give all signed checkpoints, smallest first."""
        return list(
            self.connection.scalars(select(checkpoints.c.note).order_by(checkpoints.c.size))
        )

    # Look-ups

    def was_allowed(self, action: str, disclosure: str, actor: str | None = None) -> bool:
        """Whether *action* on *disclosure* was allowed before, to *actor* if one is given."""
        conditions = [
            entries.c.disclosure == disclosure,
            entries.c.action == action,
            entries.c.effect == "allow",
        ]
        if actor is not None:
            conditions.append(entries.c.actor == actor)
        return bool(self.connection.scalar(select(exists().where(*conditions))))

    def allowed_since(self, action: str, other: str, disclosure: str) -> frozenset[str]:
        """Give the ids of the entries that allowed *action* since *other* was allowed last."""
        allowed = (entries.c.disclosure == disclosure, entries.c.effect == "allow")
        last = select(func.max(entries.c.idx)).where(entries.c.action == other, *allowed)
        query = select(entries.c.entry_id).where(
            entries.c.action == action,
            entries.c.idx > func.coalesce(last.scalar_subquery(), -1),
            *allowed,
        )
        return frozenset(self.connection.scalars(query))

    def newest_allowed(self, actions: Iterable[str], disclosure: str) -> bytes | None:
        """Give the newest entry by which one of *actions* was allowed on *disclosure*."""
        query = (
            select(entries.c.entry)
            .where(
                entries.c.disclosure == disclosure,
                entries.c.action.in_(list(actions)),
                entries.c.effect == "allow",
            )
            .order_by(entries.c.idx.desc())
            .limit(1)
        )
        found = self.connection.scalar(query)
        return None if found is None else bytes(found)

    def accesses(
        self,
        student: str,
        shown: Shown,
        *,
        visibilities: Sequence[Visibility],
        after: str | None,
        count: int,
    ) -> list[Access]:
        """
        List who has seen a student's records, newest first.

        Args:
            student: whose records.
            shown: which lines a student gets to see.
            visibilities: the breaches there are lines about, and which of them are hidden.
            after: the id of the entry at which the last page ended; the list goes on after it.
            count: how many at the most.
        """
        lifted = {each.breach: each.lifted_at for each in visibilities}
        query = _list_of(student, shown, visibilities).order_by(entries.c.idx.desc()).limit(count)
        if after is not None:
            last = select(entries.c.idx).where(entries.c.entry_id == after)
            query = query.where(
                entries.c.idx < last.where(entries.c.student == student).scalar_subquery()
            )
        found = []
        for row in self.connection.execute(query):
            until = lifted.get(row.breach)
            found.append(
                Access(
                    row.entry_id,
                    row.at,
                    row.role,
                    row.action,
                    row.purpose,
                    row.effect == "allow",
                    until if until is not None and row.at < until else None,
                )
            )
        return found

    def line(
        self, student: str, shown: Shown, entry_id: str, visibilities: Sequence[Visibility]
    ) -> AccessLine | None:
        """Give one line of that same list, with what the list does not show; None if not on it."""
        query = _list_of(student, shown, visibilities).where(entries.c.entry_id == entry_id)
        row = self.connection.execute(query).one_or_none()
        if row is None:
            return None
        return AccessLine(
            f"accesses/{entry_id}",
            row.record,
            row.breach,
            row.actor,
            row.at,
            row.role,
            row.action,
            row.purpose,
        )


def _list_of(student: str, shown: Shown, visibilities: Sequence[Visibility]) -> Select[Any]:
    """Ask for the lines that a student may see now, in no order."""
    hidden = [each.breach for each in visibilities if each.hidden]
    return select(entries).where(
        entries.c.student == student,
        entries.c.action.in_(list(shown.actions)),
        entries.c.breach.not_in(hidden),
        or_(
            entries.c.effect == "allow",
            and_(entries.c.effect == "deny", entries.c.role.in_(list(shown.refused_roles))),
        ),
    )
