"""What is asked of the renderer, and how it can answer; as JSON, through pipes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from enum import StrEnum

import attrs

from services.cases.domain.redaction import Mark, marks_from_bytes, marks_to_bytes

LARGEST = 5 * 1024 * 1024
"""Bytes of what comes out: what one answer can carry, and what a mailbox of today can open."""

MOST_PAGES = 60


class Trouble(StrEnum):
    """Why something can't be rendered."""

    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_MUCH = "too_much"
    TOO_LONG = "too_long"
    FELL_OVER = "fell_over"
    NOTHING_TO_HIDE = "nothing_to_hide"


class CannotRender(Exception):
    """Nothing came out. Says which item and mark are the reason, never what is in them."""

    def __init__(self, trouble: Trouble, item: int = 0, mark: int = 0) -> None:
        super().__init__(trouble)
        self.trouble, self.item, self.mark = trouble, item, mark


@attrs.frozen
class Source:
    """One thing to render: a file, or a text in UTF-8."""

    media_type: str
    content: bytes = attrs.field(repr=False)
    marks: tuple[Mark, ...] = ()


@attrs.frozen
class Job:
    """All that is rendered into one file, and what is written over each page of it."""

    sources: Sequence[Source]
    watermark: str = attrs.field(repr=False)

    def to_bytes(self) -> bytes:
        """Write what goes through the pipe."""
        sources = [
            {
                "media_type": each.media_type,
                "content": base64.b64encode(each.content).decode(),
                "marks": marks_to_bytes(each.marks).decode(),
            }
            for each in self.sources
        ]
        return json.dumps({"sources": sources, "watermark": self.watermark}).encode()

    @classmethod
    def from_bytes(cls, read: bytes) -> Job:
        """Read what `to_bytes` wrote."""
        job = json.loads(read)
        sources = [
            Source(
                each["media_type"],
                base64.b64decode(each["content"]),
                marks_from_bytes(each["marks"].encode()),
            )
            for each in job["sources"]
        ]
        return cls(sources, job["watermark"])


def answer(rendered: bytes) -> bytes:
    """Write that it worked."""
    return json.dumps({"content": base64.b64encode(rendered).decode()}).encode()


def refusal(error: CannotRender) -> bytes:
    """Write why it did not."""
    said = {"trouble": error.trouble, "item": error.item, "mark": error.mark}
    return json.dumps(said).encode()


def read_answer(read: bytes) -> bytes:
    """
    Give what was rendered.

    Raises:
        CannotRender: nothing was.
    """
    said = json.loads(read)
    if "trouble" in said:
        raise CannotRender(Trouble(said["trouble"]), int(said["item"]), int(said["mark"]))
    return base64.b64decode(said["content"], validate=True)
