from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.lean import trim

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"1234")


def list_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_removes_tests_sources_and_what_speaks_to_networks(tmp_path: Path) -> None:
    write(tmp_path, "numpy/tests/test_a.py", "numpy/_core/tests/data/x.npy", "numpy/_core/a.pyi")
    write(tmp_path, "scipy/a.pyx", "scipy/a.pxd", "pyarrow/include/arrow/api.h", "pyarrow/x.h")
    write(tmp_path, "pyarrow/libarrow_flight.so.2500", "pyarrow/_flight.so")
    write(tmp_path, "pyarrow/lib.so", "numpy/testing/a.py", "numpy/tests.py", "numpy/a.py")

    trim(tmp_path)

    kept = {"pyarrow/lib.so", "numpy/testing/a.py", "numpy/tests.py", "numpy/a.py"}
    assert list_files(tmp_path) == kept


def test_keeps_what_tells_which_packages_are_there(tmp_path: Path) -> None:
    write(tmp_path, "numpy-2.dist-info/METADATA", "numpy-2.dist-info/licenses/LICENSE.txt")

    assert trim(tmp_path) == 0
    assert len(list_files(tmp_path)) == 2


def test_tells_how_many_bytes_it_removed(tmp_path: Path) -> None:
    write(tmp_path, "a/b.pyi", "a/c.h", "a/d.py")

    assert trim(tmp_path) == 8
