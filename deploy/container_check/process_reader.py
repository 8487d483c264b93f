"""Tells what the container's processes use, as JSON; run inside it by `docker exec`, as text.

Only Python's own library, in one file. Its own process is left out.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

COUNTS = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def read_process(folder: Path) -> dict[str, object]:
    """Return name, memory and processor time of a process."""
    memory = dict(
        line.split(":", 1) for line in (folder / "smaps_rollup").read_text().splitlines()[1:]
    )
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    return {
        "name": name_process((folder / "cmdline").read_text().split("\0")),
        "pss_bytes": 1024 * int(memory["Pss"].split()[0]),
        "rss_bytes": 1024 * int(memory["Rss"].split()[0]),
        "cpu_seconds": (int(times[11]) + int(times[12])) / TICKS_PER_SECOND,
    }


def name_process(command: list[str]) -> str:
    """Return the service that a worker serves, or that it is the one that started them."""
    if "--service-name" in command:
        return command[command.index("--service-name") + 1]
    return "main" if "serve" in command else command[0]


def read_count() -> int | None:
    """Return the memory that the kernel counts for the container, files it has read included."""
    for count in COUNTS:
        if Path(count).exists():
            return int(Path(count).read_text())
    return None


def find_processes() -> list[Path]:
    """Return the folders of the other processes."""
    numbers = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [folder for folder in numbers if int(folder.name) != os.getpid()]


if __name__ == "__main__":
    processes = [read_process(folder) for folder in find_processes()]
    counted = read_count()
    sys.stdout.write(json.dumps({"processes": processes, "counted_by_kernel_bytes": counted}))
