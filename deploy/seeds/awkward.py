# ruff: noqa: RUF001  # these letters are meant
"""
Names that software gets wrong. All of them are names here, and stay as they are typed (R1).

Each kind comes up once among the first invented students, so that every demo and test meets it.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class AwkwardName:
    """A name, and what is awkward about it."""

    kind: str
    full: str
    preferred: str = ""


AWKWARD = (
    AwkwardName("apostrophe", "Niamh O'Shaughnessy-D'Arcy", "Niamh"),
    AwkwardName("typographic apostrophe", "Siân O’Keeffe", "Siân"),
    AwkwardName("one word", "Teguh"),
    AwkwardName("one letter", "O"),
    AwkwardName("as long as the form allows", " ".join(["Wilhelmina"] * 27) + " Vér"),
    AwkwardName("Han script", "王小雨", "Rain"),
    AwkwardName("outside the basic plane", "𠮷野 さくら"),
    AwkwardName("Cyrillic script", "Олександра Коваленко", "Саша"),
    AwkwardName("Georgian script", "ნინო ბერიძე"),
    AwkwardName("Tamil script", "தமிழ்ச்செல்வி"),
    AwkwardName("right to left", "نور الهدى بنت عبد الرحمن", "نور"),
    AwkwardName("both directions", "Lior ליאור בן־דוד"),
    AwkwardName("combining marks", "Zoe\u0308 A\u030angstro\u0308m", "Zoe\u0308"),
    AwkwardName("many combining marks", "Z\u0337\u0353o\u0336\u035de\u0335\u031b Marsh"),
    AwkwardName("dotless and dotted i", "İpek Işık", "İpek"),
    AwkwardName("sharp s", "Anselm Groß", "STRAẞE"),
    AwkwardName("zero-width joiner", "क\u094d\u200dष Rao"),
    AwkwardName("looks like SQL", "Robert'); DROP TABLE students;--", "Bobby"),
    AwkwardName("looks like nothing", "Null"),
    AwkwardName("looks like false", "False None", "undefined"),
    AwkwardName("looks like an option", "-rf Anderssen"),
    AwkwardName("looks like a formula", "=SUM(1+1) Excell"),
    AwkwardName("looks like markup", "<b>Bo</b> & Daughter"),
    AwkwardName("looks like a template", "{{7*7}} ${HOME} %s%n"),
    AwkwardName("looks like a path", "../../etc/passwd"),
    AwkwardName("quotes and backslash", 'Ludmila "Lu\\la" Ferreira', '"Lula"'),
    AwkwardName("blanks around", "  Maeve   Quill  ", " Maeve "),
    AwkwardName("emoji", "Sam Fenwick", "Sam 🌻👩🏽‍🎓"),
    AwkwardName("digits", "Jon 5 of Ely", "5"),
    AwkwardName("no full name", "", "Wren"),
    AwkwardName("nothing at all", ""),
)
