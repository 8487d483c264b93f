"""What a training run keeps in MLflow beside its model: card, plots, tables, environment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from credit.store_manifest import SourceFile
from training.evidence.environment import RunEnvironment
from training.evidence.facts import RunFacts
from training.evidence.model_card import PLOT_FOLDER, ModelCard
from training.evidence.section import Section
from training.evidence.tabulate import tabulate

CARD_FOLDER = "model_card"
CARD_FILE = f"{CARD_FOLDER}/model_card.html"


def list_run_files(
    card: ModelCard,
    sections: tuple[Section, ...],
    sources: Mapping[str, SourceFile],
    environment: RunEnvironment,
) -> dict[str, bytes]:
    """Return the files by their path among the run's artifacts."""
    files = {
        CARD_FILE: card.html.encode(),
        f"{CARD_FOLDER}/model_card.md": card.markdown.encode(),
        "environment.txt": environment.list_requirements().encode(),
        "sources.json": _to_json({name: file.model_dump() for name, file in sources.items()}),
    }
    for name, picture in card.plots.items():
        files[f"{CARD_FOLDER}/{PLOT_FOLDER}/{name}"] = picture
    for section in sections:
        for name, table in section.tables.items():
            files[f"tables/{name}.csv"] = table.to_csv(index=False).encode()
    return files


def write_note(facts: RunFacts, metrics: Mapping[str, float]) -> str:
    """Return what a run's, and a version's, page opens with: Markdown."""
    rows = [
        (name, f"{metrics[key]:.4f}{_tell_interval(metrics, key)}")
        for name, key in (
            ("AUC, out of fold", "oof_auc"),
            ("expected cost per applicant", "nested_cost"),
            ("threshold", "threshold"),
            ("calibration error", "oof_ece"),
            ("refused", "nested_refused_share"),
        )
    ]
    return (
        f"{facts.clients:,} clients, {facts.features} features"
        f"{', without ' + ', '.join(facts.missing) if facts.missing else ''}. "
        f"Everything else is in `{CARD_FILE}` among the artifacts.\n\n"
        f"{tabulate(('figure', 'value (95 % interval)'), rows)}\n"
    )


def _tell_interval(metrics: Mapping[str, float], key: str) -> str:
    low, high = f"{key}_low", f"{key}_high"
    return f" ({metrics[low]:.4f} to {metrics[high]:.4f})" if low in metrics else ""


def digest_sources(sources: Mapping[str, SourceFile]) -> str:
    """Return 16 hex digits that change with any byte of any table."""
    named = {name: file.sha256 for name, file in sorted(sources.items())}
    return hashlib.sha256(_to_json(named)).hexdigest()[:16]


def _to_json(content: object) -> bytes:
    return f"{json.dumps(content, indent=1)}\n".encode()
