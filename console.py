"""What the commands print: lines, one clear line of failure, and how far a work is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from training.telling import Track


def say(line: str) -> None:
    """Print a line."""
    typer.echo(line)


def say_nothing(_line: str) -> None:
    """Print nothing, where a script reads the output."""


def warn(line: str) -> None:
    """Print a line beside the output if it is a note; where a script reads the output."""
    if line.startswith("Note: "):
        typer.echo(line, err=True)


def complain(message: str) -> None:
    """Print a failure as one line, beside the output."""
    line = " ".join(message.splitlines())
    typer.secho(f"credit: {line}", fg="red", err=True)


@contextmanager
def show_progress() -> Iterator[Track]:
    """Give a function that shows how far a work is, where there is a terminal to show it on."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    console = Console()
    tasks: dict[str, TaskID] = {}
    with Progress(transient=True, console=console, disable=not console.is_terminal) as progress:

        def track(work: str, done: int, total: int) -> None:
            if work not in tasks:
                tasks[work] = progress.add_task(work, total=total)
            progress.update(tasks[work], completed=done, visible=done < total)

        yield track
