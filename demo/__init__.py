"""Demo tables: synthetic, with the marginals and the structure of the real ones."""

from __future__ import annotations

from demo.tables import DemoTables, make_demo_tables
from demo.writing import FileFormat

__all__ = ["DemoTables", "FileFormat", "make_demo_tables"]
