"""
Invented students, with what they came about, over four closed academic years.

Everything follows from the seed: the same seed, size and day give the same people, and a larger
size only adds to a smaller one. The first students have the awkward names (`awkward.py`) and, among
them, every college once; one case is so old that it is due for disposal (R26).
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from uuid import UUID, uuid5

import attrs

from deploy.seeds import words
from deploy.seeds.awkward import AWKWARD
from deploy.seeds.lists import COLLEGES, FACULTIES, LEVELS, OUTCOMES, TOPICS, Choice

NAMESPACE = UUID("0b7d9d3e-6f0e-4d3a-9a53-6e1c1d1c2026")
"""Of all request ids made from a seed."""

CLOSED_YEARS = 4
OLD_YEARS = 8
"""Academic years since the one old case; disposal is due after the sixth has ended."""
OLD_CASE_OF = 1
"""Which student the old case belongs to: the second, so that it is in every seeded stack."""

FIRST_NAMES = (
    "Amara Benedict Chiara Dafydd Eszter Fatima Gethin Hana Imogen Jakub Kwame Leila Mateus Nadia"
    " Oisín Priya Quentin Rosalind Søren Tamsin Ugo Violet Wei Xanthe Yusuf Zofia"
)
LAST_NAMES = (
    "Adeyemi Brankovic Cheong Dalgaard Eastaugh Fonseca Grześkowiak Hathersage Iyer Jóhannsdóttir"
    " Kettlewell Lindqvist Mbeki-Ross Nakagawa Ollerenshaw Papadakis Quigley Raghunathan Stannard"
    " Tremblay Uzun Vasquez Wintringham Yaxley Zuber"
)


@attrs.frozen
class Note:
    """An invented case note."""

    request_id: str
    contact_date: str
    situation: str
    advice_offered: str
    action_taken: str


@attrs.frozen
class Case:
    """An invented case; without an outcome it stays open."""

    request_id: str
    topic: str
    contact_date: str
    notes: tuple[Note, ...]
    outcome: str


@attrs.frozen
class Student:
    """An invented student; *form* has the fields of a registration form."""

    request_id: str
    kind: str
    """What is awkward about the name; empty if nothing is."""
    form: dict[str, str]
    cases: tuple[Case, ...]


@attrs.frozen
class Enquiry:
    """An invented enquiry without a name (R28)."""

    request_id: str
    topic: str
    contact_date: str
    words: str


@attrs.frozen
class People:
    """Everybody that follows from a seed."""

    students: tuple[Student, ...]
    enquiries: tuple[Enquiry, ...]


def invent(students: int = 60, seed: int = 2026, today: datetime.date | None = None) -> People:
    """Invent *students*, their cases, and half as many enquiries, all before this academic year."""
    now = academic_year(today or datetime.datetime.now(datetime.UTC).date())
    return People(
        students=tuple(_student(seed, number, now) for number in range(students)),
        enquiries=tuple(_enquiry(seed, number, now) for number in range(students // 2)),
    )


def academic_year(day: datetime.date) -> int:
    """Return the academic year of *day* (1 October to 30 September) by its first calendar year."""
    return day.year if day.month >= 10 else day.year - 1


def _student(seed: int, number: int, now: int) -> Student:
    rng = random.Random(f"{seed}/student/{number}")  # noqa: S311  # people, not keys
    name = AWKWARD[number] if number < len(AWKWARD) else None
    if name is None:
        first, last = rng.choice(FIRST_NAMES.split()), rng.choice(LAST_NAMES.split())
        full, preferred = f"{first} {last}", first if rng.random() < 0.3 else ""
    else:
        full, preferred = name.full, name.preferred
    form = {"full_name": full, "preferred_name": preferred}
    if name is None or name.kind != "nothing at all":
        form |= _about(rng, number)
    cases = [
        _case(rng, _id(seed, "case", number, which), now - rng.randint(1, CLOSED_YEARS))
        for which in range(rng.choices((0, 1, 2, 3), (10, 60, 20, 10))[0])
    ]
    if number == OLD_CASE_OF:
        cases.append(_case(rng, _id(seed, "case", number, "old"), now - OLD_YEARS))
    return Student(
        request_id=_id(seed, "student", number),
        kind=name.kind if name else "",
        form=form,
        cases=tuple(cases),
    )


def _about(rng: random.Random, number: int) -> dict[str, str]:
    """Say where somebody studies. Now and then somebody would rather not say."""
    about = {
        "college": _college(rng, number),
        "faculty": rng.choice(FACULTIES).code,
        "level": _weighted(rng, LEVELS[:3]),
        "contact": "",
    }
    if rng.random() < 0.1:
        about["faculty"] = ""
    if rng.random() < 0.9:
        initials = "".join(rng.choices("abcdefghjklmnprstw", k=2))
        crsid = f"{initials}{rng.choice('23456789')}{number}"
        about["crsid"] = rng.choices(
            (crsid, f" {crsid.upper()} ", f"{crsid}@cam.ac.uk"), (8, 1, 1)
        )[0]
        about["contact"] = f"{crsid}@cam.ac.uk, evenings"
    return about


def _college(rng: random.Random, number: int) -> str:
    """Return each college once, the last one twice as one of the first says nothing; then any."""
    if number <= len(COLLEGES):
        return COLLEGES[min(number, len(COLLEGES) - 1)].code
    return _weighted(rng, COLLEGES)


def _case(rng: random.Random, request_id: str, year: int) -> Case:
    topic = _choose(rng, TOPICS)
    day = _day_of(rng, year)
    end = datetime.date(year + 1, 9, 30)
    notes = []
    for which in range(rng.randint(1, 3)):
        notes.append(
            Note(
                request_id=str(uuid5(UUID(request_id), f"note/{which}")),
                contact_date=day.isoformat(),
                situation=rng.choice(words.SITUATIONS[topic.root]),
                advice_offered=rng.choice(words.ADVICE),
                # Now and then a staff member is called away: R15 keeps the rest as a draft.
                action_taken=rng.choice(words.ACTIONS) if rng.random() < 0.95 else "",
            )
        )
        day = min(day + datetime.timedelta(days=rng.randint(3, 30)), end)
    outcome = rng.choice(OUTCOMES).code if rng.random() < 0.85 else ""
    return Case(request_id, topic.code, notes[0].contact_date, tuple(notes), outcome)


def _enquiry(seed: int, number: int, now: int) -> Enquiry:
    rng = random.Random(f"{seed}/enquiry/{number}")  # noqa: S311  # words, not keys
    topic = _choose(rng, TOPICS)
    return Enquiry(
        request_id=_id(seed, "enquiry", number),
        topic=topic.code,
        contact_date=_day_of(rng, now - rng.randint(1, CLOSED_YEARS)).isoformat(),
        words=rng.choice(words.ENQUIRIES[topic.root]),
    )


def _day_of(rng: random.Random, year: int) -> datetime.date:
    """Return a day of an academic year; most are in full term, when students are here."""
    first = datetime.date(year, 10, 1)
    in_term = rng.random() < 0.8
    offset = rng.choice((0, 104, 201)) + rng.randint(5, 60) if in_term else rng.randint(0, 364)
    return first + datetime.timedelta(days=offset)


def _weighted(rng: random.Random, choices: Sequence[Choice]) -> str:
    return _choose(rng, choices).code


def _choose(rng: random.Random, choices: Sequence[Choice]) -> Choice:
    return rng.choices(choices, [each.weight for each in choices])[0]


def _id(seed: int, *what: object) -> str:
    """Return the request id of one thing; the same seed always gives the same."""
    return str(uuid5(NAMESPACE, "/".join(map(str, (seed, *what)))))
