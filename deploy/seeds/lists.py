"""The lists that everybody chooses from, as they stand in the files beside this one."""

from __future__ import annotations

import tomllib
from importlib import resources

import attrs


@attrs.frozen
class Choice:
    """One line of a list: a code to keep, a name to show."""

    code: str
    name: str
    weight: int = 1
    """How often an invented student or case has it, against the others."""
    school: str = ""
    """Of a faculty: the University's school."""
    root: str = ""
    """Of a topic: `academic` or `welfare`; empty where nothing is known yet."""


def _read(file: str, table: str) -> tuple[Choice, ...]:
    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    return tuple(Choice(**line) for line in tomllib.loads(text)[table])


COLLEGES = _read("colleges.toml", "college")
FACULTIES = _read("faculties.toml", "faculty")
LEVELS = _read("levels.toml", "level")
OUTCOMES = _read("outcomes.toml", "outcome")
TOPICS = _read("topics.toml", "topic")
