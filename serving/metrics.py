"""What Prometheus reads: decisions, probabilities, histories found, batch sizes at the runner.

Metrics register themselves when they are made, so each process makes its set once, at start.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

from credit.decision import Decision
from serving.answers import Answer
from serving.scorer import Score

PD_BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.09, 0.11, 0.15, 0.2, 0.3, 0.5, 1.0)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class DecisionMetrics:
    """What the outer service counts."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._decisions = Counter(
            "credit_decisions", "Decisions made.", ["decision"], registry=registry
        )
        self._pd = Histogram(
            "credit_pd", "Probabilities of default.", buckets=PD_BUCKETS, registry=registry
        )
        self._histories = Counter(
            "credit_histories",
            "Applicants by whether their history was known.",
            ["found"],
            registry=registry,
        )
        for decision in Decision:
            self._decisions.labels(decision)

    def count(self, answers: Sequence[Answer], scores: Sequence[Score]) -> None:
        """Count the decisions of one request."""
        for answer, score in zip(answers, scores, strict=True):
            self._decisions.labels(answer.decision).inc()
            self._pd.observe(score.pd)
            self._histories.labels("true" if score.history_found else "false").inc()


class RunnerMetrics:
    """What the runner counts."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._batch_rows = Histogram(
            "credit_runner_batch_rows",
            "Applicants in one call of the model.",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )

    def count(self, rows: int) -> None:
        """Count one call of the model."""
        self._batch_rows.observe(rows)
