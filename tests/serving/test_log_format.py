from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from serving.log_format import LOGGERS, DiscreetJson, DiscreetText, LogFile, set_up_logs
from serving.request_marks import CURRENT_REQUEST, RequestMarks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "Kjeldsen-Quist"  # noqa: S105 -- an applicant's value
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def in_request() -> Iterator[None]:
    token = CURRENT_REQUEST.set(RequestMarks("case-17", TRACE))
    yield
    CURRENT_REQUEST.reset(token)


@pytest.fixture
def untouched_loggers() -> Iterator[None]:
    """Puts all loggers back to what they were."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(list(one.handlers), one.propagate, one.level) for one in loggers]
    yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        for handler in logger.handlers:
            if handler not in handlers:
                handler.close()
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def make_record(name: str = "credit.serving", message: str = "Said.") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, None, None)


def fail() -> logging.LogRecord:
    """Return the record of an exception that quotes an applicant, and of its cause."""
    record = make_record(message="It failed.")
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise RuntimeError(SECRET) from error
    except RuntimeError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    return record


@pytest.mark.parametrize("formatter", [DiscreetText("w-1"), DiscreetJson("w-1")])
def test_of_an_exception_its_kind_and_place_are_logged_and_not_its_words(
    formatter: logging.Formatter,
) -> None:
    line = formatter.format(fail())

    assert "RuntimeError at fail (test_log_format.py:" in line
    assert "caused by ValueError at fail" in line
    assert SECRET not in line


@pytest.mark.parametrize("formatter", [DiscreetText("w-1"), DiscreetJson("w-1")])
def test_what_another_formatter_made_of_an_exception_is_not_taken_over(
    formatter: logging.Formatter,
) -> None:
    record = fail()
    logging.Formatter().format(record)

    assert SECRET not in formatter.format(record)


def test_asyncios_quotes_of_exceptions_are_left_out() -> None:
    record = make_record("asyncio", f"Task exception was never retrieved\nfuture: {SECRET}")

    line = DiscreetText("w-1").format(record)

    assert "Task exception was never retrieved" in line
    assert SECRET not in line


@pytest.mark.usefixtures("in_request")
def test_a_json_line_is_an_object_with_what_the_request_is_known_by() -> None:
    record = make_record()
    record.status = 503

    entry = json.loads(DiscreetJson("credit_scoring-1").format(record))

    time = entry.pop("time")
    assert time.endswith("+00:00")
    assert entry == {
        "level": "ERROR",
        "logger": "credit.serving",
        "message": "Said.",
        "process": "credit_scoring-1",
        "request_id": "case-17",
        "trace_id": TRACE,
        "status": 503,
    }


@pytest.mark.usefixtures("in_request")
def test_a_line_for_people_ends_with_the_trace() -> None:
    line = DiscreetText("credit_scoring-1").format(make_record())

    assert line.endswith(f"[ERROR] [credit_scoring-1] Said. (trace={TRACE})")


@pytest.mark.usefixtures("untouched_loggers")
def test_each_process_keeps_a_file_of_its_own_and_sets_full_ones_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = LogFile(tmp_path / "logs" / "service.log", most_bytes=2_000, kept=2)

    for process in ("credit_scoring-1", "credit_runner-1"):
        set_up_logs(process, "json", file)
        for number in range(100):
            logging.getLogger("credit.serving").info("Line %d of %s", number, process)

    names = {path.name for path in (tmp_path / "logs").iterdir()}
    assert names == {
        f"service.credit_{process}-1.log{suffix}"
        for process in ("scoring", "runner")
        for suffix in ("", ".1", ".2")
    }
    for path in (tmp_path / "logs").iterdir():
        assert path.stat().st_size <= 2_000
        process = path.name.split(".")[1]
        entries = [json.loads(line) for line in path.read_text().splitlines()]
        assert entries
        assert {entry["process"] for entry in entries} == {process}
    assert len(capsys.readouterr().out.splitlines()) == 200


@pytest.mark.usefixtures("untouched_loggers")
def test_what_bentoml_and_uvicorn_log_is_discreet_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("credit_scoring-1", "text", None)
    error = RuntimeError(SECRET)

    for name in ("bentoml.serve", "uvicorn.error", "asyncio", "somebody.else"):
        logging.getLogger(name).error("It failed.", exc_info=error)

    said = capsys.readouterr().out
    assert said.count("It failed.") == 4
    assert SECRET not in said
