"""
Texts, set in lines anew, with a block of one width in place of each hidden passage.

What follows a block moves up to it, so neither the block nor the gap tells how long the words were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from services.cases.domain.redaction import Mark, NothingToHide, merged, spans

FONT = "Vera"
SIZE = 11.0
BLOCK = "\ue000"
"""Stands for a block; a text that holds this character itself is shown as one it can't print."""
BLOCK_WIDTH = 72.0
"""Points: one inch, whatever is hidden."""

_TAB = "    "


def redacted(text: str, marks: Sequence[Mark]) -> str:
    """
    Give *text* as it can be printed, with each marked passage as one block.

    Raises:
        NothingToHide: a passage does not occur; or a page is marked, and texts have none yet.
    """
    found: list[tuple[int, int]] = []
    for number, mark in enumerate(marks):
        here = spans(text, mark.passage)
        if not here:
            raise NothingToHide(number)
        found += here
    out, begin = "", 0
    for start, end in merged(found):
        out += printable(text[begin:start]) + BLOCK
        begin = end
    return out + printable(text[begin:])


def printable(text: str) -> str:
    """Give *text* with each character that the type does not have as its number in Unicode."""
    glyphs = _font().face.charToGlyph
    return "".join(
        char
        if char == "\n" or ord(char) in glyphs
        else _TAB
        if char == "\t"
        else ""
        if char in "\r\ufeff"
        else f"[U+{ord(char):04X}]"
        for char in text
    )


def lines(text: str, width: float) -> Iterator[str]:
    """Break a text into lines that fit."""
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if width_of(longer) <= width:
                line = longer
                continue
            if line:
                yield line
            line = word
            while width_of(line) > width:
                cut = _fitting(line, width)
                yield line[:cut]
                line = line[cut:]
        yield line


def width_of(text: str) -> float:
    """Give the width of a piece of a line, blocks included."""
    _font()
    words: float = pdfmetrics.stringWidth(text.replace(BLOCK, ""), FONT, SIZE)
    return words + text.count(BLOCK) * BLOCK_WIDTH


def _fitting(word: str, width: float) -> int:
    """Give how many characters of a word that is wider than a line fit; one at least."""
    fits = 1
    while fits < len(word) and width_of(word[: fits + 1]) <= width:
        fits += 1
    return fits


def _font() -> TTFont:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT, "Vera.ttf"))
    font: TTFont = pdfmetrics.getFont(FONT)
    return font
