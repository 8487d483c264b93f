from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import credit
from credit.bundle import (
    PAGE_WRITER,
    Bundle,
    compute_fingerprint,
    hash_file,
    hash_sources,
)
from credit.cost import CostMatrix
from credit.errors import FingerprintMismatch

KERNEL = Path(credit.__file__).parent
BUNDLE = Bundle(
    model_version="7",
    threshold=0.1,
    false_negative_cost=10.0,
    false_positive_cost=1.0,
    fingerprint="0123456789abcdef",
    trained_at="2026-01-01T00:00:00+00:00",
    oof_auc=0.75,
    training_tables=("application_train", "bureau"),
    model_sha256="5e" * 32,
    feature_count=5,
    git_commit="c0ffee",
)

prices = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
bundles = st.builds(
    Bundle,
    model_version=st.text(),
    threshold=st.floats(0, 1, exclude_min=True, exclude_max=True),
    false_negative_cost=prices,
    false_positive_cost=prices,
    fingerprint=st.text(),
    trained_at=st.text(),
    oof_auc=st.floats(0, 1),
    training_tables=st.lists(st.text()).map(tuple),
    model_sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
    feature_count=st.integers(1, 9_999),
    git_commit=st.text(),
)
zones = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@pytest.fixture
def kernel_copy(tmp_path: Path) -> Path:
    """A copy of the package `credit` that a test may change."""
    copy = tmp_path / "credit"
    shutil.copytree(KERNEL, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@given(bundles)
def test_metadata_read_back_are_the_bundle_to_the_last_bit(bundle: Bundle) -> None:
    assert Bundle.from_metadata(bundle.to_metadata()) == bundle


@given(bundles, zones)
def test_a_refer_zone_travels_to_the_last_bit(bundle: Bundle, zone: list[float]) -> None:
    zoned = bundle.model_copy(update={"refer_from": zone[0], "refer_to": zone[1]})
    assert Bundle.from_metadata(zoned.to_metadata()) == zoned


@pytest.mark.parametrize("zone", [{"refer_from": "0.3"}, {"refer_from": "0.3", "refer_to": "0.2"}])
def test_half_a_refer_zone_is_refused(zone: dict[str, str]) -> None:
    with pytest.raises(FingerprintMismatch, match="refer_from"):
        Bundle.from_metadata({**BUNDLE.to_metadata(), **zone})


@given(bundles)
def test_metadata_are_texts_so_that_any_registry_can_hold_them(bundle: Bundle) -> None:
    assert {type(value) for value in bundle.to_metadata().values()} == {str}


def test_metadata_of_others_are_ignored() -> None:
    metadata = BUNDLE.to_metadata() | {"stage": "Staging", "mlflow.user": "x"}

    assert Bundle.from_metadata(metadata) == BUNDLE


@pytest.mark.parametrize("field", list(BUNDLE.to_metadata()))
def test_a_missing_field_is_named(field: str) -> None:
    metadata = BUNDLE.to_metadata()
    del metadata[field]

    with pytest.raises(FingerprintMismatch, match=rf"lack or garble: {field}\. .*credit build"):
        Bundle.from_metadata(metadata)


@pytest.mark.parametrize(
    ("field", "garbled"),
    [
        ("threshold", ""),
        ("threshold", "a tenth"),
        ("threshold", "0"),
        ("threshold", "1"),
        ("threshold", "nan"),
        ("false_negative_cost", "-1"),
        ("false_negative_cost", "Infinity"),
        ("false_positive_cost", "nan"),
        ("oof_auc", "good"),
        ("model_sha256", "5E" * 32),
        ("feature_count", "0"),
        ("training_tables", "application_train"),
        ("training_tables", '["application_train'),
        ("training_tables", "[1, 2]"),
        ("training_tables", ""),
        ("fingerprint", None),
    ],
)
def test_a_garbled_field_is_named(field: str, garbled: str | None) -> None:
    with pytest.raises(FingerprintMismatch, match=f"lack or garble: {field}"):
        Bundle.from_metadata(BUNDLE.to_metadata() | {field: garbled})


def test_all_faulty_fields_are_named_at_once() -> None:
    with pytest.raises(FingerprintMismatch, match=r"threshold, .*fingerprint, .*training_tables"):
        Bundle.from_metadata({})


@given(prices, prices)
def test_the_prices_of_a_bundle_make_a_cost_matrix(missed: float, refused: float) -> None:
    bundle = BUNDLE.model_copy(
        update={"false_negative_cost": missed, "false_positive_cost": refused}
    )

    assert bundle.costs == CostMatrix(missed, refused)


def test_a_model_of_this_code_is_accepted() -> None:
    BUNDLE.require_fingerprint(BUNDLE.fingerprint)


def test_a_model_of_other_code_is_refused_with_both_fingerprints() -> None:
    with pytest.raises(
        FingerprintMismatch, match=r"version 7 .* 0123456789abcdef, .* has fedcba9876543210"
    ):
        BUNDLE.require_fingerprint("fedcba9876543210")


def test_the_fingerprint_is_sixteen_hex_digits_of_the_sources() -> None:
    assert re.fullmatch("[0-9a-f]{16}", compute_fingerprint())
    assert compute_fingerprint() == hash_sources(KERNEL)


def test_an_unchanged_copy_of_the_sources_has_the_same_fingerprint(kernel_copy: Path) -> None:
    assert hash_sources(kernel_copy) == compute_fingerprint()


@pytest.mark.parametrize(
    "source",
    [
        str(path.relative_to(KERNEL))
        for package in ("contract", "features")
        for path in sorted((KERNEL / package).glob("*.py"))
        if path.name != PAGE_WRITER
    ],
)
def test_the_fingerprint_changes_with_every_source(kernel_copy: Path, source: str) -> None:
    with (kernel_copy / source).open("a") as file:
        file.write("# changed\n")

    assert hash_sources(kernel_copy) != compute_fingerprint()


@pytest.mark.parametrize("package", ["contract", "features"])
def test_the_fingerprint_changes_when_a_source_comes_goes_or_is_renamed(
    kernel_copy: Path, package: str
) -> None:
    source = min((kernel_copy / package).glob("[a-z]*.py"))
    found = {compute_fingerprint()}
    shutil.copy(source, source.with_name("added.py"))
    found.add(hash_sources(kernel_copy))
    source.unlink()
    found.add(hash_sources(kernel_copy))
    source.with_name("added.py").unlink()
    found.add(hash_sources(kernel_copy))

    assert len(found) == 4


def test_the_fingerprint_does_not_depend_on_line_endings_or_compiled_files(
    kernel_copy: Path,
) -> None:
    for source in kernel_copy.rglob("*.py"):
        source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    (kernel_copy / "features" / "catalog.cpython-311.pyc").write_bytes(b"compiled")

    assert hash_sources(kernel_copy) == compute_fingerprint()


def test_the_fingerprint_does_not_depend_on_what_makes_no_features(kernel_copy: Path) -> None:
    (kernel_copy / "cost.py").write_text("changed")

    assert hash_sources(kernel_copy) == compute_fingerprint()


def test_another_model_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.ubj"
    file.write_bytes(b"booster")
    bundle = BUNDLE.model_copy(update={"model_sha256": hash_file(file)})

    bundle.require_model_file(file)
    file.write_bytes(b"boosted")

    with pytest.raises(FingerprintMismatch, match=r"not the model of version 7.*credit build"):
        bundle.require_model_file(file)
    file.unlink()
    with pytest.raises(FingerprintMismatch, match="found no file"):
        bundle.require_model_file(file)


@pytest.mark.parametrize(
    "change", [{"threshold": 0.2}, {"model_sha256": "e5" * 32}, {"false_positive_cost": 2.0}]
)
def test_the_digest_tells_versions_of_the_same_number_apart(change: dict[str, object]) -> None:
    digest = BUNDLE.compute_digest()

    BUNDLE.require_digest(digest)
    with pytest.raises(FingerprintMismatch, match="another version 7"):
        BUNDLE.model_copy(update=change).require_digest(digest)
