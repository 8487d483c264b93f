"""The load generator: many connections from one lean process.

``uv run python -m benchmarks.serving.load --url http://127.0.0.1:3000/predict --bodies FILE
--concurrency 64 --seconds 10`` asks the lines of FILE, one body each, one after the other. With
`--rate` they come at a fixed rate, and latency counts from when a request was due. It ends with 1
if a request failed or none was made.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

import uvloop

from benchmarks.serving.connection import Target
from benchmarks.serving.judging import PD_PATTERN, Judge
from benchmarks.serving.pace import ClosedLoop, FixedRate
from benchmarks.serving.pool import Pool
from benchmarks.serving.tally import Figures, Tally

MEASURING = "measuring"
MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Load:
    """What to ask, how many at once or how often, and for how long.

    Attributes:
        target: Who is asked.
        bodies: What.
        judge: Looks at the answers.
        concurrency: Connections; with a rate, at most so many.
        seconds: How long is measured.
        warmup_seconds: How long the same goes on before that.
        rate: Requests a second; None: as soon as the last one is answered.
        timeout_seconds: After which a request has failed.
        stretch_seconds: The figures are told of every so many seconds too; None: of the whole only.
    """

    target: Target
    bodies: Sequence[bytes]
    judge: Judge
    concurrency: int
    seconds: float
    warmup_seconds: float = 0.0
    rate: float | None = None
    timeout_seconds: float = 60.0
    stretch_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was seen.

    Attributes:
        whole: The figures of the time that was measured.
        stretches: Of its parts, if they were wanted.
        generator_us: What a request cost the generator itself, in microseconds of CPU.
    """

    whole: Figures
    stretches: tuple[Figures, ...]
    generator_us: float


async def generate(load: Load, tell: Callable[[str], None]) -> Outcome:
    """Return what was seen; `tell` is called when the measuring begins and when it ends.

    Raises:
        OSError: If nobody listens.
    """
    tally = Tally()
    pace = ClosedLoop() if load.rate is None else FixedRate(load.rate, load.concurrency)
    pool = Pool(load.target, load.bodies, load.judge, tally, pace, load.timeout_seconds)
    await pool.open(load.concurrency)
    sweeping = asyncio.create_task(pool.sweep())
    from_s = perf_counter() + load.warmup_seconds
    to_s = from_s + load.seconds
    running = asyncio.create_task(pace.run(pool, to_s))
    await asyncio.sleep(max(0.0, from_s - perf_counter()))
    cpu_s, ended = time.process_time(), len(tally.ended_s)
    tell(MEASURING)
    await running
    cpu_s, ended = time.process_time() - cpu_s, len(tally.ended_s) - ended
    tell(MEASURED)
    await _drain(pool, load.timeout_seconds)
    if isinstance(pace, FixedRate):
        pace.drop_waiting(pool)
    sweeping.cancel()
    await pool.close()
    return _conclude(load, tally, from_s, 1e6 * cpu_s / max(1, ended))


async def _drain(pool: Pool, timeout_s: float) -> None:
    latest_s = perf_counter() + timeout_s
    while pool.in_flight and perf_counter() < latest_s:  # noqa: ASYNC110 -- an event costs each answer
        await asyncio.sleep(0.01)


def _conclude(load: Load, tally: Tally, from_s: float, generator_us: float) -> Outcome:
    by_beginning = load.rate is not None

    def sum_up(start_s: float, seconds: float) -> Figures:
        return tally.sum_up(from_s + start_s, from_s + start_s + seconds, by_beginning=by_beginning)

    stretch = load.stretch_seconds
    count = 0 if stretch is None else int(load.seconds / stretch + 1e-9)
    stretches = tuple(sum_up(number * stretch, stretch) for number in range(count) if stretch)
    # A failure counts whenever it came, while warming up or after the end.
    whole = replace(sum_up(0.0, load.seconds), failures=tally.count_faults())
    return Outcome(whole, stretches, generator_us)


def read_lines(path: Path) -> list[bytes]:
    """Return the lines of a file that are not empty.

    Raises:
        SystemExit: If there is none.
    """
    lines = [line for line in path.read_bytes().splitlines() if line.strip()]
    if not lines:
        raise SystemExit(f"{path} is empty; expected one body a line.")
    return lines


def read_load(arguments: Sequence[str] | None = None) -> tuple[Load, bool]:
    """Return what the command line asks for, and whether a script reads the answer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="route included")
    parser.add_argument("--bodies", type=Path, required=True, help="file of one body a line")
    told = "file of one JSON list of probabilities a line, which the answers must carry"
    parser.add_argument("--expected", type=Path, help=told)
    parser.add_argument("--tolerance", type=float, default=0.0, help="of those (%(default)s)")
    told = "regular expression of one probability in an answer"
    parser.add_argument("--pattern", default=PD_PATTERN.decode(), help=told)
    parser.add_argument("--header", action="append", default=[], help="such as 'Name: value'")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--warmup", type=float, default=2, help="seconds before (%(default)s)")
    parser.add_argument("--rate", type=float, help="requests a second; default: closed loop")
    parser.add_argument("--timeout", type=float, default=60, help="seconds (%(default)s)")
    parser.add_argument("--stretch", type=float, help="seconds whose figures are told apart")
    parser.add_argument("--json", action="store_true", help="for a script to read")
    options = parser.parse_args(arguments)
    expected = options.expected and [json.loads(line) for line in read_lines(options.expected)]
    bodies = read_lines(options.bodies)
    if expected is not None and len(expected) != len(bodies):
        parser.error(f"{len(bodies)} bodies and {len(expected)} expected answers")
    load = Load(
        Target(options.url, tuple(options.header)),
        bodies,
        Judge(expected, options.tolerance, re.compile(options.pattern.encode())),
        options.concurrency,
        options.seconds,
        options.warmup,
        options.rate,
        options.timeout,
        options.stretch,
    )
    return load, options.json


def render(outcome: Outcome) -> str:
    """Return the figures for a person."""
    head = (
        f"{'seconds':>8} {'answered':>9} {'a second':>9} {'failed':>7} "
        f"{'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'max ms':>8}"
    )
    lines = [
        f"{item.seconds:8.1f} {item.answered:9,} {item.rate:9,.1f} {item.failed:7,} "
        f"{item.p50_ms:8.2f} {item.p95_ms:8.2f} {item.p99_ms:8.2f} {item.max_ms:8.2f}"
        for item in (*outcome.stretches, outcome.whole)
    ]
    lines += [f"  {count:,} times {fault}" for fault, count in outcome.whole.failures.items()]
    return "\n".join([head, *lines, f"generator: {outcome.generator_us:.1f} µs of CPU a request"])


def main() -> int:
    """Ask, tell, and return the exit code: 1 if a request failed, or none was answered."""
    load, is_for_script = read_load()
    gc.collect()
    gc.freeze()
    gc.disable()  # nothing here makes cycles

    def tell(event: str) -> None:
        if is_for_script:
            print(event, flush=True)

    try:
        outcome = uvloop.run(generate(load, tell))
    except OSError as error:
        print(f"{load.target.url}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(outcome)) if is_for_script else render(outcome))
    return int(outcome.whole.failed > 0 or outcome.whole.answered == 0)


if __name__ == "__main__":
    sys.exit(main())
