"""
Logs: one JSON object a line on stderr, a constant event with codes, and nothing about anybody.

Shared because every process logs alike, and because one careless line would undo what the rest
protects. Three things never get into a line, whoever logs it: the message of an exception (it
quotes what somebody typed; its type and place stay), a value with a blank in it or an object (what
kind it was stays), and the text of a library's own log (its place stays).
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from google.protobuf.message import Message
from structlog.typing import EventDict, WrappedLogger

from common.redact import redacted
from common.telemetry import current_trace

_CODE = re.compile(r"[A-Za-z0-9_.:/,()\[\]<>=+-]{0,200}")
"""Names, codes, addresses, times. No blank and no @: no sentence, full name or mail address."""

_ROOT = str(Path(__file__).resolve().parent.parent)


def start(process: str) -> None:
    """Begin to log as *process*; what libraries log through `logging` goes the same way."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Process(process),
            in_trace,
            without_exception_text,
            only_names_and_codes,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up each time: whoever redirects stderr means our lines, too.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_FromLibraries()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    # What nobody catches would otherwise be printed with its message.
    sys.excepthook = lambda kind, error, trace: _log_uncaught(error)
    threading.excepthook = lambda ended: _log_uncaught(ended.exc_value)


def _log_uncaught(error: BaseException | None) -> None:
    structlog.get_logger().critical("uncaught", exc_info=error)


class _Process:
    """Adds the name of the process."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
        line["process"] = self._process
        return line


def in_trace(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """Add the trace id, if there is a trace."""
    trace_id, _ = current_trace()
    if trace_id:
        line["trace_id"] = trace_id
    return line


def without_exception_text(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """Put an exception's types and places where `exc_info` is, without its message and values."""
    found = line.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()[1]
    if isinstance(found, tuple):
        found = found[1]
    if isinstance(found, BaseException):
        line["exception"] = describe(found)
    return line


def describe(error: BaseException) -> list[dict[str, object]]:
    """Give the exception and its causes, each as its type and its frames, innermost last."""
    chain: list[dict[str, object]] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        name = f"{type(at).__module__}.{type(at).__qualname__}".removeprefix("builtins.")
        chain.append({"type": name, "frames": _frames(at.__traceback__)})
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return chain


def _frames(trace: TracebackType | None) -> list[str]:
    return [
        f"{_short(frame.filename)}:{frame.lineno}:{frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


def _short(file: str) -> str:
    """Give a path without where the system happens to be installed."""
    return file.removeprefix(_ROOT + "/").rpartition("site-packages/")[2]


def only_names_and_codes(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """Replace whatever is not a name, a code, a number or a time by what kind of thing it was."""
    return {key: value if key == "exception" else _kept(value) for key, value in line.items()}


def _kept(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    if isinstance(value, str):
        return value if _CODE.fullmatch(value) else "(text)"
    if isinstance(value, Message):
        return redacted(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_kept(each) for each in value]
    return f"({type(value).__name__})"


class _FromLibraries(logging.Handler):
    """
    Takes what libraries log.

    Only the place is kept: grpc, for one, formats an exception's text into its message.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Log where the record comes from, and the type of its exception."""
        fields: Mapping[str, Any] = {
            "library": record.name,
            "place": f"{record.module}:{record.lineno}",
            "exc_info": record.exc_info,
        }
        structlog.get_logger().log(record.levelno, "library_log", **fields)
