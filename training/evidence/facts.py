"""What the model card tells of the run itself: what was done, with what, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from credit.bundle import Bundle
from credit.store_manifest import SourceFile
from training.evidence.environment import RunEnvironment
from training.evidence.model_card import make_environment
from training.evidence.section import Section


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a training run knows of itself.

    Attributes:
        model_name: Registered model.
        bundle: Threshold and facts that travel with the version.
        parameters: What was set, and the number of trees.
        environment: With what it was made.
        sources: Files the tables came from.
        rows: Rows of each table.
        missing: History tables that were not there.
        clients: Fitted on.
        defaults: How many of them defaulted.
        features: Of the model.
        left_out: Features of the catalog that do not vary here.
        chosen: Whether the features are those of a list of `credit select`.
        parameters_found: How the parameters were found.
        contact: Whom a refused applicant turns to.
    """

    model_name: str
    bundle: Bundle
    parameters: Mapping[str, object]
    environment: RunEnvironment
    sources: Mapping[str, SourceFile]
    rows: Mapping[str, int]
    missing: tuple[str, ...]
    clients: int
    defaults: int
    features: int
    left_out: tuple[str, ...]
    chosen: bool
    parameters_found: str
    contact: str


def describe_facts(facts: RunFacts) -> dict[str, Section]:
    """Return the sections, by title."""
    templates = {
        "Model": "model",
        "Intended use": "intended_use",
        "Data": "data",
        "Limits": "limits",
        "How to contest a decision": "contest",
        "Reproduction": "reproduction",
    }
    environment = make_environment()
    return {
        title: Section(title, environment.get_template(f"{name}.md.jinja").render(facts=facts))
        for title, name in templates.items()
    }
