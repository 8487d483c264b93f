from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost as xgb
from mlflow.models import Model, ModelSignature

from credit.bundle import BUNDLE_FILE, MODEL_FILE, compute_fingerprint
from registry.gate.bundle_checks import look_at_fingerprint, look_at_integrity, look_at_signature
from registry.gate.evidence import EvidenceMissing
from registry.gate.report import Verdict
from tests.registry.bundle_beside import write_bundle

if TYPE_CHECKING:
    from tests.registry.gate.conftest import GateLab


def change_signature(folder: Path, *, without: str | None = None) -> None:
    """Take the signature, or a half of it, out of what MLflow says of the model."""
    described = Model.load(str(folder))
    signature = described.signature
    halves = {"inputs": signature.inputs, "outputs": signature.outputs}
    described.signature = ModelSignature(**halves | {without: None}) if without else None
    described.save(str(folder / "MLmodel"))


def test_the_signature_of_training_is_whole(lab: GateLab) -> None:
    finding = look_at_signature(lab.case("1"))

    columns = lab.original.booster.num_features()
    assert finding.verdict is Verdict.PASSED
    assert finding.figures["inputs"] == columns
    assert finding.figures["outputs"] >= 1


@pytest.mark.parametrize("without", [None, "outputs", "inputs"])
def test_a_model_without_signature_fails(lab: GateLab, without: str | None) -> None:
    case = lab.case(lab.add_version())
    change_signature(case.challenger.model_folder, without=without)

    finding = look_at_signature(case)

    assert finding.verdict is Verdict.FAILED
    assert finding.figure == ("no signature" if without is None else "half a signature")


def test_a_signature_of_other_columns_fails(lab: GateLab) -> None:
    names = list(lab.original.booster.feature_names or ())[:-1]
    rows = np.zeros((4, len(names)), np.float32)
    target = np.array([0, 1, 0, 1])
    other = xgb.train({}, xgb.DMatrix(rows, target, feature_names=names), num_boost_round=1)

    finding = look_at_signature(lab.case(lab.add_version(booster=other)))

    assert finding.verdict is Verdict.FAILED
    assert "not the model's columns" in finding.detail


def test_the_fingerprint_of_this_code_passes(lab: GateLab) -> None:
    finding = look_at_fingerprint(lab.case("1"))

    assert finding.verdict is Verdict.PASSED
    assert compute_fingerprint() in finding.figure


def test_another_fingerprint_fails(lab: GateLab) -> None:
    finding = look_at_fingerprint(lab.case(lab.add_version(tags={"fingerprint": "0" * 16})))

    assert finding.verdict is Verdict.FAILED
    assert "other feature code" in finding.detail


def test_a_bundle_with_a_gap_cannot_be_judged(lab: GateLab) -> None:
    case = lab.case(lab.add_version(tags={"threshold": None}))

    with pytest.raises(EvidenceMissing, match="lack or garble: threshold"):
        look_at_fingerprint(case)


def test_features_in_another_order_cannot_be_judged(lab: GateLab) -> None:
    names = list(lab.original.booster.feature_names or ())
    rows = np.zeros((4, len(names)), np.float32)
    turned = xgb.train(
        {}, xgb.DMatrix(rows, np.array([0, 1, 0, 1]), feature_names=names[::-1]), num_boost_round=1
    )
    case = lab.case(lab.add_version(booster=turned))

    with pytest.raises(EvidenceMissing, match="not of this code's"):
        look_at_fingerprint(case)


def test_the_registered_file_has_its_checksum(lab: GateLab) -> None:
    assert look_at_integrity(lab.case("1")).verdict is Verdict.PASSED


def test_a_file_that_somebody_changed_fails_and_is_not_loaded(lab: GateLab) -> None:
    case = lab.case(lab.add_version())
    file = case.challenger.model_folder / MODEL_FILE
    file.write_bytes(file.read_bytes() + b"\0")

    finding = look_at_integrity(case)

    assert finding.verdict is Verdict.FAILED
    assert "was changed after" in finding.detail
    with pytest.raises(EvidenceMissing, match="not the registered file, so it is not loaded"):
        _ = case.challenger.booster


def test_a_tag_changed_after_training_fails_and_is_named(lab: GateLab) -> None:
    version = lab.add_version()
    lab.registry.client.set_model_version_tag(lab.registry.name, version, "threshold", "0.9")

    finding = look_at_integrity(lab.case(version))

    assert finding.verdict is Verdict.FAILED
    assert "differ in threshold:" in finding.detail
    assert finding.figures["differing_fields"] == 1


def test_a_bundle_changed_beside_the_model_fails_and_its_fields_are_named(lab: GateLab) -> None:
    case = lab.case(lab.add_version())
    write_bundle(case.challenger.model_folder, {"threshold": "0.9", "refer_from": "0.5"})

    finding = look_at_integrity(case)

    assert finding.verdict is Verdict.FAILED
    assert "differ in refer_from, threshold:" in finding.detail


@pytest.mark.parametrize("garbled", [None, b"{", b"[]"])
def test_a_bundle_that_cannot_be_read_cannot_be_judged(lab: GateLab, garbled: bytes | None) -> None:
    case = lab.case(lab.add_version())
    file = case.challenger.model_folder / BUNDLE_FILE
    file.unlink() if garbled is None else file.write_bytes(garbled)

    with pytest.raises(EvidenceMissing, match=rf"{BUNDLE_FILE} of version .* cannot be read"):
        look_at_integrity(case)


def test_what_is_no_model_cannot_be_judged(lab: GateLab) -> None:
    case = lab.case(lab.add_version(tags={"model_sha256": "0" * 64}))
    file = case.challenger.model_folder / MODEL_FILE
    file.write_bytes(b"no model")
    digest = case.challenger.model_sha256
    again = lab.case(lab.add_version(tags={"model_sha256": digest}))
    (again.challenger.model_folder / MODEL_FILE).write_bytes(b"no model")

    with pytest.raises(EvidenceMissing, match="is no XGBoost model"):
        look_at_fingerprint(again)
