"""Demo tables: synthetic, with the marginals and the structure of the real ones."""

from __future__ import annotations

from demo.tables import DemoTables, make_demo_tables

__all__ = ["DemoTables", "make_demo_tables"]
