"""Writes what is in the image as a CycloneDX bill of materials: Python's and Debian's packages."""

from __future__ import annotations

import json
import shutil
import sys
import venv
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from deploy.container_check.command import run

LIST_DEBIAN_PACKAGES = ("dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\n")


def write_sbom(metadata: Path, debian: str, image: str, file: Path) -> list[str]:
    """Return the names of the packages that were written to the file.

    Args:
        metadata: Folder with the `*.dist-info` of the image's Python packages.
        debian: What `LIST_DEBIAN_PACKAGES` writes in the image.
        image: The name of the image that it is about.
        file: CycloneDX JSON.
    """
    bill = _describe_python(metadata)
    bill["metadata"]["component"] = {"type": "container", "name": image, "bom-ref": image}
    bill["components"] += _describe_debian(debian.splitlines())
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(bill, indent=1) + "\n")
    return [component["name"] for component in bill["components"]]


def _describe_python(metadata: Path) -> dict[str, Any]:
    """Return the bill of an environment that holds the packages' metadata and nothing of them."""
    with TemporaryDirectory(prefix="credit-sbom-") as folder:
        venv.create(folder)
        (site_packages,) = Path(folder).glob("lib/python*/site-packages")
        shutil.copytree(metadata, site_packages, dirs_exist_ok=True)
        python = str(Path(folder) / "bin" / "python")
        command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
        bill: dict[str, Any] = json.loads(run([*command, python]))
    return bill


def _describe_debian(lines: Iterable[str]) -> list[dict[str, str]]:
    components = []
    for line in lines:
        name, version, architecture = line.split()
        purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}"
        component = {"type": "library", "name": name, "version": version, "purl": purl}
        components.append({**component, "bom-ref": purl})
    return components
