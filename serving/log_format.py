"""Log lines and where they go; none says what an exception says, which may quote an applicant."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from opentelemetry.trace import format_trace_id, get_current_span
from pythonjsonlogger.json import JsonFormatter

from serving.request_marks import CURRENT_REQUEST

LogFormat = Literal["text", "json"]

LOGGERS = ("", "bentoml", "circus", "uvicorn.error", "credit")  # BentoML gives most their own

_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)
_JSON_FIELDS = ("levelname", "name", "message")
_TEXT = "%(asctime)s [%(levelname)s] [%(process_name)s] %(message)s%(marks)s"
_DATE = "%Y-%m-%dT%H:%M:%S%z"


@dataclass(frozen=True, slots=True)
class LogFile:
    """Where lines are kept beside the standard output.

    Each process has a file of its own, named after it: several that rotate one file would lose
    lines, and long lines of theirs would be torn.

    Attributes:
        path: The files are named after it: `service.log` becomes `service.credit_runner-1.log`.
        most_bytes: A file this large is set aside.
        kept: Files set aside that are kept, each process's.
    """

    path: Path
    most_bytes: int
    kept: int

    def name(self, process: str) -> Path:
        """Return the file of a process."""
        safe = re.sub(r"[^A-Za-z0-9_-]+", "-", process).strip("-")
        return self.path.with_name(f"{self.path.stem}.{safe}{self.path.suffix}")


class DiscreetText(logging.Formatter):
    """Lines for people."""

    def __init__(self, process: str) -> None:
        super().__init__(_TEXT, _DATE, defaults={"process_name": process, "marks": ""})

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        make_discreet(record)
        trace_id = find_trace_id()
        record.marks = f" (trace={trace_id})" if trace_id else ""
        return super().format(record)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 -- logging's name
        """Return where it failed, without what the exception says."""
        return describe_exception(ei)


class DiscreetJson(JsonFormatter):
    """Lines for machines: one JSON object each."""

    def __init__(self, process: str) -> None:
        super().__init__(
            _JSON_FIELDS,
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            static_fields={"process": process},
            timestamp="time",
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        make_discreet(record)
        return str(super().format(record))

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        """Add what the request is known by."""
        super().add_fields(log_data, record, message_dict)
        if marks := CURRENT_REQUEST.get():
            log_data["request_id"] = marks.request_id
        if trace_id := find_trace_id():
            log_data["trace_id"] = trace_id

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 -- logging's name
        """Return where it failed, without what the exception says."""
        return describe_exception(ei)


def find_trace_id() -> str | None:
    """Return the trace's id: of the span that is open, else the one the caller sent."""
    span = get_current_span().get_span_context()
    if span.is_valid:
        return format_trace_id(span.trace_id)
    marks = CURRENT_REQUEST.get()
    return marks.trace_id if marks else None


def make_discreet(record: logging.LogRecord) -> None:
    """Take out of a record what an exception says."""
    record.exc_text = None  # another formatter's
    if record.name == "asyncio":  # its further lines quote exceptions
        record.msg, record.args = record.getMessage().splitlines()[0], None


def describe_exception(info: _ExceptionInfo) -> str:
    """Return an exception's type and where it was raised; of those that led to it too."""
    lines = []
    error = info[1]
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        path = " < ".join(
            f"{frame.name} ({Path(frame.filename).name}:{frame.lineno})"
            for frame in reversed(frames)
        )
        lines.append(f"{type(error).__name__} at {path or '?'}")
        error = error.__cause__ or error.__context__
    return " caused by ".join(lines)


def set_up_logs(process: str, kind: LogFormat, file: LogFile | None) -> None:
    """Have all loggers of this process write such lines.

    Args:
        process: Its name, such as ``credit_scoring-1``.
        kind: For people or for machines.
        file: Where they are kept, beside the standard output.

    Raises:
        OSError: If the file cannot be written.
    """
    formatter = DiscreetJson(process) if kind == "json" else DiscreetText(process)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if file is not None:
        own = file.name(process)
        own.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(
            RotatingFileHandler(own, maxBytes=file.most_bytes, backupCount=file.kept, delay=True)
        )
    for handler in handlers:
        handler.setFormatter(formatter)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for former in logger.handlers:
            if isinstance(former, RotatingFileHandler):
                former.close()
        logger.handlers = list(handlers)
        logger.propagate = False
    logging.getLogger("credit").setLevel(logging.INFO)
