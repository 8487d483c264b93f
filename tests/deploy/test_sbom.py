from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deploy.container_check.sbom import write_sbom

if TYPE_CHECKING:
    from pathlib import Path

DEBIAN = "libc6 2.36-9+deb12u14 amd64\nlibstdc++6 12.2.0-14 amd64\n"


def test_names_python_s_and_debian_s_packages_of_the_image_and_no_other(tmp_path: Path) -> None:
    metadata = tmp_path / "image" / "xgboost_cpu-3.2.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: xgboost-cpu\nVersion: 3.2.0\n")

    file = tmp_path / "out" / "sbom.json"
    names = write_sbom(tmp_path / "image", DEBIAN, "credit_scoring:v1", file)

    bill = json.loads(file.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "credit_scoring:v1"
    assert names == [component["name"] for component in bill["components"]]
    assert {component["purl"] for component in bill["components"]} == {
        "pkg:pypi/xgboost-cpu@3.2.0",
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64",
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64",
    }
