"""A running container of the image: locked down, asked from inside, told to end."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from deploy.container_check.command import CheckImpossible
from deploy.container_check.engine import Engine
from serving.route_scopes import AccessScope
from serving.token_check import Audience
from serving.token_issuing import Grant, choose_signing_key, issue_token
from settings import Settings

MEMORY_LIMIT_BYTES = 500_000_000
START_SECONDS = 60
ANSWER_SECONDS = 30
LOG_LINES = 20
TOKEN_SECONDS = 86_400
REFUSAL_SECONDS = 30
SECRET_BYTES = 32
SECRET_VARIABLE = "CREDIT_TOKEN_SECRET"  # noqa: S105 -- its name
KEY_VARIABLE = "CREDIT_PSEUDONYM_KEY"
LOG_IN_CONTAINER = "sqlite:////tmp/decisions.db"
STORE_IN_CONTAINER = "/data/history.arrow"
HEALTHCHECK_FOLDER = "/home/bentoml/bento/src/deploy"
PORT = 3000

# What a careful platform gives: nothing to write but /tmp, no rights, no more memory than promised.
LOCKED_DOWN = (
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--pids-limit=200",
    f"--memory={MEMORY_LIMIT_BYTES}",
)

WAIT_UNTIL_READY = """
import sys, time
sys.path.insert(0, sys.argv[1])
from healthcheck import ask_ready
while not ask_ready(int(sys.argv[2])):
    time.sleep(0.02)
"""
QUESTIONER = Path(__file__).with_name("questioner.py")
PROCESS_READER = Path(__file__).with_name("process_reader.py")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the service; status 0 if there was none."""

    status: int
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process of the container uses.

    Attributes:
        pss_bytes: Its memory, with its part of what it shares.
    """

    name: str
    pss_bytes: int
    rss_bytes: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Usages:
    """What all processes of the container use; the kernel's own count only where it tells one."""

    processes: Sequence[Usage]
    counted_by_kernel_bytes: int | None

    @property
    def pss_bytes(self) -> int:
        """Memory of all processes together; what they share counts once."""
        return sum(process.pss_bytes for process in self.processes)

    @property
    def cpu_seconds(self) -> float:
        """Processor time so far, of all processes together."""
        return sum(process.cpu_seconds for process in self.processes)


@dataclass(frozen=True, slots=True)
class Container:
    """A container that was started.

    Attributes:
        port: Where it listens.
        token: Opens all that the service answers.
    """

    name: str
    port: int
    engine: Engine
    token: str = field(default="", repr=False)

    def wait_until_ready(self) -> None:
        """Return when `/readyz` answers 200.

        Raises:
            CheckImpossible: If it does not within a minute, or the container ends.
        """
        wait = ["python", "-ISc", WAIT_UNTIL_READY, HEALTHCHECK_FOLDER, str(self.port)]
        try:
            self.execute(*wait, timeout_seconds=START_SECONDS)
        except CheckImpossible:
            raise CheckImpossible(
                f"The service did not get ready:\n{self.read_log(LOG_LINES)}"
            ) from None

    def execute(self, *command: str, timeout_seconds: float = 30) -> str:
        """Return what a command inside the container writes."""
        return self.engine.run("exec", self.name, *command, timeout_seconds=timeout_seconds)

    def inspect(self, template: str) -> str:
        """Return what the engine knows of the container."""
        return self.engine.run("inspect", "--format", template, self.name)

    def read_log(self, lines: int | None = None) -> str:
        """Return what the service has written, or the last lines of it."""
        tail = "all" if lines is None else str(lines)
        return self.engine.run("logs", "--tail", tail, self.name, with_errors=True)

    def read_usage(self) -> Usages:
        """Return memory and processor time of its processes."""
        read = json.loads(self.execute("python", "-ISc", PROCESS_READER.read_text()))
        processes = [Usage(**process) for process in read["processes"]]
        return Usages(processes, read["counted_by_kernel_bytes"])

    def ask(self, bodies: Sequence[bytes], path: str = "/predict") -> list[Reply]:
        """Return the answers to requests that are sent at the same time; no body means GET."""
        with self.open_questions() as questions:
            questions.send(bodies, path)
            return questions.receive()

    @contextmanager
    def open_questions(self) -> Iterator[Questions]:
        """Return what sends requests from inside the container, again and again."""
        command = ["docker", "exec", "-i", self.name, "python", "-ISc", QUESTIONER.read_text()]
        process = subprocess.Popen(
            [*command, str(self.port), str(ANSWER_SECONDS)],
            env={**os.environ, **self.engine.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        watch = threading.Timer(5 * ANSWER_SECONDS, process.kill)
        watch.start()
        try:
            yield Questions(process, self.token)
        finally:
            watch.cancel()
            process.kill()
            process.communicate()

    def send_signal(self, name: str) -> None:
        """Send the main process a signal."""
        self.engine.run("kill", "--signal", name, self.name)

    def wait_for_end(self, timeout_seconds: float) -> int:
        """Return the exit code."""
        return int(self.engine.run("wait", self.name, timeout_seconds=timeout_seconds))

    def remove(self) -> None:
        """End and remove it, if it is there."""
        with suppress(CheckImpossible):  # it may never have been made
            self.engine.run("rm", "--force", self.name)


class Questions:
    """Sends requests through a process inside the container.

    Args:
        process: Runs `questioner.py`.
        token: Access token that every request brings along.
    """

    def __init__(self, process: subprocess.Popen[str], token: str) -> None:
        self._process = process
        self._token = token

    def send(self, bodies: Sequence[bytes], path: str) -> None:
        """Return when the service has been sent all of them; none is answered yet, or few."""
        method = "POST" if bodies[0] else "GET"
        requests = [
            {
                "method": method,
                "path": path,
                "body": base64.b64encode(body).decode(),
                "token": self._token,
            }
            for body in bodies
        ]
        assert self._process.stdin is not None  # noqa: S101 -- it is a pipe
        self._process.stdin.write(json.dumps(requests) + "\n")
        self._process.stdin.flush()
        self._read_line()

    def receive(self) -> list[Reply]:
        """Return the answers, in the order of the requests."""
        answers = self._read_line()
        return [
            Reply(answer["status"], base64.b64decode(answer["body"]), answer["seconds"])
            for answer in answers
        ]

    def _read_line(self) -> Any:  # noqa: ANN401 -- JSON: how many were sent, or the answers
        assert self._process.stdout is not None  # noqa: S101 -- it is a pipe
        line = self._process.stdout.readline()
        if not line:
            raise CheckImpossible(
                "The container did not take requests, or ended before it answered."
            )
        content = json.loads(line)
        if isinstance(content, dict) and "failure" in content:
            raise CheckImpossible(f"The container could not be asked: {content['failure']}")
        return content


@contextmanager
def start_container(
    engine: Engine, image: str, *, port: int | None, history_store: Path | None, keep: bool
) -> Iterator[Container]:
    """Return a container of the image; it is removed on leaving, unless it is to be kept.

    Args:
        engine: Runs it.
        image: Its name.
        port: Of this machine, where others may ask it, too; None: it has no network.
        history_store: The clients' histories, given to it read-only.
        keep: Let it run on.
    """
    secret = secrets.token_hex(SECRET_BYTES)
    name = f"credit-scoring-check-{uuid.uuid4().hex[:8]}"
    options = [
        *LOCKED_DOWN,
        f"--name={name}",
        f"--env={SECRET_VARIABLE}",
        f"--env={KEY_VARIABLE}",
        f"--env=CREDIT_DECISION_LOG={LOG_IN_CONTAINER}",
    ]
    if port is None:
        options.append("--network=none")
    else:
        options += ["--network=host", "--env=BENTOML_HOST=127.0.0.1", f"--env=BENTOML_PORT={port}"]
    if history_store is not None:
        options.append(f"--volume={history_store.absolute()}:{STORE_IN_CONTAINER}:ro")
        options.append(f"--env=CREDIT_HISTORY_STORE={STORE_IN_CONTAINER}")
    container = Container(name, port or PORT, engine, make_token(secret))
    # Not among the arguments, which every user of this machine can see.
    hidden = {SECRET_VARIABLE: secret, KEY_VARIABLE: secrets.token_hex(SECRET_BYTES)}
    starter = replace(engine, environment={**engine.environment, **hidden})
    with ExitStack() as stack:
        stack.callback(container.remove)
        starter.run("run", "--detach", *options, image)
        yield container
        if keep:
            stack.pop_all()


def make_token(secret: str) -> str:
    """Return a token for all that the service of this secret answers."""
    settings = Settings()
    expected = Audience(settings.token_issuer, settings.token_audience)
    grant = Grant("container-check", tuple(AccessScope), TOKEN_SECONDS)
    return issue_token(grant, choose_signing_key(secret, None), expected)


def start_without_key(engine: Engine, image: str) -> str:
    """Return what is said by a container that was given no key for access tokens, and ends.

    Raises:
        CheckImpossible: If it goes on, or ends as if all was well.
    """
    container = Container(f"credit-scoring-check-{uuid.uuid4().hex[:8]}", PORT, engine)
    options = [*LOCKED_DOWN, f"--name={container.name}", "--network=none"]
    options.append("--env=CREDIT_DECISION_LOG=off")  # or it would not start for want of one
    try:
        engine.run("run", "--detach", *options, image)
        if container.wait_for_end(REFUSAL_SECONDS) == 0:
            raise CheckImpossible("The container ended with 0.")
        return container.read_log()
    finally:
        container.remove()
