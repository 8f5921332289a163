"""
R3, R5, R14: what leaves is made from what may be seen, and nothing else comes along.

The attacks here are those that have worked on other people's redacted letters: words below a black
box, the width of the box, the file's author, its earlier version, a photograph's place.
"""

from __future__ import annotations

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader

from common.errors import InvalidFields
from services.cases.domain.redaction import Mark, RedactionReason
from services.cases.domain.rendering import texts
from services.cases.domain.rendering.file import render as render_here
from services.cases.domain.rendering.job import CannotRender, Job, Source, Trouble
from services.cases.storage.renderer import Renderer, RendererBusy
from tests.kit.letters import (
    aslant,
    everything_in,
    filled_form,
    letter,
    locked,
    many_pages,
    trapped,
)

PDF, TEXT = "application/pdf", "text/plain"
render = Renderer(at_once=2).render
FRIEND = "Wilhelmina Canarybird"


def hides(*passages: str) -> tuple[Mark, ...]:
    return tuple(Mark(RedactionReason.ANOTHER_PERSON, passage=each) for each in passages)


def job(*sources: Source, watermark: str = "For Dr Example, disclosures/1") -> Job:
    return Job(sources, watermark)


def pictures(content: bytes) -> list[Image.Image]:
    """Look at the pages as a reader would, without the watermark: the pictures in the file."""
    return [
        image.image.convert("L")
        for page in PdfReader(io.BytesIO(content)).pages
        for image in page.images
        if image.image is not None
    ]


def bars(image: Image.Image) -> list[tuple[int, int]]:
    """Give the (top, width) of each run of rows that are black from side to side."""
    found: list[tuple[int, int]] = []
    inside = False
    for y in range(image.height):
        row = image.crop((0, y, image.width, y + 1)).tobytes()
        black = max(row) < 40
        if black and not inside:
            found.append((y, sum(each < 40 for each in row)))
        inside = black
    return found


def test_words_under_a_bar_are_gone() -> None:
    """The name is in no byte, stream, text or description of what leaves."""
    before = trapped(letter("Dear Dr Example,", f"{FRIEND} was there too.", "Yours"), FRIEND)
    assert FRIEND.encode() in everything_in(before)
    after = render(job(Source(PDF, before, hides(FRIEND))))
    seen = everything_in(after).lower()
    for part in (FRIEND, *FRIEND.split()):
        assert part.lower().encode() not in seen
        assert part.lower().encode("utf-16-be") not in seen
    assert len(bars(pictures(after)[0])) == 1


def test_what_is_not_on_a_page_stays_behind_also_where_nothing_is_marked() -> None:
    """No author, script, attachment, outline or earlier version leaves with a letter."""
    after = render(job(Source(PDF, trapped(letter("Dear Dr Example,"), FRIEND))))
    seen = everything_in(after)
    for word in (FRIEND, "JavaScript", "EmbeddedFile", "Outlines", "xmpmeta"):
        assert word.encode() not in seen
    assert after.count(b"%%EOF") == 1


@pytest.mark.parametrize("name", ["Jo Li", "Wilhelmina Featherstonehaugh-Canarybird"])
def test_a_bar_is_as_wide_for_a_long_name_as_for_a_short_one(name: str) -> None:
    after = render_here(job(Source(PDF, letter(f"{name} was there", "Yours"), hides(name))))
    (picture,) = pictures(after)
    assert [width for _, width in bars(picture)] == [picture.width]


def test_pages_that_differ_in_the_hidden_name_only_are_the_same_page() -> None:
    """Whoever knows two candidates, the type and the rest of the letter can't tell which it is."""
    first, second = (
        pictures(render_here(job(Source(PDF, letter(f"{name} came."), hides(name)))))[0]
        for name in ("Jo Li", "Wilhelmina Featherstonehaugh")
    )
    assert first.tobytes() == second.tobytes()


def test_a_text_that_differs_in_the_hidden_name_only_is_the_same_file() -> None:
    first, second = (
        render_here(job(Source(TEXT, f"{name} came, and {name} left.".encode(), hides(name))))
        for name in ("Jo Li", "Wilhelmina Featherstonehaugh")
    )
    assert first == second


def test_a_mark_that_hides_nothing_in_a_text_stops_it() -> None:
    """R14: whoever marked it would believe it hidden."""
    mark = Mark(RedactionReason.ANOTHER_PERSON, passage="Anna")
    with pytest.raises(CannotRender) as refused:
        render_here(job(Source("text/plain", b"Joanna rang.", (mark,))))
    assert (refused.value.trouble, refused.value.mark) == (Trouble.NOTHING_TO_HIDE, 0)


def test_what_follows_a_block_stands_beside_it() -> None:
    beside = texts.width_of(f"a{texts.BLOCK}b") - texts.width_of("ab")
    assert beside == pytest.approx(texts.BLOCK_WIDTH)


def test_a_text_keeps_the_words_around_a_block() -> None:
    after = render(job(Source(TEXT, f"Then {FRIEND} rang,\nand wept.".encode(), hides(FRIEND))))
    seen = PdfReader(io.BytesIO(after)).pages[0].extract_text()
    assert "Then" in seen
    assert "rang," in seen
    assert "wept" in seen
    assert "Canarybird" not in seen


def test_what_was_filled_into_a_form_is_shown_and_can_be_hidden() -> None:
    shown = render(job(Source(PDF, filled_form(FRIEND))))
    plain = render(job(Source(PDF, filled_form(""))))
    assert pictures(shown)[0].tobytes() != pictures(plain)[0].tobytes()
    hidden = render(job(Source(PDF, filled_form(FRIEND), hides(FRIEND))))
    assert len(bars(pictures(hidden)[0])) == 1


def test_a_page_can_be_hidden_whole() -> None:
    """A scan has no words that could be looked for."""
    mark = (Mark(RedactionReason.NOT_NEEDED, page=1),)
    after = render(job(Source(PDF, letter(FRIEND), mark)))
    assert max(pictures(after)[0].tobytes()) < 40


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_page_on_its_side_is_hidden_in_the_right_place(turned: int) -> None:
    """A scanner turns pages: the bar turns with the words, and tells as little."""
    first, second = (
        pictures(
            render(job(Source(PDF, on_its_side(letter(f"{name} came."), turned), hides(name))))
        )
        for name in ("Jo Li", "Wilhelmina Featherstonehaugh")
    )
    assert first[0].tobytes() == second[0].tobytes()
    assert first[0].width > first[0].height if turned % 180 else True
    assert sum(each < 40 for each in first[0].tobytes()) < first[0].width * first[0].height / 10


def on_its_side(content: bytes, degrees: int) -> bytes:
    """Give the letter with its pages turned."""
    file = pypdfium2.PdfDocument(content)
    file[0].set_rotation(degrees)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


@pytest.mark.parametrize("degrees", [90, 33])
def test_words_that_run_up_the_page_are_hidden_as_well(degrees: int) -> None:
    first, second = (
        pictures(render(job(Source(PDF, aslant(f"{name} came.", degrees), hides(name)))))[0]
        for name in ("Jo Li", "Wilhelmina Featherstonehaugh")
    )
    assert first.tobytes() == second.tobytes()


def test_a_passage_that_occurs_nowhere_stops_it() -> None:
    """Whoever misspelt a name would believe it hidden. The refusal does not repeat the name."""
    with pytest.raises(InvalidFields) as refused:
        render(job(Source(PDF, letter("Dear Dr Example,"), hides("Example", FRIEND))))
    assert "mark 2 of item 1" in str(refused.value.violations)
    assert "Canarybird" not in str(refused.value.violations)


def test_each_page_says_for_whom_it_is() -> None:
    after = render(
        job(Source(PDF, letter("One")), Source(TEXT, b"Two"), watermark="For Dr Zoë Łęcka, d/1")
    )
    pages = PdfReader(io.BytesIO(after)).pages
    assert len(pages) == 2
    for page in pages:
        assert "For Dr Zoë Ł" in page.extract_text()


def test_a_character_without_a_glyph_is_named_not_lost() -> None:
    assert texts.printable("ж\t\r\ue000") == "[U+0436]    [U+E000]"


def test_a_line_is_never_wider_than_the_page() -> None:
    for line in texts.lines(f"{'m' * 300} {texts.BLOCK * 9} " * 3, 400):
        assert texts.width_of(line) <= 400 or len(line) == 1


def test_the_same_job_gives_the_same_bytes() -> None:
    """Or a repeated proposal would ask the student about something else."""
    asked = job(Source(PDF, letter("One")), Source(TEXT, b"Two"))
    assert render(asked) == render(asked)


def test_a_photograph_does_not_say_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x010E] = FRIEND
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(out, "JPEG", exif=exif, comment=FRIEND.encode())
    assert FRIEND.encode() in out.getvalue()
    after = render(job(Source("image/jpeg", out.getvalue())))
    assert FRIEND.encode() not in everything_in(after)
    assert b"Exif" not in after


# Hostile files


def bomb() -> bytes:
    """Give a small PNG that says it is a very large one."""
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("media_type", "content", "trouble"),
    [
        (PDF, locked(letter("One")), Trouble.ENCRYPTED),
        (PDF, b"%PDF-1.7\nnothing\n%%EOF\n", Trouble.BROKEN),
        (PDF, letter("One")[:200], Trouble.BROKEN),
        (PDF, letter("One", size=(200_000, 200_000)), Trouble.TOO_MUCH),
        (PDF, many_pages(2000), Trouble.TOO_MUCH),
        (TEXT, b"a\n" * 150_000, Trouble.TOO_MUCH),
        ("image/png", b"\x89PNG\r\n\x1a\n nothing", Trouble.BROKEN),
        ("image/png", bomb(), Trouble.TOO_MUCH),
    ],
    ids=["locked", "broken", "cut", "huge page", "pages", "long text", "no picture", "bomb"],
)
def test_a_hostile_file_gets_a_reason_soon_and_nothing_else(
    media_type: str, content: bytes, trouble: Trouble
) -> None:
    began = time.monotonic()
    with pytest.raises(CannotRender) as refused:
        render_here(job(Source(media_type, content)))
    assert refused.value.trouble is trouble
    assert time.monotonic() - began < 10
    with pytest.raises(InvalidFields) as said:
        render(job(Source(TEXT, b"fine"), Source(media_type, content)))
    assert "item 2" in str(said.value.violations)


def test_a_file_at_which_the_renderer_falls_over_is_not_called_too_much(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever is told "too much" would try in vain with fewer pages; operators see the code."""
    not_text = f"{FRIEND} \ud800".encode("utf-8", "surrogatepass")
    with pytest.raises(InvalidFields) as said:
        render(job(Source(TEXT, not_text)))
    assert "fell over" in said.value.violations["items"]
    logged = capsys.readouterr()
    assert "renderer_fell_over" in logged.out
    assert "returncode=1" in logged.out
    assert FRIEND not in logged.out + logged.err


def test_only_so_many_files_are_rendered_at_once_and_the_others_are_told_to_try_again() -> None:
    """Many hostile files at once must not take the machine from everybody else."""
    renderer = Renderer(at_once=1, patience_seconds=0)
    together = threading.Barrier(4)

    def one(_: int) -> str:
        together.wait()
        try:
            renderer.render(job(Source(TEXT, b"One")))
        except RendererBusy as busy:
            return busy.message
        return "rendered"

    with ThreadPoolExecutor(4) as pool:
        came = sorted(pool.map(one, range(4)))
    assert came == ["Other files are being prepared at the moment. Try again in a minute."] * 3 + [
        "rendered"
    ]
    assert renderer.render(job(Source(TEXT, b"Two")))
