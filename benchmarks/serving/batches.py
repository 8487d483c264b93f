"""Rows a second in batches, and what an explanation takes beside a decision."""

from __future__ import annotations

import http.client
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.serving.arena import ROWS_A_BATCH, Arena
from benchmarks.serving.comparison import write_turns
from benchmarks.serving.contestants.contestant import Variant
from benchmarks.serving.contestants.ours import serve_ours
from benchmarks.serving.measuring import Measurement, Pressure, measure
from benchmarks.serving.processes import Running
from benchmarks.serving.report import render_verdicts
from benchmarks.serving.rounds import Say, Turn, summarise
from benchmarks.serving.verdicts import Verdict, at_least, at_most

CONCURRENCIES = (1, 4, 8)
LEAST_ROWS_A_SECOND = 10_000.0
MOST_EXPLAIN_TO_PREDICT = 3.0
BATCHES, PREDICT, EXPLAIN = "batches", "/predict", "/explain"


def run_batches(arena: Arena, options: Namespace, out: Path, say: Say) -> int:
    """Measure, print and write; return 1 if something that must be shown is not."""
    turns: list[Turn] = []
    for number in range(options.rounds):
        say(f"Round {number + 1} of {options.rounds}")
        with serve_ours(arena, Variant(), arena.folder / "logs" / "batches.log") as running:
            turns += _take_turns(arena, running, options)
    rows = _count_rows(arena)
    verdicts = _judge(turns, rows)
    text = f"{_render(turns, rows)}\n\n{render_verdicts(verdicts)}\n"
    write_turns(turns, out / "batches.json")
    (out / "batches.md").write_text(text)
    print(text)
    return int(any(verdict.passed is False for verdict in verdicts))


def _take_turns(arena: Arena, running: Running, options: Namespace) -> list[Turn]:
    turns = []
    for concurrency in CONCURRENCIES:
        pressure = Pressure(concurrency, options.seconds, options.warmup)
        turns.append(Turn(BATCHES, "", measure(running, arena.batches, pressure)))
    alone = Pressure(1, options.seconds, options.warmup)
    turns.append(Turn(PREDICT, "", measure(running, arena.applicants, alone)))
    explain = replace(running, url=running.url.replace(PREDICT, EXPLAIN))
    if _has_route(explain.url):
        turns.append(Turn(EXPLAIN, "", measure(explain, arena.applicants_unjudged, alone)))
    return turns


def _has_route(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        connection.request("POST", address.path, "{}", {"Content-Type": "application/json"})
        return connection.getresponse().status != http.client.NOT_FOUND
    finally:
        connection.close()


def _count_rows(arena: Arena) -> int:
    """Return how many rows a request has; fewer than meant where there are not so many."""
    with arena.batches.bodies.open() as lines:
        return min(ROWS_A_BATCH, next(lines).count('"SK_ID_CURR"'))


def _judge(turns: Sequence[Turn], rows: int) -> list[Verdict]:
    batches = [summarise(turns, BATCHES, concurrency) for concurrency in CONCURRENCIES]
    best = max((rows * seen.rate for seen in batches if seen and not seen.failed), default=None)
    predict, explain = (summarise(turns, route, 1) for route in (PREDICT, EXPLAIN))
    ratio = explain.p50_ms / predict.p50_ms if predict and explain else None
    return [
        at_least(f"rows/s in batches of {rows}", best, LEAST_ROWS_A_SECOND),
        at_most("p50 of /explain, times that of /predict", ratio, MOST_EXPLAIN_TO_PREDICT),
    ]


def _render(turns: Sequence[Turn], rows: int) -> str:
    lines = [
        "| asked | concurrent | requests/s | rows/s | p50 ms | p99 ms | CPU s / 1,000 | failed |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, levels, size in (
        (BATCHES, CONCURRENCIES, rows),
        (PREDICT, (1,), 1),
        (EXPLAIN, (1,), 1),
    ):
        seen = [summarise(turns, name, level) for level in levels]
        lines += [_render_row(name, item, size) for item in seen if item is not None]
    return "\n".join(lines)


def _render_row(name: str, seen: Measurement, size: int) -> str:
    return (
        f"| {name} of {size} | {seen.concurrency} | {seen.rate:,.1f} | {size * seen.rate:,.0f} | "
        f"{seen.p50_ms:,.2f} | {seen.p99_ms:,.2f} | {seen.cpu_s:,.2f} | {seen.failed:,} |"
    )
