"""With what a run was made: interpreter, packages, machine, state of the code."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from credit.source_commit import find_commit

KEY_PACKAGES = (
    "duckdb",
    "mlflow",
    "narwhals",
    "numpy",
    "pandas",
    "scikit-learn",
    "xgboost",
    "xgboost-cpu",
)


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """What has to be the same for a run to give the same bytes.

    Attributes:
        python: Version of the interpreter.
        platform: Operating system and processor.
        cores: Of the machine.
        git_commit: Of the checkout, with `+changes` if files differ from it.
        packages: Version of every installed distribution, by name.
    """

    python: str
    platform: str
    cores: int
    git_commit: str
    packages: dict[str, str]

    @property
    def key_packages(self) -> dict[str, str]:
        """The packages that make the model."""
        return {name: self.packages[name] for name in KEY_PACKAGES if name in self.packages}

    def list_requirements(self) -> str:
        """Return all packages, pinned, a line each."""
        return "".join(f"{name}=={version}\n" for name, version in self.packages.items())


@cache
def describe_environment() -> RunEnvironment:
    """Return the environment of this process."""
    packages = {each.name.lower(): each.version for each in distributions() if each.name}
    return RunEnvironment(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        git_commit=find_commit(Path(__file__)),
        packages=dict(sorted(packages.items())),
    )
