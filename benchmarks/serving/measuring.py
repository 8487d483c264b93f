"""One measurement: a load on a running server, and what that cost it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.serving.arena import Questions
from benchmarks.serving.load import MEASURED, MEASURING
from benchmarks.serving.processes import PROJECT, Running, read_cpu_s, read_memory_mb
from credit.errors import ServiceFailed

TIMEOUT_SECONDS = 60
GENERATOR = "benchmarks.serving.load"


@dataclass(frozen=True, slots=True)
class Pressure:
    """How hard a server is asked.

    Attributes:
        concurrency: Requests in flight; with a rate, at most so many.
        seconds: For how long it is measured.
        warmup_seconds: For how long it is asked before that.
        rate: Requests a second; None: as soon as the last one is answered.
    """

    concurrency: int
    seconds: float
    warmup_seconds: float
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was seen.

    Attributes:
        concurrency: Requests in flight.
        rate: Right answers a second.
        p50_ms: Median latency.
        p99_ms: Latency that one in a hundred exceeds.
        failures: Requests without a right answer, by what was wrong.
        cpu_s: Seconds of CPU for 1,000 requests, of all the server's processes.
        memory_mb: Resident memory of all of them.
        generator_us: What a request cost the load generator, in microseconds of CPU.
    """

    concurrency: int
    rate: float
    p50_ms: float
    p99_ms: float
    failures: dict[str, int]
    cpu_s: float
    memory_mb: float
    generator_us: float

    @property
    def failed(self) -> int:
        """Requests without a right answer."""
        return sum(self.failures.values())

    def to_json(self) -> dict[str, Any]:
        """Return it as a script reads it."""
        return asdict(self)


def measure(
    running: Running, questions: Questions, pressure: Pressure, headers: tuple[str, ...] = ()
) -> Measurement:
    """Return what a load generator, in a process of its own, saw of a server.

    Raises:
        ServiceFailed: If the server does not listen, or the generator fails.
    """
    command = _make_command(running.url, questions, pressure, headers)
    with subprocess.Popen(  # noqa: S603 -- our own interpreter and arguments
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as generator:
        try:
            _wait_for(generator, MEASURING)
            cpu_s = -read_cpu_s(running.pid)
            _wait_for(generator, MEASURED)
            cpu_s += read_cpu_s(running.pid)
            memory_mb = read_memory_mb(running.pid)
            printed, errors = generator.communicate(timeout=2 * TIMEOUT_SECONDS)
        finally:
            if generator.poll() is None:
                generator.kill()
    if not printed.startswith("{"):
        raise ServiceFailed(
            f"The load generator failed: {(errors.strip() or '?').splitlines()[-1]}"
        )
    return conclude(json.loads(printed), pressure.concurrency, cpu_s, memory_mb)


def _make_command(
    url: str, questions: Questions, pressure: Pressure, headers: tuple[str, ...]
) -> list[str]:
    command = [sys.executable, "-m", GENERATOR, "--json", "--url", url]
    command += ["--bodies", str(questions.bodies), "--pattern", questions.pattern.decode()]
    command += ["--concurrency", str(pressure.concurrency), "--seconds", str(pressure.seconds)]
    command += ["--warmup", str(pressure.warmup_seconds), "--timeout", str(TIMEOUT_SECONDS)]
    command += ["--tolerance", str(questions.tolerance)]
    command += [part for header in headers for part in ("--header", header)]
    if questions.expected is not None:
        command += ["--expected", str(questions.expected)]
    if pressure.rate is not None:
        command += ["--rate", str(pressure.rate)]
    return command


def _wait_for(generator: subprocess.Popen[str], event: str) -> None:
    """Return when the generator tells of an event, or ends."""
    if generator.stdout is not None:
        for line in generator.stdout:
            if line.strip() == event:
                return


def conclude(
    outcome: dict[str, Any], concurrency: int, cpu_s: float, memory_mb: float
) -> Measurement:
    """Return what a script told of a stretch of time in which so much CPU was used."""
    whole = outcome["whole"]
    answered = whole["answered"]
    return Measurement(
        concurrency,
        answered / whole["seconds"],
        whole["p50_ms"],
        whole["p99_ms"],
        whole["failures"],
        1_000 * cpu_s / max(1, answered),
        memory_mb,
        outcome.get("generator_us", 0.0),
    )
