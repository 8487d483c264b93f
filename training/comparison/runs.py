"""The comparison in MLflow: one parent run, a child a candidate, none left running."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunStatus, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from credit.temporary_folder import open_temporary_folder
from training.comparison.row import Row
from training.evidence.drawing import render_png
from training.evidence.section import Section
from training.publish import require_experiment

RUN_NAME = "compare"
_LONGEST_PARAMETER = 500


@dataclass(slots=True)
class OpenRun:
    """A run that goes on.

    Attributes:
        run_id: MLflow's name of it.
        failed: Set where the work came to nothing and others go on.
    """

    run_id: str
    failed: bool = False


@contextmanager
def open_run(
    client: MlflowClient, tracking_uri: str, name: str, parent: str | None = None
) -> Iterator[OpenRun]:
    """Give a run that ends as what happens: finished, failed, or killed by Ctrl-C.

    The client's own calls, since MLflow's `start_run` keeps a run of the whole process and prints
    links where the table is to stand.
    """
    tags = {MLFLOW_PARENT_RUN_ID: parent} if parent else {}
    mlflow.set_tracking_uri(tracking_uri)
    experiment = require_experiment(tracking_uri)
    run = OpenRun(client.create_run(experiment, run_name=name, tags=tags).info.run_id)
    status = RunStatus.FAILED
    try:
        yield run
        status = RunStatus.FAILED if run.failed else RunStatus.FINISHED
    except KeyboardInterrupt:
        status = RunStatus.KILLED
        raise
    finally:
        client.set_terminated(run.run_id, RunStatus.to_string(status))


def log_row(client: MlflowClient, run_id: str, row: Row) -> None:
    """Log what is known of a candidate: its settings, and its figures or why there are none."""
    settings = {
        "family": row.candidate.family.name,
        "imbalance": row.candidate.imbalance.value,
        "preparation": row.candidate.family.preparation.value,
        "clients_max": row.candidate.clients_max or "all",
        **row.candidate.parameters,
    }
    log_numbers(client, run_id, row.to_metrics(), settings)
    if row.notes:
        client.set_tag(run_id, MLFLOW_RUN_NOTE, "\n".join(f"- {note}" for note in row.notes))


def log_numbers(
    client: MlflowClient,
    run_id: str,
    metrics: Mapping[str, float],
    parameters: Mapping[str, object],
    tags: Mapping[str, str] | None = None,
) -> None:
    """Log numbers, settings and tags in one call."""
    now_ms = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now_ms, 0) for name, value in metrics.items()],
        params=[Param(name, str(value)[:_LONGEST_PARAMETER]) for name, value in parameters.items()],
        tags=[RunTag(name, text) for name, text in (tags or {}).items()],
    )


def log_section(client: MlflowClient, run_id: str, section: Section, note: str) -> None:
    """Keep the section with the run as files, and the note where MLflow shows it at a glance."""
    client.set_tag(run_id, MLFLOW_RUN_NOTE, note)
    with open_temporary_folder("credit-run-") as folder:
        write_section(section, folder)
        client.log_artifacts(run_id, str(folder))


def write_section(section: Section, folder: Path) -> None:
    """Write text, tables and plots into a folder that is there."""
    pictures = "".join(
        f"\n![{plot.name}]({plot.name}.png)\n\n*{plot.caption}*\n" for plot in section.plots
    )
    page = f"# {section.title}\n\n{section.text}\n{pictures}"
    (folder / "comparison.md").write_text(page, encoding="utf-8")
    for name, frame in section.tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    for plot in section.plots:
        (folder / f"{plot.name}.png").write_bytes(render_png(plot.figure))
