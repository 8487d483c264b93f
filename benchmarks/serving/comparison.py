"""The comparison of all contestants: rounds, table, verdicts, chart."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.serving.arena import Arena
from benchmarks.serving.contestants.ceiling import CEILING
from benchmarks.serving.contestants.limit import NAME as LIMIT
from benchmarks.serving.contestants.limit import TITLE as LIMIT_TITLE
from benchmarks.serving.contestants.limit import measure_limit
from benchmarks.serving.contestants.mlflow_server import MLFLOW
from benchmarks.serving.contestants.mlserver import MLSERVER
from benchmarks.serving.contestants.ours import OURS
from benchmarks.serving.contestants.uvicorn_servers import EXPERT, PANDAS
from benchmarks.serving.report import draw_chart, render_table, render_verdicts
from benchmarks.serving.rounds import (
    Plan,
    Say,
    Turn,
    prepare_contestants,
    summarise,
    take_turns,
)
from benchmarks.serving.verdicts import judge
from credit.errors import CreditError

TURNS_FILE = "comparison.json"
CONTESTANTS = (OURS, PANDAS, EXPERT, MLFLOW, MLSERVER, CEILING)


def read_plan(options: Namespace) -> Plan:
    """Return how the rounds go."""
    levels = tuple(sorted(int(level) for level in options.concurrency.split(",")))
    return Plan(options.rounds, options.seconds, options.warmup, levels)


def run_comparison(arena: Arena, options: Namespace, out: Path, say: Say) -> int:
    """Compare, print and write; return 1 if something that must be shown is not.

    Raises:
        SystemExit: If a contestant is asked for that there is not.
    """
    titles = {item.name: item.title for item in CONTESTANTS} | {LIMIT: LIMIT_TITLE}
    chosen = options.only.split(",") if options.only else list(titles)
    if unknown := set(chosen) - set(titles):
        raise SystemExit(f"There is no {', '.join(unknown)}; choose from {', '.join(titles)}.")
    titles = {name: title for name, title in titles.items() if name in chosen}
    contestants = [item for item in CONTESTANTS if item.name in chosen]
    fit, turns = prepare_contestants(arena, contestants, say)
    plan = read_plan(options)
    for turn in take_turns(arena, fit, plan, say):
        turns.append(turn)
        tell_turn(turn, say)
        write_turns(turns, out / TURNS_FILE)
    if LIMIT in chosen:
        turns += [_measure_limit(arena, options.seconds) for _ in range(plan.rounds)]
    return _report(turns, titles, out)


def _measure_limit(arena: Arena, seconds: float) -> Turn:
    try:
        return Turn(LIMIT, "", measure_limit(arena, seconds))
    except CreditError as error:
        return Turn(LIMIT, "", error=str(error))


def tell_turn(turn: Turn, say: Say) -> None:
    """Tell what was seen."""
    if turn.measurement is None:
        say(f"  {turn.error}")
        return
    seen = turn.measurement
    say(
        f"  {seen.concurrency:3} concurrent: {seen.rate:9,.1f} a second, p50 {seen.p50_ms:9,.2f}, "
        f"p99 {seen.p99_ms:9,.2f} ms, {seen.cpu_s:6.2f} CPU s, {seen.memory_mb:5,.0f} MB, "
        f"{seen.failed} failed {seen.failures or ''}"
    )


def write_turns(turns: Sequence[Turn], path: Path) -> None:
    """Write what was seen, for whoever wants more than medians."""
    path.write_text(json.dumps([asdict(turn) for turn in turns], indent=1))


def _report(turns: Sequence[Turn], titles: dict[str, str], out: Path) -> int:
    write_turns(turns, out / TURNS_FILE)
    verdicts = judge(partial(summarise, turns))
    text = f"{render_table(turns, titles)}\n\n{render_verdicts(verdicts)}\n"
    text += f"\n{_tell_generator_cost(turns)}\n"
    (out / "comparison.md").write_text(text)
    draw_chart(turns, titles, [out / "comparison.svg", out / "comparison.png"])
    print(text)
    print(f"Written to {out}")
    return int(any(verdict.passed is False for verdict in verdicts))


def _tell_generator_cost(turns: Sequence[Turn]) -> str:
    """Return what a request cost the generator, by concurrency; it is more where it is idle."""
    asked = [turn.measurement for turn in turns if turn.measurement and turn.contestant == "ours"]
    levels = sorted({item.concurrency for item in asked})
    costs = (
        f"{median(item.generator_us for item in asked if item.concurrency == level):.0f} at {level}"
        for level in levels
    )
    return f"CPU of the load generator a request of ours, µs: {', '.join(costs)} concurrent."
