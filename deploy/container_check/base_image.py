"""The base image: the registry's, or where no registry answers one made from Debian packages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from deploy.container_check.command import CheckImpossible, run
from deploy.container_check.engine import Engine, require_program

REGISTRY_NAME = "python:3.11-slim"
STAND_IN_NAME = "credit-scoring-base:debian"
PULL_SECONDS = 180

SUITE = "bookworm"  # its Python is 3.11
PACKAGES = "ca-certificates,netbase,tzdata,python3,python3-venv,python3-pip"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")

# As the registry's image: `python` is on the PATH, pip may install, and there is neither bytecode,
# nor documentation, nor what apt downloaded.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
FINISH = (
    'rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED "$1"/etc/resolv.conf "$1"/etc/hostname',
    'rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/root/.cache',
    'find "$1"/usr -name "*.pyc" -delete',
    'ln -sf /usr/bin/python3 "$1"/usr/local/bin/python',
)


@dataclass(frozen=True, slots=True)
class BaseImage:
    """An image that the engine holds.

    Attributes:
        name: What the Dockerfile's BASE_IMAGE has to be.
        stand_in: True if it was made from Debian packages.
    """

    name: str
    stand_in: bool


def find_base(engine: Engine, cache: Path, *, install: bool) -> BaseImage:
    """Return the base image; one made from Debian packages is kept in `cache` (170 MB).

    Args:
        engine: Is to hold it.
        cache: Folder for the one of Debian packages.
        install: Whether apt may install what makes it, for good.

    Raises:
        CheckImpossible: If no registry answers, and Debian's packages cannot be had either.
    """
    if _holds(engine, REGISTRY_NAME) or _pull(engine):
        return BaseImage(REGISTRY_NAME, stand_in=False)
    if not _holds(engine, STAND_IN_NAME):
        archive = cache / f"base-{SUITE}.tar"
        if not archive.exists():
            _make(archive, install=install)
        engine.run("import", "--change", 'CMD ["python3"]', str(archive), STAND_IN_NAME)
    return BaseImage(STAND_IN_NAME, stand_in=True)


def _holds(engine: Engine, name: str) -> bool:
    try:
        engine.run("image", "inspect", name)
    except CheckImpossible:
        return False
    return True


def _pull(engine: Engine) -> bool:
    try:
        engine.run("pull", "--quiet", REGISTRY_NAME, timeout_seconds=PULL_SECONDS)
    except CheckImpossible:
        return False
    return True


def _make(archive: Path, *, install: bool) -> None:
    if os.geteuid() != 0 or not SOURCES.exists():
        raise CheckImpossible(
            f"{REGISTRY_NAME} cannot be pulled. Make it available to the Docker engine, or run "
            f"this as root on Debian 12, where {SOURCES} says where packages are."
        )
    require_program("mmdebstrap", "mmdebstrap", install=install)
    options = ["--mode=root", "--variant=minbase", f"--include={PACKAGES}"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    options += ["--dpkgopt=force-unsafe-io", *(f"--customize-hook={line}" for line in FINISH)]
    archive.parent.mkdir(parents=True, exist_ok=True)
    half = archive.with_suffix(".half.tar")
    try:
        run(["mmdebstrap", *options, SUITE, str(half), str(SOURCES)], timeout_seconds=900)
        half.rename(archive)
    finally:
        half.unlink(missing_ok=True)
