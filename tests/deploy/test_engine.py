from __future__ import annotations

from pathlib import Path

import pytest

from deploy.container_check.command import CheckImpossible
from deploy.container_check.engine import require_program


@pytest.fixture
def apt_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calls = tmp_path / "calls"
    programs = tmp_path / "programs"
    programs.mkdir()
    apt = programs / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    calls.touch()
    return calls


def test_nothing_is_installed_unasked(apt_calls: Path) -> None:
    with pytest.raises(CheckImpossible, match=r"`dockerd` .* package docker.io.* `--install`"):
        require_program("dockerd", "docker.io", install=False)

    assert apt_calls.read_text() == ""


def test_what_is_missing_is_installed_when_told_to(apt_calls: Path) -> None:
    require_program("dockerd", "docker.io", install=True)

    assert apt_calls.read_text().endswith(" --no-install-recommends docker.io\n")


def test_what_is_there_is_left_alone(apt_calls: Path) -> None:
    require_program("apt-get", "apt", install=True)

    assert apt_calls.read_text() == ""
