from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from credit.temporary_folder import open_temporary_folder

P = ParamSpec("P")
Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def interrupt_after(function: Callable[P, Result]) -> Callable[P, Result]:
    def call(*arguments: P.args, **named: P.kwargs) -> Result:
        result = function(*arguments, **named)
        signal.raise_signal(signal.SIGINT)
        return result

    return call


def leave_once_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_temporary_folder("credit-test-") as folder:
        for name in ("one", "two"):
            (folder / name).mkdir()
        monkeypatch.setattr(os, "rmdir", interrupt_after(os.rmdir))


def test_the_folder_is_there_while_the_block_lasts(place: Path) -> None:
    with open_temporary_folder("credit-test-") as folder:
        (folder / "deep").mkdir()
        assert list(place.iterdir()) == [folder]
        assert folder.name.startswith("credit-test-")

    assert list(place.iterdir()) == []


def test_an_interrupt_while_it_is_made_leaves_none(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", interrupt_after(tempfile.mkdtemp))

    with pytest.raises(KeyboardInterrupt), open_temporary_folder("credit-test-"):
        raise AssertionError("The block was entered.")

    assert list(place.iterdir()) == []


def test_an_interrupt_while_it_is_removed_leaves_none(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        leave_once_filled(monkeypatch)

    assert list(place.iterdir()) == []
