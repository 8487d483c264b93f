"""Keeps a search in MLflow, as one run: what was chosen, the figures, plots and tables."""

from __future__ import annotations

from io import BytesIO

import mlflow

from training.evidence.drawing import render_png
from training.evidence.section import Section
from training.publish import require_experiment
from training.tracking import quiet_mlflow
from training.tuning.best_parameters import FILE_NAME, TunedFamily
from training.tuning.family_name import FamilyName


def log_search(
    name: FamilyName, tuned: TunedFamily, section: Section, document: str, tracking_uri: str
) -> str:
    """Return the id of the run that now holds the search.

    Args:
        name: The family.
        tuned: Its parameters, and how they were found.
        section: What is told of the search.
        document: The file that was written.
        tracking_uri: MLflow's database or server, made ready before.
    """
    quiet_mlflow()
    mlflow.set_tracking_uri(tracking_uri)
    experiment_id = require_experiment(tracking_uri)
    facts = tuned.model_dump(include={"method", "objective", "trials", "pruned", "seed", "clients"})
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"tune {name.value}") as run:
        mlflow.log_params({**tuned.parameters, **facts, "fingerprint": tuned.fingerprint})
        mlflow.log_metrics(dict(section.metrics))
        mlflow.log_text(document, FILE_NAME)
        mlflow.log_text(f"{section.text}\n", "search.md")
        for plot in section.plots:
            mlflow.log_stream(BytesIO(render_png(plot.figure)), f"{plot.name}.png")
        for table, rows in section.tables.items():
            mlflow.log_text(rows.to_csv(index=False), f"{table}.csv")
    return str(run.info.run_id)
