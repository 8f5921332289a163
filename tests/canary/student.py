"""
A student whose every detail is a text that occurs nowhere else, and in which forms to look for it.
"""

from __future__ import annotations

import base64
import random
import string
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

import attrs

_CHANCE = random.SystemRandom()


def unlike_any(length: int = 14) -> str:
    """Give a text that was never there before."""
    return "q" + "".join(_CHANCE.choices(string.ascii_lowercase, k=length - 1))


def name(first: str = "Zoë") -> str:
    """Give a name, awkward to spell and unlike any."""
    return f"{first} Ångström-{unlike_any().title()}"


@attrs.frozen(kw_only=True)
class Canary:
    """What the student and the people around them say; each is looked for everywhere."""

    full_name: str = attrs.field(factory=name)
    preferred_name: str = attrs.field(factory=unlike_any)
    crsid: str = attrs.field(factory=lambda: "q" + "".join(_CHANCE.choices("bcdfgz", k=7)))
    contact: str = attrs.field(factory=lambda: f"{unlike_any()}@mail.example, evenings only")
    situation: str = attrs.field(factory=lambda: f"her supervisor {unlike_any()} shouts")
    advice_offered: str = attrs.field(factory=lambda: f"to ask {unlike_any()} for leave")
    action_taken: str = attrs.field(factory=lambda: f"wrote to {unlike_any()}")
    title: str = attrs.field(factory=lambda: f"Letter about {unlike_any()}")
    letter: str = attrs.field(factory=lambda: f"I have been {unlike_any()} since May")
    recipient: str = attrs.field(factory=lambda: name("Dr"))
    address: str = attrs.field(factory=lambda: f"{unlike_any()}@tutors.example")
    organisation: str = attrs.field(factory=unlike_any)
    outline: str = attrs.field(factory=lambda: f"said that {unlike_any()} tonight")
    reason: str = attrs.field(factory=lambda: f"has {unlike_any()} at hand")
    intended_outcome: str = attrs.field(factory=lambda: f"that {unlike_any()} sees her")
    spoken_to: str = attrs.field(factory=lambda: f"at 10:40 she said {unlike_any()}")
    told: str = attrs.field(factory=lambda: f"her name, and {unlike_any()}")
    enquiry: str = attrs.field(factory=lambda: f"asked at the door about {unlike_any()}")
    about: str = attrs.field(factory=name)
    question: str = attrs.field(factory=lambda: f"does {unlike_any()} come to you?")
    answer_to: str = attrs.field(factory=lambda: f"{unlike_any()}@parents.example")
    why_the_name: str = attrs.field(factory=lambda: f"I fear it was {unlike_any()}")
    view: str = attrs.field(factory=lambda: f"I know {unlike_any()}, and looked at nothing")
    weighed: str = attrs.field(factory=lambda: f"since {unlike_any()} is no risk")
    mistaken: str = attrs.field(factory=lambda: f"typed in the wrong place: {unlike_any()}")

    def texts(self) -> Mapping[str, str]:
        """Give each text to look for: the part of each that occurs nowhere else."""
        return {
            what: max(text.replace("@", " ").replace("-", " ").split(), key=_oddness)
            for what, text in attrs.asdict(self).items()
        }


def _oddness(word: str) -> tuple[bool, int]:
    """Rank the made-up word first: it begins with a q and no English word here does."""
    return word.lower().startswith("q"), len(word)


def forms(text: str) -> tuple[bytes, ...]:
    """Give *text* as it may stand in a file: as it is, in hexadecimal, in base64."""
    plain = text.encode()
    # In base64 the same bytes look different at each of three offsets; the ends mix with others.
    at_offsets = (
        base64.b64encode(plain).rstrip(b"=")[:-1],
        base64.b64encode(b"\0" + plain).rstrip(b"=")[2:-1],
        base64.b64encode(b"\0\0" + plain).rstrip(b"=")[3:-1],
    )
    return (plain, plain.lower(), plain.hex().encode(), plain.hex().upper().encode(), *at_offsets)


def hits(texts: Mapping[str, str], place: bytes) -> Sequence[str]:
    """Name the texts that *place* holds, in whatever form."""
    names = {form: what for what, text in texts.items() for form in forms(text)}
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"\n".join(names))
        patterns.flush()
        # One pass for all forms together; a database's files are a hundred megabytes.
        search = ["grep", "--text", "--only-matching", "--fixed-strings", "-f", patterns.name]
        done = subprocess.run(
            search, input=place, capture_output=True, env={"LC_ALL": "C"}, check=False
        )
    assert done.returncode in (0, 1), done.stderr
    return sorted({names[found] for found in done.stdout.splitlines()})
