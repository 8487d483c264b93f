"""The bundle inside a model's folder, which MLflow's own server decides by, held to the tags."""

from __future__ import annotations

import json
from pathlib import Path

from credit.bundle import Bundle

UNKNOWN_THEN = "model_version"
"""The registry gives a version its number after the folder is written."""


def find_differences(bundle: Bundle, file: Path) -> tuple[str, ...]:
    """Return the fields that a bundle's file tells otherwise than the registered bundle, sorted.

    Args:
        bundle: By the version's tags.
        file: `credit.bundle.BUNDLE_FILE` of the same version.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is no JSON object.
    """
    published = json.loads(file.read_bytes())
    if not isinstance(published, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004  (the file's content, not a type)
    registered = bundle.to_metadata()
    return tuple(
        name
        for name in sorted((registered.keys() | published.keys()) - {UNKNOWN_THEN})
        if registered.get(name) != published.get(name)
    )
