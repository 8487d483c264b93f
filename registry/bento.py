"""The Staging version in the BentoML store, and the Bento that is pinned to it.

BentoML copies into its store in place and cleans up after errors, but not after an interrupt, so
half an item could stay behind. Here whatever is not whole is removed: at once on an interrupt, and
by checksum on the next run.
"""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import bentoml
import mlflow
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml.exceptions import NotFound

from credit.bundle import MODEL_FILE, compute_fingerprint
from credit.errors import BuildFailed
from credit.interrupt import postpone_ending
from registry.staging import RegisteredModel

BENTO_NAME = "credit_scoring"
MODEL_FOLDER = "mlflow_model"
CHECKSUM = "model_sha256"
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


def import_model(model: RegisteredModel, tracking_uri: str) -> str:
    """Copy a registered version into the BentoML store, and return its tag there.

    The tag is `NAME:mlflow-v<version>`; threshold, costs, fingerprint and the checksum of the model
    file are its metadata. A whole copy with the same metadata that is there already is kept if it
    is the latest, which is what a plain `bentoml serve` takes; any other is replaced.

    Raises:
        FingerprintMismatch: If the version was fitted with other feature code than this.
        BuildFailed: If the registry's files cannot be had.
    """
    model.bundle.require_fingerprint(compute_fingerprint())
    tag = f"{model.name}:mlflow-v{model.version}"
    mlflow.set_tracking_uri(tracking_uri)
    registered = _hash_registered(model)
    metadata = {**model.bundle.to_metadata(), CHECKSUM: registered}
    if _is_whole(tag, metadata) and _find_latest(model.name) == tag:
        return tag
    _discard_model(tag)
    with _discarding_model_on_failure(tag):
        bentoml.mlflow.import_model(
            tag,
            f"models:/{model.name}/{model.version}",
            signatures={"predict": {"batchable": True, "batch_dim": 0}},
            labels={"stage": "Staging"},
            metadata=metadata,
        )
        if not _is_whole(tag, metadata):
            raise BuildFailed(f"The copy of {tag} differs from the registered file; try again.")
    return tag


def build_bento(model: RegisteredModel, model_tag: str, project: Path) -> BuiltBento:
    """Build the Bento of `project`/bentofile.yaml, pinned to the model, and return it.

    Raises:
        BuildFailed: If there is no bentofile.yaml, or `bentoml build` fails.
    """
    if not (project / "bentofile.yaml").is_file():
        raise BuildFailed(
            f"There is no bentofile.yaml in {project}. Run `credit build` from the project's root."
        )
    now = datetime.now(UTC).strftime("%Y%m%dt%H%M%S%f")
    tag = f"{BENTO_NAME}:v{model.version}-{now}"
    command = [sys.executable, "-m", "bentoml", "build", "."]
    command += ["--version", tag.partition(":")[2], "--output", "tag"]
    command += ["--arg", f"model_tag={model_tag}"]
    with _discarding_bento_on_failure(tag):
        exit_code, output = _run(command, project)
        if exit_code:
            raise BuildFailed(
                f"`bentoml build` ended with {exit_code}: {_quote_last_line(output)} (run it in "
                f"{project} to see all it says)"
            )
    return BuiltBento(tag, model_tag)


def _run(command: Sequence[str], folder: Path) -> tuple[int, str]:
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


def _hash_registered(model: RegisteredModel) -> str:
    uri = f"models:/{model.name}/{model.version}/{MODEL_FILE}"
    try:
        with tempfile.TemporaryDirectory(prefix="credit-model-") as folder:
            return _hash_file(Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder)))
    except (mlflow.MlflowException, OSError) as error:
        reason = _quote_last_line(str(error))
        raise BuildFailed(
            f"Version {model.version} of {model.name} is registered, but its file {MODEL_FILE} "
            f"cannot be read: {reason} Are MLflow's artifacts where they were?"
        ) from None


def _is_whole(tag: str, metadata: Mapping[str, str]) -> bool:
    """Return whether the BentoML store has the model, with this checksum, threshold and costs."""
    stored = _get_stored(tag)
    if stored is None or stored.info.metadata != metadata:
        return False
    file = Path(stored.path_of(f"{MODEL_FOLDER}/{MODEL_FILE}"))
    return file.is_file() and _hash_file(file) == metadata[CHECKSUM]


def _find_latest(name: str) -> str | None:
    """Return the tag that `name:latest` means in the BentoML store; None if it holds none."""
    stored = _get_stored(name)
    return None if stored is None else str(stored.tag)


def _get_stored(tag: str) -> bentoml.Model | None:
    """Return the model in the BentoML store; None if it is not there or cannot be read."""
    try:
        return bentoml.models.get(tag)
    except Exception:  # noqa: BLE001 -- half of a model.yaml makes BentoML raise almost anything
        return None


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _discarding_model_on_failure(tag: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _discard_model(tag)
        raise


@contextmanager
def _discarding_bento_on_failure(tag: str) -> Iterator[None]:
    before = _list_half_built()
    try:
        yield
    except BaseException:
        _discard_bento(tag)
        for folder in _list_half_built() - before:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _list_half_built() -> set[Path]:
    """Return the folders in which BentoML puts a Bento together; interrupted, it leaves its own."""
    temporary = Path(BentoMLContainer.tmp_bento_store_dir.get())
    return set(temporary.glob(f"bentoml_bento_{BENTO_NAME}*"))


def _discard_model(tag: str) -> None:
    with suppress(NotFound):
        bentoml.models.delete(tag)


def _discard_bento(tag: str) -> None:
    with suppress(NotFound):
        bentoml.bentos.delete(tag)
