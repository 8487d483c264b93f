"""Writes the bundle that lies beside a model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from credit.bundle import BUNDLE_FILE, Bundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_bundle(folder: Path, facts: Mapping[str, str | None]) -> None:
    """Give the model in a folder a bundle with other facts.

    None drops one, what is no fact of a bundle is left out, and the rest is kept.
    """
    file = folder / BUNDLE_FILE
    changed = {name: text for name, text in facts.items() if name in Bundle.model_fields}
    texts = {**json.loads(file.read_text()), **changed}
    file.write_text(json.dumps({name: text for name, text in texts.items() if text is not None}))
