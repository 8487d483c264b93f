from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from deploy.container_check.command import CheckImpossible, run

if TYPE_CHECKING:
    from pathlib import Path


def test_returns_what_the_program_wrote_in_the_folder_with_the_environment(tmp_path: Path) -> None:
    program = "import os; print(os.getcwd(), os.environ['WORD'])"

    written = run([sys.executable, "-c", program], {"WORD": "yes"}, folder=tmp_path)

    assert written == f"{tmp_path.resolve()} yes\n"


def test_says_what_a_program_said_before_it_failed() -> None:
    program = "import sys; print('first'); sys.exit('no such image')"

    with pytest.raises(CheckImpossible, match=r"ended with 1:\nfirst\nno such image"):
        run([sys.executable, "-c", program])


def test_says_which_program_is_not_there() -> None:
    with pytest.raises(CheckImpossible, match="`no-such-engine` is not installed"):
        run(["no-such-engine", "version"])


def test_ends_a_program_that_takes_too_long() -> None:
    with pytest.raises(CheckImpossible, match="did not end within 0 s"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], timeout_seconds=0.3)
