"""What Spark is told when it starts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from credit.errors import EngineFailed

LEAST_HEAP_MIB = 512
"""Spark itself refuses to start below about 450 MiB."""

# What every session must agree on, wherever it runs, so that features come out alike.
_MEANING = {
    "spark.sql.ansi.enabled": "true",  # what does not fit is an error and not a null
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
}
_QUIET = {
    "spark.app.name": "credit",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.maxResultSize": "0",  # the result is one row a client, and is wanted whole
}
_MASTER = re.compile(r"local(-cluster)?(\[[\d*, ]+\])?|(spark|k8s)://.+|yarn")
_MIB = {
    "KB": 1000 / 2**20,
    "MB": 1000**2 / 2**20,
    "GB": 1000**3 / 2**20,
    "TB": 1000**4 / 2**20,
    "KIB": 1 / 2**10,
    "MIB": 1.0,
    "GIB": 2.0**10,
    "TIB": 2.0**20,
}


def is_local(master: str) -> bool:
    """Return whether Spark runs in one process on this machine."""
    return master.startswith("local") and not master.startswith("local-cluster")


def describe_spark(master: str, memory_limit: str | None) -> dict[str, str]:
    """Return the settings for the master; one on this machine listens to nobody else.

    Args:
        master: Such as ``local[*]`` or ``spark://host:7077``.
        memory_limit: Heap of a Spark on this machine, such as ``4GB``; None: Spark's own. On a
            cluster the limits are the cluster's, by its own configuration.

    Raises:
        EngineFailed: If the master is none, or Spark cannot start with so little memory.
    """
    if not _MASTER.fullmatch(master):
        raise EngineFailed(
            f"CREDIT_SPARK_MASTER is {master!r}; expected local[*], spark://HOST:PORT, "
            "k8s://URL or yarn."
        )
    settings = {"spark.master": master} | _MEANING | _QUIET
    if not is_local(master):
        return settings
    settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    if memory_limit is not None:
        settings["spark.driver.memory"] = f"{_count_mib(memory_limit)}m"
    return settings


def keep_files_in(folder: Path) -> Mapping[str, str]:
    """Return the settings by which Spark puts all that it writes into the folder."""
    return {
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={folder} -XX:-UsePerfData",
    }


def _count_mib(memory_limit: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]i?B)", memory_limit)
    if found is None:
        raise EngineFailed(f"{memory_limit!r} is no amount of memory; expected such as 4GB.")
    heap_mib = int(float(found[1]) * _MIB[found[2].upper()])
    if heap_mib < LEAST_HEAP_MIB:
        raise EngineFailed(
            f"Spark does not start with {memory_limit}: it needs {LEAST_HEAP_MIB}MiB. Set "
            "CREDIT_MEMORY_LIMIT to more, or use --engine duckdb, which spills earlier."
        )
    return heap_mib
