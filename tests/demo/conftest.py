"""Demo tables that several tests look at; nobody writes into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import DemoTables, make_demo_tables


@pytest.fixture(scope="session")
def demo_tables(tmp_path_factory: pytest.TempPathFactory) -> DemoTables:
    """All eight tables of 5,000 clients, as parquet."""
    out: Path = tmp_path_factory.mktemp("demo") / "tables"
    return make_demo_tables(out, clients=5_000, seed=0, file_format="parquet")
