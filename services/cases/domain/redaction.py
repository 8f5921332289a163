"""
Redaction: what a staff member hides before something leaves, and why (R3, R14, R24).

A mark names a passage by its words, or a whole page of a file, such as a scan that has no words to
look for. Every occurrence of the passage is hidden, also where it is written in other letters,
without its accents, or broken at the end of a line. Where in doubt more is hidden, not less.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import attrs

LONGEST_PASSAGE = 500
"""Characters. The proto says the same."""


class RedactionReason(StrEnum):
    """Why something is hidden; the words to it are sealed with the mark."""

    ANOTHER_PERSON = "another_person"
    """Somebody else appears (DPA 2018, Schedule 2, paragraph 16, has the same question)."""
    STAFF_MEMBER = "staff_member"
    NOT_AGREED = "not_agreed"
    """The student does not want it told."""
    NOT_NEEDED = "not_needed"
    """The recipient does not need it for the purpose."""
    OTHER = "other"


@attrs.frozen
class Mark:
    """One thing to hide: a passage, or a page from 1."""

    reason: RedactionReason
    passage: str = attrs.field(default="", repr=False)
    page: int = 0
    why: str = attrs.field(default="", repr=False)


def not_hidden(marked: Iterable[str], redactions: Iterable[str]) -> list[str]:
    """
    Give the items in which something is marked, and of which no redaction is among these.

    Which marks count for a recipient is the staff member's choice; that none do, is an accident.
    """
    hidden = {each.partition("/redactions/")[0] for each in redactions}
    return sorted(set(marked) - hidden)


def marks_to_bytes(marks: Iterable[Mark]) -> bytes:
    """Write the form that is sealed."""
    return json.dumps([attrs.asdict(each) for each in marks]).encode()


def marks_from_bytes(opened: bytes) -> tuple[Mark, ...]:
    """Read what `marks_to_bytes` wrote."""
    found = json.loads(opened)
    return tuple(Mark(**{**each, "reason": RedactionReason(each["reason"])}) for each in found)


def has_words(passage: str) -> bool:
    """Say whether there is anything in *passage* that could be looked for."""
    return any(map(str.isalnum, _Folded.of(passage).text))


class NothingToHide(Exception):
    """A passage or page does not occur, so whoever marked it would believe it hidden."""

    def __init__(self, mark: int) -> None:
        super().__init__("a mark hides nothing")
        self.mark = mark
        """Which, from 0. Its words stay out of every message."""


def spans(text: str, passage: str) -> list[tuple[int, int]]:
    """Find every occurrence of *passage* in *text*, as positions in *text*."""
    folded, wanted = _Folded.of(text), _Folded.of(passage).text.strip()
    # "Ann" is not hidden in "annual": a passage that begins or ends in a word ends with it.
    before = r"(?<!\w)" if wanted[:1].isalnum() else ""
    after = r"(?!\w)" if wanted[-1:].isalnum() else ""
    found = re.finditer(before + re.escape(wanted) + after, folded.text) if wanted else ()
    return [(folded.places[each.start()], folded.places[each.end() - 1] + 1) for each in found]


def merged(found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give overlapping and touching spans as one, in order: two blocks in a row would tell more."""
    out: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((begin, end))
    return out


@attrs.frozen
class _Folded:
    """A text as it is compared, and where each of its characters stood."""

    text: str
    places: Sequence[int]

    @classmethod
    def of(cls, text: str) -> _Folded:
        out: list[str] = []
        places: list[int] = []
        for place, char in _without_breaks(text):
            for each in unicodedata.normalize("NFKD", char).casefold():
                if unicodedata.category(each) in ("Mn", "Cf"):
                    continue
                plain = " " if each.isspace() else _ALIKE.get(each, each)
                if plain == " " and out[-1:] == [" "]:
                    continue
                out.append(plain)
                places.append(place)
        return cls("".join(out), places)


_BREAK = re.compile("(?:[-\u00ad\u2010\u2011]|[\u0002\ufffe])[ \\t]*\\r?\\n[ \\t]*|[\u0002\ufffe]")
"""A hyphen at the end of a line; PDFium writes one of the last two for it."""
_ALIKE = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u0131": "i",
    "ł": "l",
    "ø": "o",
    "đ": "d",
}
"""Characters that people type in place of each other."""


def _without_breaks(text: str) -> Iterable[tuple[int, str]]:
    begin = 0
    for each in _BREAK.finditer(text):
        yield from enumerate(text[begin : each.start()], begin)
        begin = each.end()
    yield from enumerate(text[begin:], begin)


@attrs.frozen
class Redaction:
    """What is hidden in one document or note, without the marks."""

    id: str
    case_id: str
    item: str
    """The name of the document or note."""
    author: str
    created_at: datetime

    @property
    def name(self) -> str:
        """The resource name, below the item's: whoever may open that may open this."""
        return f"{self.item}/redactions/{self.id}"
