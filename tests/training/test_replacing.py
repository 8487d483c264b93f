"""A file appears whole or not at all, and nobody else's file is lost for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit.errors import OutputExists
from training.replacing import replacing, require_own_file

MARK = "made by this work"


def test_the_file_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "made" / "page.html"

    with replacing(path) as part:
        part.write_text("whole")
        assert not path.exists()

    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")

    def write_half() -> None:
        with replacing(path) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_and_one_of_the_same_work_may_be_written(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.html"
    earlier.write_text(f"<!-- {MARK} -->")

    require_own_file(tmp_path / "new.html", MARK)
    require_own_file(earlier, MARK)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    letter = tmp_path / "letter.md"
    letter.write_bytes(b"Dear \xff")

    with pytest.raises(OutputExists, match="is a file of something else"):
        require_own_file(letter, MARK)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputExists, match="is a folder"):
        require_own_file(tmp_path, MARK)
