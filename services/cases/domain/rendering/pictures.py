"""
Pages of files as pictures, with a bar over each line in which a marked passage stands.

A bar is as wide as the page. One that followed the passage would tell the length of a hidden name,
and with the type's metrics often the name itself; so would the gap between the words around it.
"""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import attrs
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageDraw, ImageOps

from services.cases.domain.redaction import Mark, NothingToHide, spans
from services.cases.domain.rendering.job import MOST_PAGES, CannotRender, Trouble

_DPI = 150
_LONGEST_SIDE = 2000
"""Pixels. A larger page is shown at a lower resolution."""
_LARGEST_PICTURE = 40_000_000
"""Pixels of a picture that somebody attached."""
_PASSWORD = 4
"""FPDF_ERR_PASSWORD of PDFium."""
_PAD = 1.0
"""Points above and below a line, for what reaches beyond its box."""
_LEVEL = 2.0
"""Degrees by which a line may be aslant and still count as level or upright."""

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""


@attrs.frozen
class Picture:
    """One page: its size in points, and a JPEG (ITU-T T.81) without any metadata."""

    width: float
    height: float
    jpeg: bytes = attrs.field(repr=False)


def pages_of_pdf(content: bytes, marks: Sequence[Mark]) -> Iterator[Picture]:
    """
    Give the pages of a PDF (ISO 32000) as pictures.

    Raises:
        CannotRender: it needs a password, is broken, or has too many pages.
        NothingToHide: a mark fits nowhere in it.
    """
    file = _open(content)
    try:
        if not 0 < len(file) <= MOST_PAGES:
            raise CannotRender(Trouble.TOO_MUCH if len(file) else Trouble.BROKEN)
        hidden: set[int] = set()
        for number in range(len(file)):
            image, size = _page(file, number, marks, hidden)
            yield _picture(image, *size)
        _all_hidden(marks, hidden)
    except pypdfium2.PdfiumError:
        raise CannotRender(Trouble.BROKEN) from None
    finally:
        file.close()


def page_of_image(content: bytes, media_type: str, marks: Sequence[Mark]) -> Picture:
    """
    Give a PNG or JPEG as a page; what a camera wrote into it (place, owner, thumbnail) is lost.

    Raises:
        CannotRender: it is broken, or larger than any letter.
        NothingToHide: a passage is marked, and a picture has none; its page can be hidden.
    """
    try:
        with Image.open(io.BytesIO(content), formats=[media_type.partition("/")[2]]) as opened:
            if opened.width * opened.height > _LARGEST_PICTURE:
                raise CannotRender(Trouble.TOO_MUCH)
            image = _upright(opened)
    except Image.DecompressionBombError:
        raise CannotRender(Trouble.TOO_MUCH) from None
    except (OSError, SyntaxError, ValueError):
        raise CannotRender(Trouble.BROKEN) from None
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    hidden = {number for number, mark in enumerate(marks) if mark.page == 1}
    if hidden:
        _cover(image, (0, 0, *image.size))
    _all_hidden(marks, hidden)
    return _picture(image, image.width * 72 / _DPI, image.height * 72 / _DPI)


def _open(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        locked = pdfium.FPDF_GetLastError() == _PASSWORD
        raise CannotRender(Trouble.ENCRYPTED if locked else Trouble.BROKEN) from None


def _page(
    file: pypdfium2.PdfDocument, number: int, marks: Sequence[Mark], hidden: set[int]
) -> tuple[Image.Image, tuple[float, float]]:
    # What was filled into a form and written beside the text becomes part of the page: it is shown
    # to a reader too, and only so it can be looked for.
    flat = file[number]
    pdfium.FPDFPage_Flatten(flat, pdfium.FLAT_NORMALDISPLAY)
    flat.close()
    page = file[number]
    width, height = page.get_size()
    if not (1 <= width <= 14400 and 1 <= height <= 14400):
        raise CannotRender(Trouble.TOO_MUCH)
    scale = min(_DPI / 72, _LONGEST_SIDE / max(width, height))
    image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    for mark, box in _bars(page, image.size, number, marks):
        _cover(image, box)
        hidden.add(mark)
    page.close()
    return image, (width, height)


def _bars(
    page: pypdfium2.PdfPage, size: tuple[int, int], number: int, marks: Sequence[Mark]
) -> Iterator[tuple[int, Box]]:
    """Give, for each mark that fits on the page, which one and what to hide."""
    text = page.get_textpage()
    # One character for each of PDFium's, so that positions are its indices.
    said = "".join(
        chr(pdfium.FPDFText_GetUnicode(text, index)) for index in range(text.count_chars())
    )
    for which, mark in enumerate(marks):
        if mark.page == number + 1:
            yield which, (0, 0, *size)
        for begin, end in spans(said, mark.passage):
            for index in range(begin, end):
                yield which, _on_picture(page, size, _line(page, text, index))
    text.close()


def _line(
    page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, index: int
) -> tuple[float, float, float, float]:
    """
    Give the line in which a character stands, from edge to edge of the page, in its coordinates.

    As high as the font, not as the character: a hidden "y" must not show that it is one.
    """
    left, bottom, right, top = text.get_charbox(index, loose=True)
    begin, low, end, high = page.get_bbox()
    quarter = math.degrees(pdfium.FPDFText_GetCharAngle(text, index)) % 180
    if quarter < _LEVEL or quarter > 180 - _LEVEL:
        return begin, bottom - _PAD, end, top + _PAD
    if abs(quarter - 90) < _LEVEL:
        return left - _PAD, low, right + _PAD, high
    # Words aslant: a bar along them would show how many they are.
    return begin, low, end, high


def _on_picture(
    page: pypdfium2.PdfPage, size: tuple[int, int], box: tuple[float, float, float, float]
) -> Box:
    x, y = ctypes.c_int(), ctypes.c_int()
    corners = []
    for corner in (box[:2], box[2:]):
        pdfium.FPDF_PageToDevice(page, 0, 0, *size, 0, *corner, x, y)
        corners.append((x.value, y.value))
    (x0, y0), (x1, y1) = corners
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _cover(image: Image.Image, box: Box) -> None:
    ImageDraw.Draw(image).rectangle(box, fill=(0, 0, 0))


def _all_hidden(marks: Sequence[Mark], hidden: set[int]) -> None:
    for number in range(len(marks)):
        if number not in hidden:
            raise NothingToHide(number)


def _upright(opened: Image.Image) -> Image.Image:
    """Give the picture on white paper, the way up that its camera noted."""
    turned = ImageOps.exif_transpose(opened).convert("RGBA")
    paper = Image.new("RGBA", turned.size, "white")
    paper.alpha_composite(turned)
    return paper.convert("RGB")


def _picture(image: Image.Image, width: float, height: float) -> Picture:
    red, green, blue = image.split()
    if red.tobytes() == green.tobytes() == blue.tobytes():
        image = red
    out = io.BytesIO()
    # A fresh picture from the pixels: nothing that the file said about itself comes along.
    Image.frombytes(image.mode, image.size, image.tobytes()).save(out, "JPEG", quality=75)
    return Picture(width, height, out.getvalue())
