"""docs/gate.md says what the code does."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from registry.gate.codes import TITLES
from registry.gate.limits import LIMITS

PAGE = (Path(__file__).parents[3] / "docs" / "gate.md").read_text(encoding="utf-8")


def test_every_check_is_described_in_order_by_its_title() -> None:
    described = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", PAGE, re.MULTILINE)

    assert described == [(code.value, title) for code, title in TITLES.items()]


def test_every_limit_stands_with_its_value() -> None:
    listed = dict(re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|$", PAGE, re.MULTILINE))

    assert listed == {
        name: ", ".join(value) if isinstance(value, tuple) else f"{value:g}"
        for name, value in asdict(LIMITS).items()
    }
