"""R24: what a student's own copy is made of, and that nothing of others is in it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import attrs
import pytest

from services.cases.domain.access_copies import (
    AccessCopy,
    CopyParticulars,
    LeftOut,
    NoteForPrograms,
    archive,
)
from services.cases.domain.notes import NoteWords
from services.cases.domain.redaction import Mark, NothingToHide, RedactionReason

SALT, FILE = b"s" * 32, b"PK the file"
OTHER = RedactionReason.ANOTHER_PERSON


def particulars() -> CopyParticulars:
    return CopyParticulars(
        request="accessRequests/1",
        recipient="students/1",
        items=["notes/1"],
        redactions=["notes/1/redactions/1"],
        left_out=(LeftOut("notes/2", RedactionReason.OTHER, "why"),),
    )


def copy_of(what: CopyParticulars) -> AccessCopy:
    return AccessCopy(
        id="1",
        request=what.request,
        student=what.recipient,
        case_id="1",
        items=what.items,
        redactions=what.redactions,
        left_out=[each.item for each in what.left_out],
        payload_digest=what.digest(SALT, FILE),
    )


def test_what_is_sealed_comes_back_as_it_was() -> None:
    what = particulars()
    assert CopyParticulars.from_canonical(what.canonical()) == what
    assert copy_of(what).fits(what, SALT, FILE)


@pytest.mark.parametrize(
    "change",
    [
        {"request": "accessRequests/2"},
        {"recipient": "students/2"},
        {"items": ["notes/3"]},
        {"redactions": []},
        {"left_out": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_one_thing_else_does_not_fit(change: dict[str, Any]) -> None:
    """Neither where only what is sealed differs, nor where the columns were changed to match."""
    what = particulars()
    other = attrs.evolve(what, **change)
    assert not copy_of(what).fits(other, SALT, FILE)
    matching = attrs.evolve(copy_of(other), payload_digest=what.digest(SALT, FILE))
    assert not matching.fits(other, SALT, FILE)


def test_one_byte_else_does_not_fit() -> None:
    what = particulars()
    assert not copy_of(what).fits(what, SALT, FILE + b".")
    assert not copy_of(what).fits(what, b"t" * 32, FILE)


def test_a_name_is_hidden_in_each_part_and_its_length_with_it() -> None:
    """The same words for programs, whoever is hidden."""
    said = [
        NoteForPrograms(
            "notes/1",
            "2026-11-25",
            NoteWords(f"{name} was there.", f"Ask {name.upper()}.", "None."),
            [Mark(OTHER, name)],
        ).as_said()
        for name in ("Bo", "Wilhelmina Otherbird")
    ]
    assert said[0] == said[1]
    assert said[0]["situation"] == "[hidden] was there."
    assert said[0]["advice_offered"] == "Ask [hidden]."


def test_a_mark_that_is_in_no_part_is_not_thought_hidden() -> None:
    """It may be in the text, over two parts; then a program would read what nobody sees."""
    words = NoteWords("It ends here", "and begins here", "")
    note = NoteForPrograms("notes/1", "2026-11-25", words, [Mark(OTHER, "here Advice offered")])
    with pytest.raises(NothingToHide):
        note.as_said()


def test_the_same_files_are_the_same_bytes_and_say_no_time() -> None:
    made = [archive(b"%PDF", [{"name": "notes/1"}]) for _ in range(2)]
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as files:
        assert {each.date_time for each in files.infolist()} == {(1980, 1, 1, 0, 0, 0)}
