"""Runs `credit` as a user would: in a process of its own, with stores of its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

import cli
from credit.interrupt import ENDING_SIGNALS

START_SECONDS = 120
END_SECONDS = 60


@dataclass(frozen=True)
class Finished:
    """A command that ended; its exit code is what a shell would call it."""

    exit_code: int
    out: str
    err: str


class Home:
    """A user's stores and the folder where commands are given, which is not the project's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cwd = folder / "cwd"
        self.temporary = folder / "tmp"
        for path in (self.cwd, self.temporary):
            path.mkdir(parents=True, exist_ok=True)

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    @property
    def tracking_uri(self) -> str:
        return f"sqlite:///{self.database}"

    @property
    def bentoml(self) -> Path:
        return self.folder / "bentoml"

    @property
    def history_store(self) -> Path:
        return self.folder / "var" / "history.arrow"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if "CREDIT_" not in name}
        return inherited | {
            "CREDIT_HOME": str(self.folder / "var"),
            "MLFLOW_TRACKING_URI": self.tracking_uri,
            "BENTOML_HOME": str(self.bentoml),
            "BENTOML_DO_NOT_TRACK": "true",
            "TMPDIR": str(self.temporary),
        }

    def run(self, *arguments: str | Path, **settings: str) -> Finished:
        """Run a command to its end; settings are environment variables."""
        return self.start(*arguments, **settings).wait()

    def call(self, *arguments: str | Path, **settings: str) -> Finished:
        """Run a command as `run` does, but in this process, which has loaded MLflow already.

        BentoML knows the store of this process only: what works with the home's needs `run`.
        """
        with (
            self.in_this_process(settings),
            redirect_stdout(io.StringIO()) as out,
            redirect_stderr(io.StringIO()) as err,
        ):
            exit_code = call_main(*arguments)
        return Finished(exit_code, out.getvalue(), err.getvalue())

    @contextmanager
    def in_this_process(self, settings: dict[str, str] | None = None) -> Iterator[None]:
        """Make this process one that a command is given to, until the context ends."""
        handlers = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
        with pytest.MonkeyPatch.context() as patch:
            for name, text in (self.environment | (settings or {})).items():
                if os.environ.get(name) != text and name != "BENTOML_HOME":
                    patch.setenv(name, text)
            patch.chdir(self.cwd)
            try:
                yield
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)

    def start(self, *arguments: str | Path, **settings: str) -> Running:
        """Start a command in a session of its own, as a terminal does."""
        return Running(
            [sys.executable, "-m", "cli", *map(str, arguments)],
            self.cwd,
            self.environment | settings,
        )

    def find_processes(self) -> list[psutil.Process]:
        """Return every process that works with these stores."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("BENTOML_HOME") == str(self.bentoml):
                    found.append(process)
            except psutil.Error:
                continue  # somebody else's, or gone
        return found

    def find_leftovers(self) -> list[Path]:
        """Return what only a command that still runs may have lying about."""
        partial = [*self.folder.rglob("*.part*"), *self.folder.rglob(".*.partial-*")]
        temporary = [*self.temporary.iterdir(), *self.bentoml.glob("tmp/*")]
        # MLflow locks a file by its name, and leaves it. BentoML may leave folders of the system's
        # temporary ones, which nobody reads again, if it is interrupted while it removes them.
        theirs = ("db_init_lock", "bentoml-model-", "bentoml-client-")
        return partial + [
            path for path in temporary if not any(name in path.name for name in theirs)
        ]


def call_main(*arguments: str | Path) -> int:
    """Return the exit code of a command in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["credit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


class Running:
    """A command that runs; what it says goes to files, so that it never waits for a reader."""

    def __init__(self, command: list[str], cwd: Path, environment: dict[str, str]) -> None:
        self._out = cwd / "out.txt"
        self._err = cwd / "err.txt"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            # Python takes Ctrl-C only where it was not ignored when it was started.
            previous = signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                self.process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=environment,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            finally:
                signal.signal(signal.SIGINT, previous)

    @property
    def out(self) -> str:
        return self._out.read_text()

    def has_said(self, text: str) -> Callable[[], bool]:
        """Return whether it has printed the text, to ask again and again."""
        return lambda: text in self.out

    def wait_until(self, happened: Callable[[], bool]) -> bool:
        """Wait until something has happened; False if the command ended before."""
        deadline_s = time.monotonic() + START_SECONDS
        while self.process.poll() is None:
            if happened():
                return True
            assert time.monotonic() < deadline_s, f"It never happens.\n{self.out}"
            time.sleep(0.002)
        return False

    def press_ctrl_c(self) -> None:
        """Send what every process of a terminal's session gets."""
        os.killpg(self.process.pid, signal.SIGINT)

    def interrupt(self) -> Finished:
        """Press Ctrl-C and wait for the end."""
        self.press_ctrl_c()
        return self.wait(END_SECONDS)

    def wait(self, seconds: int = 2 * START_SECONDS) -> Finished:
        try:
            code = self.process.wait(seconds)
        finally:
            self.kill()
        return Finished(code if code >= 0 else 128 - code, self.out, self._err.read_text())

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
