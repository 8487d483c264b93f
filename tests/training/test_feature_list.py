from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from credit.bundle import compute_fingerprint
from credit.errors import FingerprintMismatch
from credit.features.catalog import FEATURE_NAMES
from training.auc_difference import AucDifference
from training.feature_choice import describe_figures
from training.feature_list import FeatureList, read_feature_list, write_feature_list
from training.selection import JudgedFeature, NullImportanceSettings
from training.selection_cost import SetFigures

FIGURES = (
    SetFigures("all", 272, 0.75, None),
    SetFigures("null importance", 50.4, 0.7491, AucDifference(-0.0009, -0.0021, 0.0003)),
)


def make_list(**changes: object) -> FeatureList:
    given: dict[str, Any] = {
        "method": "null importance",
        "settings": NullImportanceSettings(seed=3),
        "fingerprint": compute_fingerprint(),
        "clients": 100,
        "names": FEATURE_NAMES[::2],
        "judged": (JudgedFeature(FEATURE_NAMES[0], 0.1 + 0.2, 0.1, 1.1),),
        "figures": FIGURES,
    }
    return FeatureList(**(given | changes))


def test_a_list_reads_back_as_it_was_written(tmp_path: Path) -> None:
    written = make_list()

    write_feature_list(written, tmp_path / "new folder" / "list.json")

    assert read_feature_list(tmp_path / "new folder" / "list.json") == written


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fingerprint": "0123456789abcdef"}, "fingerprint 0123456789abcdef"),
        ({"names": ("AMT_CREDIT", "a_new_one")}, "the catalog has not"),
        ({"names": FEATURE_NAMES[:2] * 2}, "twice"),
        ({"names": FEATURE_NAMES[1::-1]}, "another order"),
    ],
)
def test_a_list_of_other_features_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    write_feature_list(make_list(**changes), tmp_path / "list.json")

    with pytest.raises(FingerprintMismatch, match=message):
        read_feature_list(tmp_path / "list.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Dear", "its JSON"),
        ("{}", "method"),
        (json.dumps(make_list().model_dump(mode="json") | {"names": []}), "names"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "list.json").write_text(text)

    with pytest.raises(FingerprintMismatch, match=f"{message} is wrong.*credit select"):
        read_feature_list(tmp_path / "list.json")


def test_the_sets_are_shown_side_by_side() -> None:
    _, everything, kept = describe_figures(FIGURES).splitlines()

    assert everything.split() == ["all", "272", "0.7500"]
    assert kept.split(maxsplit=4)[2:] == ["50", "0.7491", "-0.0009 (-0.0021 to +0.0003)"]
