from __future__ import annotations

import json

import numpy as np
import pytest

from credit.contract import TABLES
from demo.figures import (
    FIGURES_FILE,
    LEVELS,
    Marginal,
    Profile,
    code_of,
    factorise,
    list_texts,
    load_figures,
    read_figures,
    to_normal,
)


def _draw(count: int = 200_000) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(0).standard_normal(count, dtype=np.float32)


def test_the_file_stays_small_and_tells_its_source() -> None:
    assert FIGURES_FILE.stat().st_size < 120_000
    assert "Home Credit Default Risk" in read_figures()["source"]


def test_no_part_of_a_table_is_told_value_by_value() -> None:
    """A number is told by at most 30 values or by quantiles, never by its rows."""
    for name, view in read_figures()["strata"].items():
        for part in view["parts"].values():
            for quantity, figures in part["quantities"].items():
                told = figures.get("quantiles", figures.get("values"))
                assert len(told) <= 30, (name, quantity)


def test_a_marginal_of_quantiles_gives_its_quantiles_back() -> None:
    quantiles = sorted(np.random.default_rng(1).gamma(2.0, 100.0, len(LEVELS)))
    marginal = Marginal.from_json({"quantiles": quantiles})

    drawn = marginal.invert(_draw())

    for level in (0.05, 0.25, 0.5, 0.75, 0.95):
        expected = quantiles[LEVELS.index(level)]
        assert np.quantile(drawn, level) == pytest.approx(expected, rel=0.05)


def test_a_marginal_of_steps_gives_its_shares_back() -> None:
    marginal = Marginal.from_json({"values": [1, 3, 12], "shares": [0.2, 0.5, 0.3]})

    drawn = marginal.invert(_draw())

    assert [np.mean(drawn == value) for value in (1, 3, 12)] == pytest.approx(
        [0.2, 0.5, 0.3], abs=0.01
    )


def test_a_higher_latent_never_gives_a_lower_value() -> None:
    for view in load_figures().strata.values():
        for part in view:
            for name, marginal in part.marginals.items():
                drawn = marginal.invert(np.linspace(-5, 5, 201, dtype=np.float32))
                assert np.all(np.diff(drawn) >= 0), (part.label, name)


def test_a_step_scores_the_middle_of_its_share() -> None:
    marginal = Marginal.from_json({"values": [0, 1], "shares": [0.5, 0.5]})

    scores = marginal.score(np.array([-1.0, 1.0], dtype=np.float32))

    assert scores == pytest.approx(to_normal([0.25, 0.75]))


def test_a_profile_keeps_combinations_together() -> None:
    profile = Profile.from_json(
        "bureau",
        {
            "columns": ["CREDIT_ACTIVE", "CREDIT_TYPE"],
            "rows": [["Closed", "Mortgage"], ["Active", "Microloan"]],
            "shares": [0.25, 0.75],
        },
    )

    drawn = profile.invert(_draw())

    expected = {
        (code_of("bureau", "CREDIT_ACTIVE", state), code_of("bureau", "CREDIT_TYPE", kind))
        for state, kind in (("Closed", "Mortgage"), ("Active", "Microloan"))
    }
    assert {tuple(row) for row in np.unique(drawn, axis=0).tolist()} == expected
    closed = drawn[:, 0] == code_of("bureau", "CREDIT_ACTIVE", "Closed")
    assert np.mean(closed) == pytest.approx(0.25, abs=0.01)


def test_a_text_that_the_contract_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        Profile.from_json(
            "bureau", {"columns": ["CREDIT_ACTIVE"], "rows": [["Lost"]], "shares": [1]}
        )


def test_a_sentinel_has_the_code_after_all_categories() -> None:
    column = TABLES["previous_application"].by_name["NAME_YIELD_GROUP"]

    assert list_texts("previous_application", "NAME_YIELD_GROUP") == (*column.categories, "XNA")


def test_impossible_correlations_are_repaired() -> None:
    impossible = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])

    lower = factorise(impossible)

    repaired = lower @ lower.T
    assert np.diag(repaired) == pytest.approx(np.ones(3))
    assert np.linalg.eigvalsh(repaired).min() > 0


def test_the_figures_are_plain_json() -> None:
    assert json.loads(FIGURES_FILE.read_text(encoding="utf-8")) == read_figures()
