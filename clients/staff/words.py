"""
Words come from an editor, a file or standard input, never from an argument.

An argument would end up in the shell's history and in the process list, where others can read it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import typer

HEADING = "## "


def ask(parts: dict[str, str], source: Path | None) -> dict[str, str]:
    """
    Return the words for each of *parts* (field name to heading).

    *source* is a file, or `-` for standard input; without it, `$EDITOR` opens on a private file
    that is removed afterwards. The text is divided by its headings (`## Situation`).
    """
    if source is None:
        text = _from_editor("".join(f"{HEADING}{heading}\n\n\n" for heading in parts.values()))
    elif str(source) == "-":
        text = sys.stdin.read()
    else:
        text = source.read_text(encoding="utf-8")
    return divide(text, parts)


def divide(text: str, parts: dict[str, str]) -> dict[str, str]:
    """Divide *text* by its headings; text before any heading belongs to the first part."""
    by_heading = {heading.casefold(): field for field, heading in parts.items()}
    found: dict[str, list[str]] = {field: [] for field in parts}
    current = next(iter(parts))
    for line in text.splitlines():
        heading = line.removeprefix(HEADING).strip().casefold()
        if line.startswith(HEADING) and heading in by_heading:
            current = by_heading[heading]
        else:
            found[current].append(line)
    return {field: "\n".join(lines).strip() for field, lines in found.items()}


def _from_editor(template: str) -> str:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "nano"
    with tempfile.TemporaryDirectory(prefix="sas-") as folder:
        path = Path(folder) / "words.md"
        path.write_text(template, encoding="utf-8")
        path.chmod(0o600)
        if subprocess.run([*editor.split(), str(path)], check=False).returncode != 0:
            typer.echo("The editor ended with an error; nothing was sent.", err=True)
            raise typer.Exit(1)
        return path.read_text(encoding="utf-8")
