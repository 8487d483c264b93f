"""`credit …`: the commands, and how they end.

Nothing heavy is imported before a command runs, so that `credit --help` answers at once.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import typer

from commands import access, dashboards, decisions, models, releases, tables
from console import complain
from credit.errors import CreditError
from credit.interrupt import Ending, postpone_ending

app = typer.Typer(
    help="Credit scoring: from eight tables to a decision over HTTP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="Make tables, check them, look at them.", no_args_is_help=True)
app.command()(releases.demo)
app.add_typer(data_app, name="data")
data_app.command("make")(tables.make_data)
data_app.command("check")(tables.check_data)
data_app.command("report")(tables.report_data)
log_app = typer.Typer(help="Read, export, erase and prune the decision log.", no_args_is_help=True)
app.add_typer(log_app, name="log")
for log_command in (
    decisions.tail,
    decisions.export,
    decisions.erase,
    decisions.prune,
    decisions.rotate_key,
):
    log_app.command()(log_command)
for command in (
    tables.features,
    models.select,
    models.ablate,
    models.compare,
    models.tune,
    models.train,
    releases.promote,
    releases.rollback,
    releases.history,
    releases.build,
    releases.parity,
    decisions.replay,
    dashboards.dashboard,
    access.token,
):
    app.command()(command)


def main() -> NoReturn:
    """Run the command line; a failure ends with its own exit code and one clear line."""
    ending = Ending()
    ending.listen()
    with postpone_ending():  # it tries folders out by writing, and an interrupt would leave a file
        tempfile.gettempdir()
    _prepare_environment()
    try:
        app(prog_name="credit")
    except BaseException as error:
        ending.stop_listening()
        if ending.signal is not None:
            complain("interrupted; nothing is left half-written.")
            sys.exit(ending.exit_code)
        if not _is_told_in_one_line(error):
            raise
        complain(str(error) or type(error).__name__)
        sys.exit(getattr(error, "exit_code", CreditError.exit_code))
    sys.exit(0)


def _is_told_in_one_line(error: BaseException) -> bool:
    """Return whether the error explains itself: ours, the system's, or a library's own kind."""
    libraries = ("bentoml", "duckdb", "_duckdb", "mlflow", "sqlalchemy")
    return isinstance(error, CreditError | OSError) or any(
        kind.__module__.partition(".")[0] in libraries for kind in type(error).__mro__
    )


def _prepare_environment() -> None:
    """Set what the libraries and the processes that they start read from the environment."""
    # Threads that spin while they wait slow a busy machine's fits down fivefold (ADR 0006).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # MLflow would draw its own progress bars among our lines.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    if home := os.environ.get("BENTOML_HOME"):
        # BentoML's processes run in folders of their own, where a relative path leads elsewhere.
        os.environ["BENTOML_HOME"] = str(Path(home).absolute())


if __name__ == "__main__":
    main()
