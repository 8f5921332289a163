"""What the chapters hand on to each other."""

from __future__ import annotations

import attrs

from clients.gateway import Gateway
from deploy.demo.people import Person
from deploy.demo.story import Story
from deploy.state import State


@attrs.define
class Setting:
    """The stack, the people, and what has been made so far."""

    state: State
    story: Story
    anybody: Gateway
    """The gateway without a session."""
    manager: Person
    adviser: Person
    colleague: Person
    student: Person
    case: str = ""
    note: str = ""
    document: str = ""
    letter: bytes = b""
    mother: str = ""
    """A third party whom the student names."""
    trust: str = ""
    """The student's consent that we turn to her mother in an emergency."""
    sent_index: int = -1
    """The ledger entry of the disclosure that was sent."""
