"""Makes the image of a Bento, and measures it."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.container_check.base_image import BaseImage
from deploy.container_check.command import run
from deploy.container_check.engine import Engine

BUILD_SECONDS = 1_800
SITE_PACKAGES = "/app/.venv/lib/python3.11/site-packages"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of an image, and what made it."""

    size_bytes: int
    made_by: str


def containerize(bento_tag: str, image: str, base: BaseImage, engine: Engine) -> None:
    """Have BentoML build the image."""
    options = ["progress=plain", f"build-arg=BASE_IMAGE={base.name}"]
    if engine.own:
        options.append("network=host")
    with TemporaryDirectory(prefix="credit-image-") as folder:
        options += [f"secret=id={name},src={path}" for name, path in _write_index(Path(folder))]
        command = [sys.executable, "-W", "ignore", "-m", "bentoml", "containerize", bento_tag]
        command += ["--image-tag", image]
        for option in options:
            command += ["--opt", option]
        environment = {**engine.environment, "DOCKER_BUILDKIT": "1"}
        run(command, environment, timeout_seconds=BUILD_SECONDS)


def _write_index(folder: Path) -> Iterator[tuple[str, Path]]:
    """Return secrets of the build: which package index this machine uses, trusted by what."""
    certificates = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    lines = ["[global]"]
    if certificates and Path(certificates).exists():
        lines.append("cert = /run/secrets/ca")
        yield "ca", Path(certificates)
    lines += [
        f"{option} = {os.environ[name]}"
        for name, option in (
            ("PIP_INDEX_URL", "index-url"),
            ("PIP_EXTRA_INDEX_URL", "extra-index-url"),
        )
        if name in os.environ
    ]
    configuration = folder / "pip.conf"
    configuration.write_text("\n".join(lines) + "\n")
    yield "pip", configuration


def read_labels(engine: Engine, image: str) -> dict[str, str]:
    """Return the image's labels."""
    text = engine.run("image", "inspect", "--format", "{{json .Config.Labels}}", image)
    labels: dict[str, str] = json.loads(text)
    return labels


def measure_layers(engine: Engine, image: str) -> list[Layer]:
    """Return the layers with bytes in them, the base first."""
    text = engine.run("history", "--no-trunc", "--human=false", "--format", "{{json .}}", image)
    rows = [json.loads(line) for line in text.splitlines()]
    layers = [Layer(int(row["Size"]), _shorten(row["CreatedBy"])) for row in rows]
    return [layer for layer in reversed(layers) if layer.size_bytes]


def _shorten(made_by: str) -> str:
    return " ".join(made_by.removeprefix("/bin/sh -c ").split())[:60]


def measure_packages(engine: Engine, container: str) -> list[tuple[int, str]]:
    """Return bytes and name of what stands in the image's site-packages, the largest first."""
    text = engine.run("exec", container, "sh", "-c", f"du -sb {SITE_PACKAGES}/*")
    sizes = (line.split("\t") for line in text.splitlines())
    return sorted(((int(size), Path(path).name) for size, path in sizes), reverse=True)


@contextmanager
def copy_metadata(engine: Engine, container: str) -> Iterator[Path]:
    """Return a folder with the `*.dist-info` of the packages in the image."""
    with TemporaryDirectory(prefix="credit-sbom-") as folder:
        archive = Path(folder) / "packages.tar"
        with archive.open("wb") as file:
            pack = f"cd {SITE_PACKAGES} && tar -c *.dist-info"
            subprocess.run(
                ["docker", "exec", container, "sh", "-c", pack],
                env={**os.environ, **engine.environment},
                stdout=file,
                check=True,
            )
        run(["tar", "-xf", str(archive), "-C", folder])
        archive.unlink()
        yield Path(folder)
