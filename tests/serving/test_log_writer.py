from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from credit.errors import LogUnavailable
from credit.features.catalog import FEATURE_NAMES
from credit.pseudonym import PseudonymKey
from serving.case import Case, Verdict
from serving.coalescer import Coalescer
from serving.coverage import Coverage, HistorySource
from serving.decision_log import Decision, DecisionLog
from serving.log_writer import LogWriter, Policy
from serving.metrics import LogMetrics
from tests.cases import make_case

if TYPE_CHECKING:
    from credit.bundle import Bundle

KEY = PseudonymKey(b"k" * 32)


class WatchedLog(DecisionLog):
    """A log that tells how many decisions each transaction had, and can be away."""

    sizes: list[int]
    away = False

    def write(self, decisions: Sequence[Decision]) -> None:
        if self.away:
            raise LogUnavailable("The decision log takes nothing: it is away.")
        super().write(decisions)
        self.sizes.append(len(decisions))


@pytest.fixture
def log(tmp_path: Path) -> WatchedLog:
    opened = WatchedLog.open(f"sqlite:///{tmp_path}/decisions.db")
    opened.__dict__["sizes"] = []
    return opened


def give_verdict(
    pd: float = 0.25, history: Coverage | None = None, *, refused: bool = False
) -> Verdict:
    features = np.arange(len(FEATURE_NAMES), dtype=np.float32)
    coverage = history or Coverage(history="none", tables=[])
    return Verdict(pd, refused=refused, referred=False, coverage=coverage, features=features)


def write(
    log: DecisionLog,
    bundle: Bundle,
    batches: Sequence[tuple[Sequence[Case], Sequence[Verdict]]],
    *,
    key: PseudonymKey | None = KEY,
    policy: Policy = "refuse",
    registry: CollectorRegistry | None = None,
) -> list[BaseException | None]:
    async def record() -> list[BaseException | None]:
        metrics = LogMetrics(registry or CollectorRegistry())
        writer = LogWriter(log, bundle, key, policy, metrics, most_waiting=10)
        records = (writer.record(*batch) for batch in batches)
        outcomes = await asyncio.gather(*records, return_exceptions=True)
        writer.close()
        return outcomes

    return asyncio.run(record())


def test_a_decision_is_written_with_all_that_it_rests_on(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any]
) -> None:
    case = make_case(applicant, request_id="id-7")

    write(log, bundle, [([case], [give_verdict(0.625, refused=True)])])

    (row,) = log.find("id-7")
    assert row["client"] == KEY.name([100_002])[0].hex()
    assert row["key_id"] == KEY.id
    inputs = json.loads(row["inputs"])
    assert inputs["AMT_CREDIT"] == 406_597.5
    assert "SK_ID_CURR" not in inputs
    assert None not in inputs.values()
    assert (row["probability"], row["threshold"], row["decision"]) == (0.625, 0.5, "REFUSED")
    assert (row["model_version"], row["bundle_digest"]) == ("3", bundle.compute_digest())
    assert row["history"] is None
    assert json.loads(row["data_quality"])["sentinel"] == ["DAYS_EMPLOYED"]
    assert row["latency_us"] > 0


@pytest.mark.parametrize("source", ["store", "request"])
def test_the_history_that_was_used_is_written_bit_for_bit(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any], source: HistorySource
) -> None:
    verdict = give_verdict(history=Coverage(history=source, tables=["bureau"]))

    write(log, bundle, [([make_case(applicant)], [verdict])])

    (row,) = log.tail(1)
    assert row["history"] == verdict.history.tobytes()


def test_without_pseudonyms_the_client_stands_in_the_log(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any]
) -> None:
    write(log, bundle, [([make_case(applicant)], [give_verdict()])], key=None)

    (row,) = log.tail(1)
    assert (row["client"], row["key_id"]) == ("100002", None)


def test_decisions_that_come_at_once_share_a_transaction(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any]
) -> None:
    batch = ([make_case(applicant)], [give_verdict()])

    assert write(log, bundle, [batch] * 6) == [None] * 6

    assert log.sizes == [6]


def test_a_log_that_is_away_refuses_and_counts(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any]
) -> None:
    log.__dict__["away"] = True
    registry = CollectorRegistry()
    case, verdict = make_case(applicant), give_verdict()

    (error,) = write(log, bundle, [([case, case], [verdict, verdict])], registry=registry)

    assert isinstance(error, LogUnavailable)
    assert registry.get_sample_value("credit_log_unrecorded_total") == 2


def test_a_log_that_is_away_lets_answers_go_if_that_is_the_policy_and_counts(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    log.__dict__["away"] = True
    registry = CollectorRegistry()
    batch = ([make_case(applicant)], [give_verdict()])

    assert write(log, bundle, [batch], policy="answer", registry=registry) == [None]

    assert registry.get_sample_value("credit_log_unrecorded_total") == 1
    assert "1 decisions are not recorded" in caplog.text
    assert "406597" not in caplog.text


def test_more_decisions_than_may_wait_are_refused(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any]
) -> None:
    batch = ([make_case(applicant)] * 6, [give_verdict()] * 6)
    held = threading.Event()
    commit = log.write

    def hold(decisions: Sequence[Decision]) -> None:
        held.wait(5)
        commit(decisions)

    log.__dict__["write"] = hold

    async def record() -> list[BaseException | None]:
        metrics = LogMetrics(CollectorRegistry())
        writer = LogWriter(log, bundle, KEY, "refuse", metrics, most_waiting=10)
        tasks = []
        for _ in range(3):  # one is being committed, one waits, one has no place
            tasks.append(asyncio.create_task(writer.record(*batch)))
            await asyncio.sleep(0.02)
        held.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()
        return outcomes

    outcomes = asyncio.run(record())

    assert [type(outcome).__name__ for outcome in outcomes].count("QueueFull") == 1
    assert len(list(log.read())) == 12


def test_a_rehearsal_leaves_nothing_behind_and_tells_if_the_log_takes_nothing(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any], tmp_path: Path
) -> None:
    async def rehearse() -> None:
        metrics = LogMetrics(CollectorRegistry())
        writer = LogWriter(log, bundle, KEY, "refuse", metrics, most_waiting=10)
        await writer.rehearse([make_case(applicant)] * 2, [give_verdict()] * 2)

    asyncio.run(rehearse())
    left = log.tail(10)
    (tmp_path / "decisions.db").unlink()

    assert left == []
    with pytest.raises(LogUnavailable):
        asyncio.run(rehearse())


def test_an_applicant_on_whom_the_model_fails_fails_alone_and_the_others_are_recorded(
    log: WatchedLog, bundle: Bundle, applicant: dict[str, Any]
) -> None:
    async def decide(cases: Sequence[Case]) -> list[Verdict]:
        if any(case.request.id == "poison" for case in cases):
            raise ValueError("The model fails on this one.")
        return [give_verdict() for _ in cases]

    async def ask_all() -> list[object]:
        metrics = LogMetrics(CollectorRegistry())
        writer = LogWriter(log, bundle, KEY, "refuse", metrics, most_waiting=10)
        cases: Coalescer[Case, Verdict] = Coalescer(
            decide, max_batch_rows=10, max_waiting_rows=10, after=writer.record
        )
        names = ["first", "a", "poison", "b"]  # the last three travel together
        asking = (cases.submit([make_case(applicant, request_id=name)]) for name in names)
        return [type(answer) for answer in await asyncio.gather(*asking, return_exceptions=True)]

    assert asyncio.run(ask_all()) == [list, list, ValueError, list]
    assert {row["request_id"] for row in log.tail(10)} == {"first", "a", "b"}
