"""A small letter in PDF, made here so that the demo needs no file from elsewhere."""

from __future__ import annotations

FRIEND = "Wilhelmina Otherbird"
"""Somebody else, about whom nothing leaves."""

LINES = (
    "Dear Tutor,",
    "I have been unwell since the beginning of term, and ask for an extension",
    "of two weeks for my dissertation.",
    "My flatmate Wilhelmina Otherbird can tell you how bad it was.",
)


def letter() -> bytes:
    """Return a one-page PDF (ISO 32000-1) with a few lines of Helvetica."""
    text = " T* ".join(f"({line}) Tj" for line in LINES)
    stream = f"BT /F1 12 Tf 16 TL 72 720 Td {text} ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
        b"/Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
    )
    return out
