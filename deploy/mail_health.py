"""
How the mails do that wait in cases, for `make status`: what an operator should look at.

What can't be opened was changed by somebody who can write to the tables; what nobody knows of was
in hand when a process ended. Neither is sent again by itself; the staff have a list of them.
"""

from __future__ import annotations

import attrs
import psycopg

from deploy.ledger_health import Line
from deploy.postgres import provision
from deploy.state import State

COUNTS = """
select
    count(*) filter (where state = 'broken' and to_see_to),
    count(*) filter (where state = 'unsure' and to_see_to),
    count(*) filter (where state = 'waiting' and leaves_at < now() - interval '10 minutes')
from mails, lateral (
    select acknowledged_at is null
        and (kind <> 'notice' or leaves_at > now() - interval '7 days') as to_see_to
) as judged
"""
"""
Until a staff member has seen to them (`sas mail acknowledge`), or has sent anew. A notice to a
colleague is in nobody's list, and told for a week: long enough to be seen.
"""


@attrs.frozen
class Mails:
    """How many mails need somebody's eyes."""

    broken: int
    unsure: int
    late: int

    @property
    def parked(self) -> int:
        """How many are sent no more unless a person does something."""
        return self.broken + self.unsure


def lines(state: State) -> list[Line]:
    """Say how the mails of the running stack do."""
    try:
        with provision.connect(state, "cases") as connection:
            return judge(read(connection))
    except psycopg.Error:
        return [Line(False, "the mails that wait can't be counted until PostgreSQL is back")]


def read(connection: psycopg.Connection[tuple[object, ...]]) -> Mails:
    """Ask the database."""
    broken, unsure, late = connection.execute(COUNTS).fetchall()[0]
    return Mails(int(str(broken)), int(str(unsure)), int(str(late)))


def judge(found: Mails) -> list[Line]:
    """Say what *found* means."""
    said = []
    if found.broken:
        text = (
            f"{found.broken} can't be opened and are not sent: somebody changed the tables of"
            " cases; read docs/operators/running.md, Mails"
        )
        said.append(Line(False, text))
    if found.unsure:
        text = (
            f"{found.unsure} may or may not have left when a process ended, and are not sent"
            " again; the staff see to them: sas mail list"
        )
        said.append(Line(False, text))
    if found.late:
        said.append(
            Line(
                False,
                f"{found.late} wait for the mail server or for Vault: look at [settings] smtp, and"
                " for mail_key_away in the log of cases-work",
            )
        )
    return said or [Line(True, "all that are due have left")]
