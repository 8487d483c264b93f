"""What Prometheus reads: decisions, probabilities, histories found, batch sizes at the runner.

Metrics register themselves when they are made, so each process makes its set once, at start.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import get_args

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

from credit.decision import name_decision
from serving.case import Verdict
from serving.coverage import HistorySource

PD_BUCKETS = (0.01, 0.02, 0.03, 0.05, 0.07, 0.09, 0.11, 0.15, 0.2, 0.3, 0.5, 1.0)
COMMIT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class DecisionMetrics:
    """What the outer service counts.

    Args:
        model_version: Whose decisions they are.
        registry: Where the metrics are registered.
    """

    def __init__(self, model_version: str, registry: CollectorRegistry = REGISTRY) -> None:
        decisions = Counter(
            "credit_decisions",
            "Decisions made.",
            ["decision", "model_version"],
            registry=registry,
        )
        pd = Histogram(
            "credit_pd",
            "Probabilities of default.",
            ["model_version"],
            buckets=PD_BUCKETS,
            registry=registry,
        )
        histories = Counter(
            "credit_histories",
            "Applicants by where their history came from.",
            ["source"],
            registry=registry,
        )
        # Found once: the lookup by labels would take longer than the counting.
        self._pd = pd.labels(model_version)
        self._decisions = {
            refused: decisions.labels(name_decision(refused=refused), model_version)
            for refused in (False, True)
        }
        self._histories = {source: histories.labels(source) for source in get_args(HistorySource)}

    def count(self, verdicts: Sequence[Verdict]) -> None:
        """Count the decisions of one request."""
        for verdict in verdicts:
            self._pd.observe(verdict.pd)
        for refused, number in Counts(verdict.refused for verdict in verdicts).items():
            self._decisions[refused].inc(number)
        for source, number in Counts(verdict.coverage.history for verdict in verdicts).items():
            self._histories[source].inc(number)


class LogMetrics:
    """What the decision log counts."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._commit = Histogram(
            "credit_log_commit_seconds",
            "Seconds that a transaction of the decision log took.",
            buckets=COMMIT_BUCKETS,
            registry=registry,
        )
        self._unrecorded = Counter(
            "credit_log_unrecorded",
            "Decisions that the log did not take.",
            registry=registry,
        )

    def time_commit(self) -> AbstractContextManager[object]:
        """Time one transaction."""
        return self._commit.time()

    def count_unrecorded(self, decisions: int) -> None:
        """Count decisions that are not in the log."""
        self._unrecorded.inc(decisions)


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
