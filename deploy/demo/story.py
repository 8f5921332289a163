"""The telling: chapters, plain words, and checks that count."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from common.errors import ServiceError

WIDTH = 96


class Story:
    """Prints the story and remembers every check."""

    def __init__(self) -> None:
        self.checks = 0
        self.failures: list[str] = []
        self._colour = sys.stdout.isatty()

    def chapter(self, number: int, title: str, *requirements: str) -> None:
        """Begin a chapter, with the R-numbers of the policy's sentences it shows."""
        line = f"{number}. {title}  ({', '.join(requirements)})"
        print(f"\n{self._in(line, '1')}", flush=True)

    def say(self, words: str) -> None:
        """Say what happens, in plain words."""
        print(
            textwrap.fill(words, WIDTH, initial_indent="   ", subsequent_indent="   "), flush=True
        )

    def show(self, block: str) -> None:
        """Show something as it is."""
        for line in block.splitlines():
            print(self._in(f"     {line}", "2"), flush=True)

    def check(self, claim: str, holds: bool, otherwise: str = "") -> None:
        """Check *claim*, and go on either way; *otherwise* says what was there instead."""
        self.checks += 1
        mark = self._in("checked", "32") if holds else self._in("FAILED ", "31;1")
        print(f"   {mark}  {claim}", flush=True)
        if not holds:
            self.failures.append(claim)
            if otherwise:
                self.show(otherwise)

    @contextmanager
    def refused(self, claim: str, kind: type[ServiceError], *reasons: str) -> Iterator[None]:
        """Check that what is tried inside is refused with *kind*, naming all of *reasons*."""
        try:
            yield
        except ServiceError as error:
            given = list(getattr(error, "reasons", ()))
            holds = isinstance(error, kind) and set(reasons) <= set(given)
            self.check(claim, holds, f"{type(error).__name__}: {error.message} {given}")
            if given:
                self.show("because: " + ", ".join(given))
        else:
            self.check(claim, False, "it was allowed")

    def end(self) -> int:
        """Say how it went, and return the exit code."""
        print()
        if self.failures:
            print(self._in(f"{len(self.failures)} of {self.checks} checks failed:", "31;1"))
            for claim in self.failures:
                print(f"   {claim}")
            return 1
        print(self._in(f"All {self.checks} checks held.", "32;1"))
        return 0

    def _in(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colour else text
