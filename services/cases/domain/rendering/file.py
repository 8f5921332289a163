"""The one file that leaves: a PDF (ISO 32000) made from nothing but pictures and set lines."""

from __future__ import annotations

import io

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from services.cases.domain.redaction import NothingToHide
from services.cases.domain.rendering import texts
from services.cases.domain.rendering.job import (
    LARGEST,
    MOST_PAGES,
    CannotRender,
    Job,
    Source,
    Trouble,
)
from services.cases.domain.rendering.pictures import Picture, page_of_image, pages_of_pdf

_MARGIN = 64.0
_LEADING = 15.0
_FAINT = 0.22
_MOST_TEXT = 400_000
"""Characters; more would be more pages than may be."""


def render(job: Job) -> bytes:
    """
    Make the file.

    The same job gives the same bytes: there is no time and no random name in it.

    Raises:
        CannotRender: with the reason and the number of the item; nothing comes out then.
    """
    file = _File(texts.printable(job.watermark))
    for number, source in enumerate(job.sources):
        try:
            _add(file, source)
        except NothingToHide as error:
            raise CannotRender(Trouble.NOTHING_TO_HIDE, number, error.mark) from None
        except CannotRender as error:
            raise CannotRender(error.trouble, number, error.mark) from None
    return file.finished()


def _add(file: _File, source: Source) -> None:
    if source.media_type == "application/pdf":
        for picture in pages_of_pdf(source.content, source.marks):
            file.add_picture(picture)
    elif source.media_type == "text/plain":
        if len(source.content) > _MOST_TEXT:
            raise CannotRender(Trouble.TOO_MUCH)
        file.add_text(texts.redacted(source.content.decode(), source.marks))
    else:
        file.add_picture(page_of_image(source.content, source.media_type, source.marks))


class _File:
    """The pages so far."""

    def __init__(self, watermark: str) -> None:
        self._watermark, self._pages, self._bytes = watermark, 0, 0
        self._out = io.BytesIO()
        self._canvas = Canvas(self._out, pagesize=A4, invariant=True, pageCompression=1)
        self._canvas.setTitle("")
        self._canvas.setAuthor("")
        self._canvas.setSubject("")

    def add_picture(self, picture: Picture) -> None:
        """Add a page that is one picture."""
        self._bytes += len(picture.jpeg)
        if self._bytes > LARGEST:
            raise CannotRender(Trouble.TOO_MUCH)
        self._canvas.setPageSize((picture.width, picture.height))
        image = ImageReader(io.BytesIO(picture.jpeg))
        self._canvas.drawImage(image, 0, 0, picture.width, picture.height)
        self._end_page(picture.width, picture.height)

    def add_text(self, text: str) -> None:
        """Add as many pages as the text needs."""
        width, height = A4
        left, y = _MARGIN, height - _MARGIN
        self._canvas.setPageSize(A4)
        for line in texts.lines(text, width - 2 * _MARGIN):
            if y < _MARGIN + _LEADING:
                self._end_page(width, height)
                self._canvas.setPageSize(A4)
                y = height - _MARGIN
            self._add_line(line, left, y)
            y -= _LEADING
        self._end_page(width, height)

    def finished(self) -> bytes:
        """Give the file."""
        self._canvas.save()
        made = self._out.getvalue()
        if len(made) > LARGEST:
            raise CannotRender(Trouble.TOO_MUCH)
        return made

    def _add_line(self, line: str, x: float, y: float) -> None:
        canvas = self._canvas
        canvas.setFillGray(0)
        canvas.setFont(texts.FONT, texts.SIZE)
        for number, words in enumerate(line.split(texts.BLOCK)):
            if number:
                canvas.rect(x, y - 3, texts.BLOCK_WIDTH, texts.SIZE + 2, stroke=0, fill=1)
                x += texts.BLOCK_WIDTH
            canvas.drawString(x, y, words)
            x += texts.width_of(words)

    def _end_page(self, width: float, height: float) -> None:
        self._pages += 1
        if self._pages > MOST_PAGES:
            raise CannotRender(Trouble.TOO_MUCH)
        self._write_over(width, height)
        self._canvas.showPage()

    def _write_over(self, width: float, height: float) -> None:
        """Write for whom the file is: across the page, and once more at its foot."""
        canvas = self._canvas
        size = min(width, height) / 24
        wide = texts.width_of(self._watermark) * size / texts.SIZE
        size *= min(1.0, 0.95 * width / max(wide, 1.0))
        canvas.saveState()
        canvas.setFillGray(0.35, _FAINT)
        canvas.setFont(texts.FONT, size)
        canvas.translate(width / 2, height / 2)
        canvas.rotate(35)
        for offset in (-height / 3, 0, height / 3):
            canvas.drawCentredString(0, offset, self._watermark)
        canvas.restoreState()
        canvas.saveState()
        canvas.setFillGray(0.25)
        canvas.setFont(texts.FONT, min(7.0, size))
        canvas.drawString(0.04 * width, 0.02 * height, self._watermark)
        canvas.restoreState()
