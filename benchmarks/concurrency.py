"""Concurrent clients against the service, every answer compared with the one computed offline.

``uv run python -m benchmarks.concurrency --data DIR`` serves the model that `credit build` imported
last, with the history store that `credit train` wrote last, on a free port of 127.0.0.1. DIR holds
the tables of that training. Each client asks about one applicant after another for the given time.
It ends with 1 if a request failed, an answer differs in a bit, or batches do not merge.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
from pydantic_core import from_json

from credit.bundle import STORED_MODEL_FILE
from credit.prediction import find_columns, predict_pd
from loadtests.applicants import Question, read_questions
from registry.trial import find_free_port, serve_bento
from serving.booster import load_booster
from settings import Settings
from training.feature_matrix import build_matrix
from training.histories import build_histories
from training.tables import open_tables

POPULATIONS = ("application_test", "application_train")
SMALLEST_MEAN_BATCH = 4


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was seen.

    Attributes:
        latencies_ms: Of the requests that were answered with 200.
        failed: Requests answered otherwise, or not at all.
        wrong: Answers about another client, or with another probability.
        seconds: Duration.
        mean_batch: Rows a call at the runner.
    """

    latencies_ms: Sequence[float]
    failed: int
    wrong: int
    seconds: float
    mean_batch: float


def main() -> int:
    """Measure, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--applicants", type=int, default=2_000)
    options = parser.parse_args()

    settings = Settings()
    questions = read_questions(options.data, options.applicants)
    model_tag, expected = score_offline(options.data, settings)
    port = find_free_port()
    log = settings.home / "benchmark-service.log"
    with serve_bento(".", port, settings.written_history_store, log) as service:
        asking = ask_for_a_while(
            service.url, questions, expected, clients=options.clients, seconds=options.seconds
        )
        seen = asyncio.run(asking)
    print_measurement(seen, model_tag, options.clients, len(questions))
    good = not seen.failed and not seen.wrong and seen.mean_batch > SMALLEST_MEAN_BATCH
    return 0 if good else 1


def score_offline(data: Path, settings: Settings) -> tuple[str, dict[int, float]]:
    """Return the model's tag, and every applicant's probability computed without the service."""
    import bentoml

    model = bentoml.models.get(f"{settings.model_name}:latest")
    booster = load_booster(Path(model.path_of(STORED_MODEL_FILE)))
    with open_tables(data, memory_limit=settings.memory_limit) as tables:
        population = next(name for name in POPULATIONS if name in tables.present)
        matrix = build_matrix(tables, population, build_histories(tables))
    pd = predict_pd(booster, matrix.features, find_columns(booster)).tolist()
    return str(model.tag), dict(zip(matrix.clients.tolist(), pd, strict=True))


async def ask_for_a_while(
    url: str,
    questions: Sequence[Question],
    expected: Mapping[int, float],
    *,
    clients: int,
    seconds: float,
) -> Measurement:
    """Return what `clients` saw who each kept one request in flight for `seconds`."""
    latencies_ms: list[float] = []
    failed = wrong = 0
    waiting = itertools.cycle(questions)
    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        started = time.perf_counter()

        async def be_a_client(waiting: Iterator[Question]) -> None:
            nonlocal failed, wrong
            while time.perf_counter() - started < seconds:
                question = next(waiting)
                sent = time.perf_counter()
                try:
                    async with session.post("/predict", data=question.body) as response:
                        response.raise_for_status()
                        body = await response.read()
                except (aiohttp.ClientError, TimeoutError):
                    failed += 1
                    continue
                latencies_ms.append(1_000 * (time.perf_counter() - sent))
                answer = from_json(body)
                right = (question.client, expected[question.client])
                wrong += (answer["SK_ID_CURR"], answer["probability"]) != right

        await asyncio.gather(*(be_a_client(waiting) for _ in range(clients)))
        duration = time.perf_counter() - started
        async with session.get("/metrics") as response:
            metrics = await response.text()
    batch_rows = "credit_runner_batch_rows"
    calls = _sum_metric(metrics, f"{batch_rows}_count")
    mean_batch = _sum_metric(metrics, f"{batch_rows}_sum") / calls if calls else 0.0
    return Measurement(latencies_ms, failed, wrong, duration, mean_batch)


def print_measurement(seen: Measurement, model_tag: str, clients: int, applicants: int) -> None:
    """Print the table."""
    p50, p95, p99 = np.percentile(seen.latencies_ms or [np.nan], (50, 95, 99))
    for name, value in (
        ("model", model_tag),
        ("concurrent clients", f"{clients}"),
        ("applicants", f"{applicants:,}"),
        ("seconds", f"{seen.seconds:.1f}"),
        ("requests answered", f"{len(seen.latencies_ms):,}"),
        ("requests a second", f"{len(seen.latencies_ms) / seen.seconds:,.0f}"),
        ("latency p50, p95, p99 in ms", f"{p50:.1f}, {p95:.1f}, {p99:.1f}"),
        ("mean batch at the runner", f"{seen.mean_batch:.1f}"),
        ("failed requests", f"{seen.failed}"),
        ("answers unlike the offline one", f"{seen.wrong}"),
    ):
        print(f"{name:32}{value}")


def _sum_metric(metrics: str, name: str) -> float:
    values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", metrics, re.MULTILINE)
    return sum(float(value) for value in values)


if __name__ == "__main__":
    sys.exit(main())
