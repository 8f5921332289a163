"""
A student's own copy: what is in one case, rendered once, for that student and nobody else (R24).

It is a ZIP archive of one PDF, in which others are blacked out as in every file that leaves, and
the notes once more in a form for programs. Names in it are fixed and its times are none, so the
same items give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from services.cases.domain.disclosures import same_digest
from services.cases.domain.names import name_of
from services.cases.domain.notes import NoteWords
from services.cases.domain.redaction import Mark, NothingToHide, RedactionReason, merged, spans

MEDIA_TYPE = "application/zip"
PURPOSE = "access_request"
"""What a copy is for, as the gate's pass says it."""

BLOCK = "[hidden]"
"""In place of each hidden passage, whatever its length."""

_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP archive can say, and so none."""

ABOUT = """About this copy

This is a copy of what the Student Advice Service holds in one of your cases. You asked for it.

Where a block stands, something about another person is hidden, or something that the law lets us
keep from a copy.

What for: to advise and support you, and to keep a record of it. Nobody outside the Service is told
anything without your consent, except as our confidentiality policy says.
Where from: from you, and from what you let us receive.
How long: six academic years beyond the end of the academic year in which you were last in touch.

Who has looked at your record, and what for, stands in your own list, which is always up to date.
So do what you have agreed to, and your registration form: you can open them whenever you like.

You may ask us to correct or erase what is in here, or to stop using it, and you may object.
You may complain to us, and to the Information Commissioner: ico.org.uk, 0303 123 1113.
"""
"""Set on the last pages: what article 15(1) and (2) of the UK GDPR asks for."""


def watermark(copy: str) -> str:
    """Give what is written over each page: who finds it elsewhere knows whose copy it was."""
    return f"Your own copy \u00b7 {copy}"


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@attrs.frozen
class LeftOut:
    """Something that stays out of a copy as a whole, and why."""

    item: str
    reason: RedactionReason
    why: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class CopyParticulars:
    """What a copy is, sealed with the file as one item. The student gets the file, not this."""

    request: str
    recipient: str
    """The student."""
    items: tuple[str, ...] = attrs.field(converter=_in_order)
    redactions: tuple[str, ...] = attrs.field(converter=_in_order)
    left_out: tuple[LeftOut, ...] = ()

    def canonical(self) -> bytes:
        """Write the one form that is sealed and digested: JSON, keys in order, no blanks, ASCII."""
        return json.dumps(attrs.asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_canonical(cls, opened: bytes) -> CopyParticulars:
        """Read what `canonical` wrote."""
        said: dict[str, Any] = json.loads(opened)
        left_out = tuple(
            LeftOut(**{**each, "reason": RedactionReason(each["reason"])})
            for each in said.pop("left_out")
        )
        return cls(**said, left_out=left_out)

    def digest(self, salt: bytes, content: bytes) -> str:
        """
        Give the digest that the gate binds: SHA-256(salt || particulars || SHA-256(file)), in hex.

        The first and the last part are 32 bytes long, so no two copies give the same input.
        """
        file = hashlib.sha256(content).digest()
        return hashlib.sha256(salt + self.canonical() + file).hexdigest()


@attrs.frozen(kw_only=True)
class AccessCopy:
    """A copy, without words."""

    id: str
    request: str
    """The name of the access request."""
    student: str
    case_id: str
    items: tuple[str, ...] = attrs.field(converter=_in_order)
    redactions: tuple[str, ...] = attrs.field(converter=_in_order)
    left_out: tuple[str, ...] = attrs.field(converter=_in_order)
    payload_digest: str

    @property
    def name(self) -> str:
        """The resource name, which is also the item's name for its data key."""
        return name_of("accessCopies", self.id)

    def fits(self, sealed: CopyParticulars, salt: bytes, content: bytes) -> bool:
        """Say whether this is what was made: the columns beside it must be the sealed ones too."""
        beside = (self.request, self.student, self.items, self.redactions, self.left_out)
        inside = tuple(each.item for each in sealed.left_out)
        if beside != (sealed.request, sealed.recipient, sealed.items, sealed.redactions, inside):
            return False
        return same_digest(sealed.digest(salt, content), self.payload_digest)


def unknown(name: str) -> AccessCopy:
    """Stand in for a copy that is not there, so that consent is asked about it as well."""
    same = name.partition("/")[2]
    return AccessCopy(
        id=same,
        request=name_of("accessRequests", same),
        student=name_of("students", same),
        case_id=same,
        items=(),
        redactions=(),
        left_out=(),
        payload_digest="0" * 64,
    )


@attrs.frozen
class NoteForPrograms:
    """A case note with its typed parts, and what is hidden in it."""

    name: str
    contact_date: str
    words: NoteWords = attrs.field(repr=False)
    marks: Sequence[Mark] = ()

    def as_said(self) -> Mapping[str, str]:
        """
        Give the parts with each marked passage as one block.

        Raises:
            NothingToHide: a passage is in none of the parts.
        """
        parts: dict[str, str] = attrs.asdict(self.words)
        for number, mark in enumerate(self.marks):
            if not any(spans(part, mark.passage) for part in parts.values()):
                raise NothingToHide(number)
        hidden = {name: _without(part, self.marks) for name, part in parts.items()}
        return {"name": self.name, "contact_date": self.contact_date, **hidden}


def _without(text: str, marks: Sequence[Mark]) -> str:
    out, begin = "", 0
    for start, end in merged([each for mark in marks for each in spans(text, mark.passage)]):
        out += text[begin:start] + BLOCK
        begin = end
    return out + text[begin:]


def archive(pdf: bytes, notes: Sequence[Mapping[str, str]]) -> bytes:
    """Put a copy's files together. The same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in (
            ("copy.pdf", pdf),
            ("notes.json", json.dumps({"notes": list(notes)}, indent=2).encode()),
        ):
            made.writestr(zipfile.ZipInfo(name, _BEGINNING), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
