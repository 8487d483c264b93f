"""Removes from the image's environment what no request can reach; run while it is built.

Only what is a whole by itself: tests of others, what C compilers and type checkers read, and one
part of Arrow that speaks to networks. What imports each other stays together, so that
`pip check` and an SBOM of what is left are true.
"""

import shutil
import sys
from pathlib import Path

TEST_FOLDERS = ("tests",)
DEVELOPERS_SUFFIXES = (".pyi", ".pyx", ".pxd", ".pxi", ".c", ".cc", ".cpp", ".h", ".hpp", ".a")
UNUSED = (
    "_duckdb-stubs",
    "pyarrow/include",
    "pyarrow/src",
    # Arrow over the network
    "pyarrow/_flight.*",
    "pyarrow/libarrow_flight.*",
    "pyarrow/libarrow_python_flight.*",
)


def trim(packages: Path) -> int:
    """Return how many bytes were removed from a site-packages folder."""
    before = _measure(packages)
    folders = [path for name in TEST_FOLDERS for path in packages.rglob(name) if path.is_dir()]
    unused = [path for pattern in UNUSED for path in packages.glob(pattern)]
    for path in [*folders, *unused]:
        _remove(path)
    for path in packages.rglob("*"):
        if path.suffix in DEVELOPERS_SUFFIXES:
            path.unlink()
    return before - _measure(packages)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _measure(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


if __name__ == "__main__":
    (site_packages,) = Path(sys.argv[1]).glob("lib/python*/site-packages")
    sys.stdout.write(f"{trim(site_packages) / 1e6:.0f} MB removed\n")
