from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bentoml
import pytest
from bentoml.exceptions import NotFound

from credit.bundle import BUNDLE_FILE, MODEL_FILE, STORED_MODEL_FILE, Bundle
from credit.errors import BuildFailed, FingerprintMismatch
from registry.bento import build_bento
from registry.bento_store import NOTES, Kind, discard_unfinished, writing
from registry.model_import import import_model
from registry.stages import RegisteredModel, load_version
from tests.registry.bundle_beside import write_bundle

if TYPE_CHECKING:
    from tests.conftest import Trained
    from tests.registry.conftest import Registry

ROOT = Path(__file__).parents[2]


STORE = Path(os.environ["BENTOML_HOME"])


@pytest.fixture(autouse=True)
def empty_store() -> None:
    """BentoML's store, of the tests alone, holds nothing to begin with."""
    assert STORE.name.startswith("credit-tests-")  # never somebody's own
    for path in [*STORE.glob("models/*"), *STORE.glob("bentos/*"), STORE / NOTES]:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def model(registry: Registry) -> RegisteredModel:
    """The version that is to be built."""
    return load_version(registry.client, registry.name, "1")


def find_file(tag: str) -> Path:
    return Path(bentoml.models.get(tag).path_of(STORED_MODEL_FILE))


def list_leftovers() -> list[str]:
    """Return every file in BentoML's store of models, `latest` pointers aside."""
    found = STORE.glob("models/**/*")
    return [str(path) for path in found if path.is_file() and path.name != "latest"]


def test_the_imported_model_has_threshold_costs_and_fingerprint_in_its_metadata(
    model: RegisteredModel, registry: Registry, trained: Trained
) -> None:
    tag = import_model(model, registry.tracking_uri)

    stored = bentoml.models.get(tag)
    assert tag == f"{registry.name}:mlflow-v1"
    assert Bundle.from_metadata(stored.info.metadata) == model.bundle
    assert stored.info.metadata["threshold"] == repr(trained.result.evaluation.choice.threshold)
    assert stored.info.metadata["false_negative_cost"] == "8.0"


def test_the_imported_file_is_the_registered_one(
    model: RegisteredModel, registry: Registry, trained: Trained
) -> None:
    tag = import_model(model, registry.tracking_uri)

    assert find_file(tag).read_bytes() == trained.model_file.read_bytes()


def test_importing_twice_keeps_the_copy_that_is_there(
    model: RegisteredModel, registry: Registry
) -> None:
    tag = import_model(model, registry.tracking_uri)
    created = bentoml.models.get(tag).info.creation_time

    assert import_model(model, registry.tracking_uri) == tag
    assert bentoml.models.get(tag).info.creation_time == created


def test_the_version_imported_last_is_the_latest_even_if_it_was_there_before(
    model: RegisteredModel, registry: Registry
) -> None:
    other = load_version(registry.client, registry.name, registry.add_version())
    for imported in (model, other, model):
        tag = import_model(imported, registry.tracking_uri)
        assert str(bentoml.models.get(registry.name).tag) == tag

    assert len(bentoml.models.list(registry.name)) == 2


def test_a_copy_with_another_threshold_is_replaced(
    registry: Registry, trained: Trained, tmp_path: Path
) -> None:
    folder = shutil.copytree(trained.model_folder, tmp_path / "model")
    version = registry.add_version(source=folder.as_uri())
    import_model(load_version(registry.client, registry.name, version), registry.tracking_uri)
    registry.client.set_model_version_tag(registry.name, version, "threshold", "0.5")
    write_bundle(folder, {"threshold": "0.5"})
    dearer = load_version(registry.client, registry.name, version)

    tag = import_model(dearer, registry.tracking_uri)

    assert bentoml.models.get(tag).info.metadata["threshold"] == "0.5"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [truncate, Path.unlink], ids=["truncated", "deleted"])
@pytest.mark.parametrize("file", [STORED_MODEL_FILE, "model.yaml"])
def test_half_a_copy_is_replaced(
    model: RegisteredModel,
    registry: Registry,
    trained: Trained,
    damage: Callable[[Path], None],
    file: str,
) -> None:
    tag = import_model(model, registry.tracking_uri)
    damage(Path(bentoml.models.get(tag).path_of(file)))

    assert import_model(model, registry.tracking_uri) == tag

    assert find_file(tag).read_bytes() == trained.model_file.read_bytes()
    assert Bundle.from_metadata(bentoml.models.get(tag).info.metadata) == model.bundle


def test_an_interrupted_import_leaves_nothing(
    model: RegisteredModel, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = bentoml.mlflow.import_model

    def interrupt(*args: object, **options: object) -> None:
        copy(*args, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bentoml.mlflow, "import_model", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_model(model, registry.tracking_uri)

    assert list_leftovers() == []
    assert find_file(import_model(model, registry.tracking_uri)).is_file()


def test_a_model_of_other_code_is_not_imported(model: RegisteredModel, registry: Registry) -> None:
    foreign = replace(model, bundle=model.bundle.model_copy(update={"fingerprint": "0" * 16}))

    with pytest.raises(FingerprintMismatch, match=r"version 1 .* 0000000000000000"):
        import_model(foreign, registry.tracking_uri)

    assert list_leftovers() == []


def test_a_version_whose_files_are_gone_is_not_imported(registry: Registry, tmp_path: Path) -> None:
    gone = registry.add_version(source=(tmp_path / "gone").as_uri())
    model = load_version(registry.client, registry.name, gone)

    with pytest.raises(BuildFailed, match=f"Version {gone} .* {MODEL_FILE} cannot be read"):
        import_model(model, registry.tracking_uri)

    assert list_leftovers() == []


def test_the_bento_is_pinned_to_the_model_it_was_built_for(
    model: RegisteredModel, registry: Registry
) -> None:
    model_tag = import_model(model, registry.tracking_uri)

    built = build_bento(model, model_tag, ROOT)
    import_model(
        load_version(registry.client, registry.name, registry.add_version()), registry.tracking_uri
    )

    bento = bentoml.bentos.get(built.tag)
    assert built.model_tag == model_tag
    assert [str(pinned.tag) for pinned in bento.info.all_models] == [model_tag]
    assert bento.info.args["model_tag"] == model_tag


def test_a_folder_without_bentofile_cannot_be_built(model: RegisteredModel, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match=r"no bentofile.yaml in .*project's root"):
        build_bento(model, "some_model:v1", tmp_path)


def test_a_build_that_fails_says_why_and_leaves_no_bento(
    model: RegisteredModel, tmp_path: Path
) -> None:
    (tmp_path / "bentofile.yaml").write_text("service: 'nowhere:Nothing'\n")

    with pytest.raises(BuildFailed, match="`bentoml build` ended with 1: "):
        build_bento(model, "some_model:v1", tmp_path)

    with pytest.raises(NotFound):
        bentoml.bentos.get("credit_scoring")


def test_a_file_changed_after_it_was_registered_is_not_imported(
    registry: Registry, trained: Trained, tmp_path: Path
) -> None:
    changed = shutil.copytree(trained.model_folder, tmp_path / "model")
    (changed / MODEL_FILE).write_bytes(b"another model")
    version = registry.add_version(source=changed.as_uri())
    model = load_version(registry.client, registry.name, version)

    with pytest.raises(BuildFailed, match=rf"Version {version} .* another one by now: expected"):
        import_model(model, registry.tracking_uri)

    assert list_leftovers() == []


def test_a_threshold_changed_after_training_is_not_imported(registry: Registry) -> None:
    version = registry.add_version({"threshold": "0.9"})
    model = load_version(registry.client, registry.name, version)

    with pytest.raises(BuildFailed, match=rf"{BUNDLE_FILE} differs from its tags in threshold:"):
        import_model(model, registry.tracking_uri)

    assert list_leftovers() == []


@pytest.mark.parametrize("damage", [truncate, Path.unlink], ids=["truncated", "deleted"])
def test_a_version_without_a_readable_bundle_is_not_imported(
    registry: Registry, trained: Trained, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    folder = shutil.copytree(trained.model_folder, tmp_path / "model")
    damage(folder / BUNDLE_FILE)
    version = registry.add_version(source=folder.as_uri())
    model = load_version(registry.client, registry.name, version)

    with pytest.raises(BuildFailed, match=rf"{BUNDLE_FILE} cannot be read"):
        import_model(model, registry.tracking_uri)

    assert list_leftovers() == []


def test_the_bento_says_whose_it_is(model: RegisteredModel, registry: Registry) -> None:
    built = build_bento(model, import_model(model, registry.tracking_uri), ROOT)

    bento = bentoml.bentos.get(built.tag)
    labels = bento.info.labels
    assert (labels["model_name"], labels["model_version"]) == (registry.name, "1")
    assert labels["fingerprint"] == model.bundle.fingerprint
    assert labels["model_sha256"] == model.bundle.model_sha256
    assert len(labels["git_commit"].partition("+")[0]) in {40, len("not a git checkout")}
    assert bento.info.args["bundle_digest"] == model.bundle.compute_digest()


def test_what_a_killed_command_left_is_discarded_by_the_next() -> None:
    half = STORE / Kind.BENTO / "credit_scoring" / "v1-half"
    script = (
        "import os; from pathlib import Path; from registry.bento_store import Kind, writing\n"
        "with writing(Kind.BENTO, 'credit_scoring:v1-half'):\n"
        f"    Path({str(half)!r}).mkdir(parents=True)\n"
        f"    Path({str(half.parent / 'latest')!r}).write_text('')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT)
    assert half.exists()

    assert discard_unfinished() == ["credit_scoring:v1-half"]

    assert not half.parent.exists()
    assert list((STORE / NOTES).iterdir()) == []


def test_what_is_still_being_written_is_left_alone() -> None:
    with writing(Kind.MODEL, "some_model:mlflow-v1"):
        assert discard_unfinished() == []
