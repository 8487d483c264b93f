from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from serving.service_metrics import ModelMarks, ServiceMetrics, forget_dead_workers

if TYPE_CHECKING:
    from pathlib import Path

MODEL = ModelMarks("3", "f" * 16, "5e" * 32)


def test_model_and_queue_are_told() -> None:
    registry = CollectorRegistry()

    ServiceMetrics(MODEL, registry).tell_waiting(7)

    assert registry.get_sample_value("credit_waiting_rows") == 7
    assert registry.get_sample_value("credit_model_info", MODEL._asdict()) == 1


def test_gauges_of_workers_that_were_killed_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    gone = [f"gauge_{mode}_{ended.pid}.db" for mode in ("livesum", "livemax")]
    kept = [f"gauge_livesum_{os.getpid()}.db", f"counter_{ended.pid}.db", "else"]
    for name in (*gone, *kept):
        (tmp_path / name).touch()

    forget_dead_workers()

    assert {path.name for path in tmp_path.iterdir()} == set(kept)


def test_a_single_process_has_none_to_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)

    forget_dead_workers()
