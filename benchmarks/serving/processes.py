"""Servers that the benchmark starts, ends with all they started, and looks at meanwhile."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from credit.errors import ServiceFailed
from credit.interrupt import postpone_ending

PROJECT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180
STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        url: The route that is measured.
        pid: Its main process.
    """

    url: str
    pid: int


def read_cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process, its descendants and its session have used."""
    seconds = 0.0
    for process in _list_family(pid):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


def read_memory_mb(pid: int) -> float:
    """Return what the same have resident; pages that they share are counted once."""
    memory = 0
    for process in _list_family(pid):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            memory += process.memory_full_info().pss
    return memory / 2**20


def _list_family(pid: int) -> set[psutil.Process]:
    family = {process for process in psutil.process_iter() if _find_session(process.pid) == pid}
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        family |= {root, *root.children(recursive=True)}
    return family


def _find_session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


@contextmanager
def run_server(
    command: Sequence[str],
    url: str,
    health_path: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path = PROJECT,
) -> Iterator[Running]:
    """Yield a server that answers; it and all it started end with the context.

    Args:
        command: Starts it.
        url: The route that is measured.
        health_path: Answers 200 when it is ready.
        log: File for what it prints.
        environment: Beside this process's own.
        folder: Where it runs.

    Raises:
        ServiceFailed: If it ends, or is not ready in time.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process = None
    with log.open("wb") as output:
        try:
            with postpone_ending():  # a server that nobody knows of would go on
                process = subprocess.Popen(  # noqa: S603 -- the contestants' own commands
                    command,
                    cwd=folder,
                    env={**os.environ, **(environment or {})},
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            _wait_until_ready(process, url, health_path, log)
            yield Running(url, process.pid)
        finally:
            if process:
                _end_group(process)


def _wait_until_ready(
    process: subprocess.Popen[bytes], url: str, health_path: str, log: Path
) -> None:
    deadline_s = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            raise ServiceFailed(f"It ended with {process.returncode}: {quote_end(log)}")
        if _answers(url, health_path):
            return
        time.sleep(0.2)
    raise ServiceFailed(f"Not ready within {READY_SECONDS} s: {quote_end(log)}")


def _answers(url: str, path: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def quote_end(log: Path) -> str:
    """Return the last line of a log, and where the rest is."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1] if lines else 'it said nothing'} (all it said is in {log})"


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what outlived its parent, or the time
    process.wait()
