"""The whole release in one run: from tables to a decision of the container, seconds of each step.

    uv run python -m benchmarks.release --data DIR

Everything is made in a folder of its own. The image is built, asked and compared with what training
said by `deploy/container-check`, which tells its own steps; it needs a Docker engine, or root on
Debian to start one (`--install` has apt install it).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the release.

    Attributes:
        name: What it is called in the table.
        command: Program and arguments.
        is_shown: Whether what it prints is of interest here.
    """

    name: str
    command: tuple[str, ...]
    is_shown: bool = False


def list_steps(data: Path, cache: Path, *, install: bool) -> list[Step]:
    """Return the commands of a release, in order."""
    credit = (sys.executable, "-m", "cli")
    tables = ("--data", str(data))
    return [
        Step("credit train", (*credit, "train", *tables)),
        Step("credit promote 1 --to Staging", (*credit, "promote", "1", "--to", "Staging")),
        Step("credit build", (*credit, "build")),
        Step("credit parity", (*credit, "parity", *tables), is_shown=True),
        Step(
            "deploy/container-check",
            (
                str(PROJECT / "deploy" / "container-check"),
                *tables,
                *("--cache", str(cache)),
                *(("--install",) if install else ()),
            ),
            is_shown=True,
        ),
    ]


def run(step: Step, environment: dict[str, str]) -> float:
    """Return the seconds a step took.

    Raises:
        SystemExit: If it fails; what it printed is shown.
    """
    began_s = time.monotonic()
    finished = subprocess.run(  # noqa: S603 -- our own commands
        step.command,
        cwd=PROJECT,
        env=environment,
        stdout=None if step.is_shown else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        print(finished.stdout or "")
        raise SystemExit(f"{step.name} ended with {finished.returncode}")
    return time.monotonic() - began_s


def main() -> None:
    """Run the release and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the tables")
    cache = Path("var/container-check")
    parser.add_argument("--cache", type=Path, default=cache, help="of the engine (%(default)s)")
    told = "let deploy/container-check have apt install what it lacks, for good"
    parser.add_argument("--install", action="store_true", help=told)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="credit-release-") as folder:
        environment = os.environ | {
            "CREDIT_HOME": f"{folder}/var",
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "BENTOML_HOME": f"{folder}/bentoml",
            "BENTOML_DO_NOT_TRACK": "true",
        }
        steps = list_steps(
            options.data.absolute(), options.cache.absolute(), install=options.install
        )
        seconds = [(step.name, run(step, environment)) for step in steps]
    print("\nstep                              seconds")
    for name, taken in seconds:
        print(f"{name:<32}  {taken:7.1f}")
    print(f"{'all':<32}  {sum(taken for _, taken in seconds):7.1f}")


if __name__ == "__main__":
    main()
