"""Logs: whoever logs carelessly still logs nothing about anybody."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap
from datetime import UTC, datetime

import pytest
import structlog
from sas.cases.v1.case_notes_pb2 import CaseNote

from common import telemetry
from tests.unit.common.running import Lines

WORDS = "Jane Doe has not slept"


def test_a_line_is_json_with_names_and_codes(lines: Lines) -> None:
    with telemetry.from_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
        structlog.get_logger().info("case_note_read", note="notes/1", because=["adviser"], tries=2)
    (line,) = lines()
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is UTC
    assert line == {
        "event": "case_note_read",
        "level": "info",
        "process": "cases-serve",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "note": "notes/1",
        "because": ["adviser"],
        "tries": 2,
    }


def test_words_and_objects_do_not_get_into_a_line(lines: Lines) -> None:
    class Student:
        def __repr__(self) -> str:
            return WORDS

    log = structlog.get_logger()
    log.info("a", said=WORDS, who=Student(), all=[WORDS, Student()], mail="jane@example.org")
    log.info(f"reading {WORDS}")
    log.info("b", note=CaseNote(name="notes/1", situation=WORDS), more={"k": WORDS})
    first, second, third = lines()
    assert first["said"] == "(text)"
    assert first["who"] == "(Student)"
    assert first["all"] == ["(text)", "(Student)"]
    assert first["mail"] == "(text)"
    assert second["event"] == "(text)"
    assert "notes/1" in third["note"]
    assert third["more"] == "(dict)"


def test_an_exception_keeps_its_types_and_places_only(lines: Lines) -> None:
    def fail() -> None:
        try:
            raise KeyError(WORDS)
        except KeyError as error:
            raise RuntimeError(WORDS) from error

    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("failed")
    (line,) = lines()
    assert [each["type"] for each in line["exception"]] == ["RuntimeError", "KeyError"]
    assert line["exception"][0]["frames"][-1].startswith("tests/unit/common/test_logs.py:")


def test_what_libraries_log_keeps_its_place_only(lines: Lines) -> None:
    logging.getLogger("grpc._server").error("Exception calling application: %s", WORDS)
    logging.getLogger("urllib3").debug("GET /%s", WORDS)
    (line,) = lines()
    assert (line["event"], line["library"], line["level"]) == (
        "library_log",
        "grpc._server",
        "error",
    )


@pytest.mark.parametrize(
    "ending",
    [
        "raise ValueError(WORDS)",
        "import threading\nt = threading.Thread(target=lambda: int(WORDS)); t.start(); t.join()",
        "import warnings\nwarnings.warn(WORDS)",
    ],
)
def test_what_nobody_catches_is_logged_without_its_text(ending: str) -> None:
    program = f"from common import logs\nlogs.start('x')\nWORDS = {WORDS!r}\n{ending}\n"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Jane" not in done.stderr + done.stdout
    for line in done.stderr.splitlines():
        json.loads(line)
    assert done.stderr
