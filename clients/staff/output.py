"""Output for people, or with `--json` for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def as_dict(message: Message) -> dict[str, object]:
    """Return *message* with the field names of the protos, and with its empty fields."""
    return MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def show(message: Message, *, as_json: bool, skip: Sequence[str] = ()) -> None:
    """Print one thing: a line for each field that holds something."""
    found = {key: value for key, value in as_dict(message).items() if key not in skip}
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    width = max(
        (len(key) for key, value in found.items() if value not in ("", [], None)), default=0
    )
    for key, value in found.items():
        if value in ("", [], None):
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        label = key.replace("_", " ").ljust(width)
        typer.echo(
            f"{typer.style(label, bold=True)}  {text.replace(chr(10), chr(10) + ' ' * (width + 2))}"
        )


def show_list(
    messages: Sequence[Message], columns: Sequence[str], *, as_json: bool, empty: str
) -> None:
    """Print a table with *columns*, or *empty* when there is nothing."""
    rows = [as_dict(message) for message in messages]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not rows:
        typer.echo(empty)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    Console().print(table)
