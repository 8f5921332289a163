"""Letters in PDF for the tests, with the words and the traps that a test asks for."""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject, TextStringObject
from reportlab.pdfgen.canvas import Canvas


def letter(*lines: str, size: tuple[float, float] = (595, 842), author: str = "") -> bytes:
    """Give a one-page letter with these lines."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=True)
    canvas.setAuthor(author)
    for number, line in enumerate(lines):
        canvas.drawString(72, size[1] - 72 - 20 * number, line)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def aslant(line: str, degrees: int) -> bytes:
    """Give a page on which one line runs up at an angle."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=True)
    canvas.translate(200, 300)
    canvas.rotate(degrees)
    canvas.drawString(0, 0, line)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def many_pages(count: int) -> bytes:
    """Give a letter of so many empty pages."""
    return written(blank(count))


def locked(content: bytes) -> bytes:
    """Give the letter under a password."""
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt("a password", algorithm="AES-256")
    return written(writer)


def trapped(content: bytes, secret: str) -> bytes:
    """Give the letter with *secret* in all the places of a PDF that are not on its pages."""
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.add_metadata({"/Title": secret, "/Author": secret, "/Keywords": secret})
    writer.add_attachment(f"{secret}.txt", secret.encode())
    script = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject(f"app.alert('{secret}')")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject(name): value for name, value in script.items()}
    )
    writer.add_outline_item(title=secret, page_number=0)
    writer.xmp_metadata = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{secret}</x:xmpmeta>".encode()
    once = written(writer)
    # And once more as what PDF calls an incremental update: the earlier file is still inside.
    update = PdfWriter(io.BytesIO(once), incremental=True)
    update.add_metadata({"/Subject": secret})
    return written(update)


def filled_form(secret: str) -> bytes:
    """Give a page on which somebody has filled *secret* into a field."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=True)
    canvas.drawString(72, 770, "Who else was there?")
    canvas.acroForm.textfield(name="who", value=secret, x=72, y=700, width=300, height=24)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def blank(count: int) -> PdfWriter:
    """Give a writer with so many empty pages."""
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(595, 842)
    return writer


def written(writer: PdfWriter) -> bytes:
    """Give what a writer writes."""
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def everything_in(content: bytes) -> bytes:
    """Give all that can be got out of a PDF: its bytes, every stream undone, its text and more."""
    reader = PdfReader(io.BytesIO(content))
    found = [content, repr(reader.metadata).encode(), repr(reader.trailer).encode()]
    for number in range(1, _objects(reader)):
        thing = reader.get_object(number)
        if thing is None:
            continue
        found.append(repr(thing).encode())
        # Pictures are looked at as pictures.
        if isinstance(thing, StreamObject) and thing.get("/Subtype") != "/Image":
            found.append(thing.get_data())
    found += [page.extract_text().encode() for page in reader.pages]
    return b"\n".join(found)


def _objects(reader: PdfReader) -> int:
    size = reader.trailer["/Size"]
    assert isinstance(size, int)
    return size
