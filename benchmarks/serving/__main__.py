"""The service beside what anyone would build instead: same applicants, same model, one run.

``uv run python -m benchmarks.serving [--data DIR] [--seconds N] [--rounds N] [--only NAMES]
[--concurrency 1,8,64,256]`` prints one table and the verdicts, and writes both with a chart.
``--features`` measures what the service's own features cost, ``--batches`` what batches bring. It
ends with 1 if something that must be shown is not.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from benchmarks.serving.model_home import ModelHome, provide_model
from benchmarks.serving.processes import PROJECT
from credit.interrupt import Ending
from credit.temporary_folder import open_temporary_folder

DEFAULT_OUT = Path("var/benchmark")


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--data", type=Path, help="folder of the tables; default: demo tables")
    told = "folder to keep the model in, and to find it in the next time; default: temporary"
    parser.add_argument("--model-home", type=Path, help=told)
    parser.add_argument("--seconds", type=float, default=10, help="each (%(default)s)")
    parser.add_argument("--warmup", type=float, default=3, help="seconds before (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of all contestants (%(default)s)")
    parser.add_argument("--only", help="contestants, or variants of --features, with commas")
    parser.add_argument("--concurrency", default="1,8,64,256", help="levels (%(default)s)")
    parser.add_argument("--applicants", type=int, default=1_000, help="different (%(default)s)")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder (%(default)s)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--features", action="store_true", help="what our own features cost")
    kind.add_argument("--batches", action="store_true", help="rows a second in batches; /explain")
    return parser.parse_args()


@contextmanager
def _open_home(folder: Path | None) -> Iterator[ModelHome]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield ModelHome(folder.absolute())
        return
    with open_temporary_folder("credit-benchmark-") as temporary:
        yield ModelHome(temporary)


def say(message: str) -> None:
    """Tell what is being done."""
    print(message, file=sys.stderr, flush=True)


def main() -> int:
    """Measure, print, write, and return the exit code; servers end with it, interrupted or not."""
    ending = Ending()
    ending.listen()
    try:
        return run(read_options())
    except KeyboardInterrupt:
        say("interrupted")
        return ending.exit_code


def run(options: argparse.Namespace) -> int:
    """Measure what was asked for, print it, write it, and return the exit code."""
    data = options.data and options.data.absolute()
    out = options.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    with _open_home(options.model_home) as home, chdir(PROJECT):
        os.environ.update(home.environment)
        tables = provide_model(home, data, say)
        from benchmarks.serving.arena import prepare_arena

        say("Computing what offline says")
        arena = prepare_arena(home, tables, options.applicants)
        if options.features:
            from benchmarks.serving.feature_costs import run_feature_costs

            return run_feature_costs(arena, options, out, say)
        if options.batches:
            from benchmarks.serving.batches import run_batches

            return run_batches(arena, options, out, say)
        from benchmarks.serving.comparison import run_comparison

        return run_comparison(arena, options, out, say)


if __name__ == "__main__":
    sys.exit(main())
