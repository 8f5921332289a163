"""Documents: letters and other files, and whether a file is what it says it is."""

from __future__ import annotations

from datetime import datetime

import attrs

from services.cases.domain.names import name_of

LARGEST = 5 * 1024 * 1024
"""Bytes. The proto says the same; documents are sealed whole, in memory."""

_BEGINS_WITH = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}


def is_what_it_says(media_type: str, content: bytes) -> bool:
    """
    Say whether *content* begins like its media type; text must be UTF-8 without a NUL.

    A file that pretends would reach the recipient of a disclosure under a false name.
    """
    if media_type == "text/plain":
        if b"\x00" in content:
            return False
        try:
            content.decode()
        except UnicodeDecodeError:
            return False
        return True
    beginning = _BEGINS_WITH.get(media_type)
    return beginning is not None and content.startswith(beginning)


@attrs.frozen
class Document:
    """A document, without title or content."""

    id: str
    case_id: str
    author: str
    created_at: datetime
    media_type: str
    size_bytes: int

    @property
    def name(self) -> str:
        """The resource name, which is also the item's name for its data key."""
        return name_of("documents", self.id)
