"""What a span may carry is said once, explained to readers, and kept to in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from common.telemetry import ATTRIBUTES, declared, declared_name

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.+) \|$", re.MULTILINE)


def test_the_page_lists_exactly_the_attributes_that_may_leave() -> None:
    page = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
    assert dict(ROW.findall(page)) == dict(ATTRIBUTES)


def test_no_span_is_given_an_attribute_that_is_not_declared() -> None:
    """It would be dropped on the way out, and whoever wrote it would look for it in vain."""
    undeclared = {
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file, line, name in attribute_names()
        if name not in ATTRIBUTES
    }
    assert undeclared == set()


def test_a_sentence_or_a_full_name_is_no_attribute_value() -> None:
    assert declared("sas.effect", "permit") == "permit"
    assert declared("sas.record", "records/0b1f8a52-6f0e-4c39-9b52-2d2a5a2f8f0e")
    assert declared("sas.effect", "Jane Doe") is None
    assert declared("sas.effect", "a" * 121) is None
    assert declared("sas.effect", ["permit"]) is None
    assert declared("exception.message", "permit") is None


def test_the_name_of_a_span_is_one_of_our_constants() -> None:
    for name in ("gateway", "cases.GetCaseNote", "-> consent.OpenRecord", "vault decrypt"):
        assert declared_name(name) == name
    assert declared_name("SELECT words FROM notes") == "unnamed"


def test_every_name_given_to_a_span_is_of_a_kind_that_leaves() -> None:
    unnamed = {
        f"{file.relative_to(ROOT)}:{call.lineno}: {name}"
        for file, call in calls()
        if _called(call) == "span" and call.args
        for name in [_text(call.args[0])]
        if name and declared_name(name) == "unnamed"
    }
    assert unnamed == set()


def attribute_names() -> Iterator[tuple[Path, int, str]]:
    """Find the names given to `span(...)` and `set_attribute(...)` in our code."""
    for file, call in calls():
        for name in _names(call):
            yield file, call.lineno, name


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Find every call of a function in our code."""
    for folder in ("common", "services", "deploy", "clients"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield file, node


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return getattr(call.func, "id", "")


def _text(name: ast.expr) -> str:
    """Give a name as it is written, with `x` for what is filled in."""
    if isinstance(name, ast.JoinedStr):
        return "".join(_text(part) for part in name.values)
    if isinstance(name, ast.FormattedValue):
        return "x"
    return str(name.value) if isinstance(name, ast.Constant) else ""


def _names(call: ast.Call) -> Iterator[str]:
    called = _called(call)
    if called == "set_attribute":
        given: list[ast.expr | None] = list(call.args[:1])
    elif called == "set_attributes":
        given = [key for each in call.args if isinstance(each, ast.Dict) for key in each.keys]
    elif called == "span":
        unpacked = [each.value for each in call.keywords if each.arg is None]
        given = [key for each in unpacked if isinstance(each, ast.Dict) for key in each.keys]
    else:
        return
    for each in given:
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
