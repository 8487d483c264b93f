"""The Bento: service and feature code, pinned to one model of the BentoML store."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bentoml._internal.configuration.containers import BentoMLContainer

from credit.errors import BuildFailed
from credit.interrupt import postpone_ending
from credit.source_commit import find_commit
from registry.bento_store import Kind, discard_unfinished, is_being_written, writing
from registry.stages import RegisteredModel

BENTO_NAME = "credit_scoring"
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class BuiltBento:
    """A Bento in the store.

    Attributes:
        tag: Name and version of the Bento.
        model_tag: The model it is pinned to.
    """

    tag: str
    model_tag: str


def build_bento(model: RegisteredModel, model_tag: str, project: Path) -> BuiltBento:
    """Build the Bento of `project`/bentofile.yaml, pinned to the model, and return it.

    It serves this model file with this threshold, or does not start. Its labels say whose it is.

    Raises:
        BuildFailed: If there is no bentofile.yaml, or `bentoml build` fails.
    """
    if not (project / "bentofile.yaml").is_file():
        raise BuildFailed(
            f"There is no bentofile.yaml in {project}. Run `credit build` from the project's root."
        )
    discard_unfinished()
    now = datetime.now(UTC).strftime("%Y%m%dt%H%M%S%f")
    tag = f"{BENTO_NAME}:v{model.version}-{now}"
    command = [sys.executable, "-m", "bentoml", "build", "."]
    command += ["--version", tag.partition(":")[2], "--output", "tag"]
    command += ["--arg", f"model_tag={model_tag}"]
    command += ["--arg", f"bundle_digest={model.bundle.compute_digest()}"]
    for name, text in _list_labels(model, project).items():
        command += ["--label", f"{name}={text}"]
    with writing(Kind.BENTO, tag) as lock, _cleaning_up(tag):
        exit_code, output = _run(command, project, lock)
        if exit_code:
            raise BuildFailed(
                f"`bentoml build` ended with {exit_code}: {_quote_last_line(output)} (run it in "
                f"{project} to see all it says)"
            )
    return BuiltBento(tag, model_tag)


def _list_labels(model: RegisteredModel, project: Path) -> dict[str, str]:
    """Return what `bentoml get` and the image's labels say of the Bento."""
    return {
        "model_name": model.name,
        "model_version": model.version,
        "model_sha256": model.bundle.model_sha256,
        "model_git_commit": model.bundle.git_commit,
        "fingerprint": model.bundle.fingerprint,
        "git_commit": find_commit(project / "bentofile.yaml"),
    }


def _run(command: Sequence[str], folder: Path, lock: int) -> tuple[int, str]:
    """Return exit code and output of a command; interrupted, it gets time to clean up."""
    process = None
    try:
        with postpone_ending():  # a process that nobody knows of would go on
            process = subprocess.Popen(  # noqa: S603 -- our own interpreter and arguments
                command,
                cwd=folder,  # BentoML reads no file outside of the folder it runs in
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # Ctrl-C is ours to pass on, once
                pass_fds=[lock],  # it may outlive us, and then still be writing
            )
        output, _ = process.communicate()
    except BaseException:
        if process:
            _stop(process)
        raise
    return process.returncode, output


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _quote_last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing more is known."])[-1].strip()


@contextmanager
def _cleaning_up(tag: str) -> Iterator[None]:
    """Remove the folders in which BentoML put Bentos together and did not get to the end.

    Those of a killed build before, and of this one if it fails; none while another is at work.
    """
    if not is_being_written(Kind.BENTO, besides=tag):
        _discard_half_built()
    try:
        yield
    except BaseException:
        if not is_being_written(Kind.BENTO, besides=tag):
            _discard_half_built()
        raise


def _discard_half_built() -> None:
    temporary = Path(BentoMLContainer.tmp_bento_store_dir.get())
    for folder in temporary.glob(f"bentoml_bento_{BENTO_NAME}*"):
        shutil.rmtree(folder, ignore_errors=True)
