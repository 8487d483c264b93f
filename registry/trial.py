"""The trial run of a Bento: its service is started, asked for one decision, and ended."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from credit.errors import ServiceFailed
from credit.interrupt import postpone_ending
from registry.scoring_api import ScoringApi

HOST = "127.0.0.1"
READY_SECONDS = 120
STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class BentoService:
    """A running service.

    Attributes:
        port: Where it listens, on 127.0.0.1 only.
        log: File of what it prints.
        process: Its main process, which leads a group of its own.
        token: Access token that it is asked with; None: none.
    """

    port: int
    log: Path
    process: subprocess.Popen[bytes]
    token: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def api(self) -> ScoringApi:
        """How it is asked."""
        return ScoringApi(self.url, self.token)

    def wait_until_it_fails(self) -> NoReturn:
        """Wait until the process ends, which it does not do in health.

        Raises:
            ServiceFailed: When it has.
        """
        exit_code = self.process.wait()
        raise ServiceFailed(f"`bentoml serve` ended with {exit_code}: {self._quote_last_line()}")

    def wait_until_ready(self) -> None:
        """Return when the service and the model behind it answer.

        Raises:
            ServiceFailed: If the process ends, or is not ready in time.
        """
        deadline_s = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline_s:
            if self.process.poll() is not None:
                self.wait_until_it_fails()
            if self.api.is_ready():
                return
            time.sleep(0.1)
        raise ServiceFailed(f"Not ready within {READY_SECONDS} s: {self._quote_last_line()}")

    def _quote_last_line(self) -> str:
        printed = re.sub(r"\x1b\[[\d;]*m", "", self.log.read_text(errors="replace"))
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        return f"{lines[-1] if lines else 'it said nothing'} (all it said is in {self.log})"


@contextmanager
def serve_bento(
    tag: str, port: int, history_store: Path, log: Path, token: str | None = None
) -> Iterator[BentoService]:
    """Yield the running, ready service of a Bento; end it with the context.

    Args:
        tag: The Bento.
        port: Where it listens.
        history_store: File of the clients' history features.
        log: File for what the service prints.
        token: Access token to ask it with; None: none.

    Raises:
        ServiceFailed: If it ends, or is not ready in time; the last line it printed is told.
    """
    command = [sys.executable, "-m", "bentoml", "serve", tag, "--host", HOST, "--port", str(port)]
    environment = {**os.environ, "CREDIT_HISTORY_STORE": str(history_store.absolute())}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = None
        try:
            with postpone_ending():  # a service that nobody knows of would go on
                process = subprocess.Popen(  # noqa: S603 -- our own interpreter and arguments
                    command,
                    env=environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is ours to pass on, once
                )
            service = BentoService(port, log, process, token)
            service.wait_until_ready()
            yield service
        finally:
            if process:
                _stop(process)


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free_port(port: int) -> None:
    """Return if the port can be listened on.

    Raises:
        ServiceFailed: If it is taken, or not for everyone to take.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ServiceFailed(
                f"Port {port} cannot be had ({error.strerror}); choose another with `--port`."
            ) from None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the service and its workers, by the id of the group it leads."""
    try:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what outlived its parent, or the time
        process.wait()
