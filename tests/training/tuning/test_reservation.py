from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from credit.errors import TuningUnusable
from training.tuning import reservation
from training.tuning.reservation import reserved

HOLDS = """
import sys, time
from pathlib import Path
from training.tuning.reservation import reserved
with reserved(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "studies.db"


def find_lock(file: Path) -> Path:
    return file.with_name("studies.db.lock")


def test_a_lock_is_there_for_as_long_as_it_is_held(file: Path) -> None:
    with reserved(file):
        assert find_lock(file).exists()

    assert list(file.parent.iterdir()) == []


def test_a_lock_goes_although_the_work_failed(file: Path) -> None:
    with pytest.raises(ZeroDivisionError), reserved(file):
        raise ZeroDivisionError

    assert list(file.parent.iterdir()) == []


def test_a_second_is_told_who_is_first_and_where_the_lock_is(file: Path) -> None:
    with reserved(file):
        with (
            pytest.raises(TuningUnusable, match="Another process is tuning") as error,
            reserved(file),
        ):
            pass
        assert find_lock(file).exists()

    assert str(find_lock(file)) in str(error.value)


def test_another_process_is_kept_out_until_it_is_killed(file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(file)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(TuningUnusable, match="Another process is tuning"), reserved(file):
            pass
        process.send_signal(signal.SIGKILL)
    assert find_lock(file).exists()

    with reserved(file):
        pass

    assert not find_lock(file).exists()


def put_a_folder_there(file: Path) -> None:
    find_lock(file).mkdir(parents=True)


def put_a_file_in_place_of_the_folder(file: Path) -> None:
    file.parent.write_text("a letter")


@pytest.mark.parametrize("spoil", [put_a_folder_there, put_a_file_in_place_of_the_folder])
def test_a_lock_that_cannot_be_had_is_not_called_another_process(
    file: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(file)

    with pytest.raises(TuningUnusable, match=r"cannot be kept .*studies\.db\.lock.*--study"):
        reserved(file).__enter__()


def test_a_lock_that_another_has_by_now_is_left_to_it(file: Path) -> None:
    with reserved(file):
        find_lock(file).unlink()
        find_lock(file).touch()

    assert find_lock(file).exists()


def test_a_lock_that_was_removed_just_before_it_was_got_is_taken_anew(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_still = reservation._is_still
    seen: list[bool] = []

    def lose_the_first(place: Path, lock: IO[bytes]) -> bool:
        if not seen:
            place.unlink()
        seen.append(is_still(place, lock))
        return seen[-1]

    monkeypatch.setattr(reservation, "_is_still", lose_the_first)

    with reserved(file):
        assert find_lock(file).exists()
        assert seen == [False, True]
