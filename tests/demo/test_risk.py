"""Who defaults in the demo tables, and what it depends on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from demo import DemoTables
from demo.chunk import draw_risks
from demo.clients import Clients
from demo.figures import Floats, load_figures
from demo.risk import HISTORY_WEIGHTS, draw_defaults

# AUC of each external score alone on the 60,301 real applications, where it is known.
REAL_AUC = {"EXT_SOURCE_1": 0.665, "EXT_SOURCE_2": 0.651, "EXT_SOURCE_3": 0.691}


@pytest.fixture(scope="module")
def chunks() -> list[tuple[Clients, Floats]]:
    """Clients and their probability of default, chunk by chunk."""
    figures = load_figures()
    return [
        (clients, 1 / (1 + np.exp(-(logit + figures.intercept))))
        for clients, logit in draw_risks(figures, seed=3, clients=40_000)
    ]


def _compute_expected_auc(scores: Floats, pd: Floats) -> float:
    """Return the AUC of the scores, averaged over all outcomes that the probabilities allow."""
    ranked = pd[np.argsort(scores)]
    repaid_below = np.cumsum(1 - ranked) - (1 - ranked) / 2
    return float((ranked * repaid_below).sum() / (ranked.sum() * (1 - ranked).sum()))


def _concatenate(chunks: list[tuple[Clients, Floats]], name: str) -> Floats:
    return np.concatenate([clients.values[name] for clients, _ in chunks])


@pytest.fixture(scope="module")
def pd(chunks: list[tuple[Clients, Floats]]) -> Floats:
    return np.concatenate([pd for _, pd in chunks])


def test_as_many_default_as_in_the_real_table(demo_tables: DemoTables, pd: Floats) -> None:
    assert np.mean(pd) == pytest.approx(0.0807, abs=0.002)
    assert demo_tables.default_rate == pytest.approx(0.0807, abs=0.005)


@pytest.mark.parametrize("name", list(REAL_AUC))
def test_external_scores_tell_as_much_as_the_real_ones(
    chunks: list[tuple[Clients, Floats]], pd: Floats, name: str
) -> None:
    scores = _concatenate(chunks, name)
    known = ~np.isnan(scores)

    auc = _compute_expected_auc(-scores[known], pd[known])

    assert auc == pytest.approx(REAL_AUC[name], abs=0.03)


@pytest.mark.parametrize(
    ("name", "riskier"),
    [
        ("DAYS_BIRTH", "high"),  # the young
        ("DAYS_EMPLOYED", "high"),  # who has just begun to work
        ("male", "high"),
        ("education", "low"),
        ("REGION_RATING_CLIENT_W_CITY", "high"),
        ("DAYS_ID_PUBLISH", "high"),
        ("revolving", "low"),
        ("owns_car", "low"),
    ],
)
def test_well_known_effects_have_their_direction(
    chunks: list[tuple[Clients, Floats]], pd: Floats, name: str, riskier: str
) -> None:
    values = _concatenate(chunks, name)
    known = ~np.isnan(values)
    middle = np.median(values[known])
    edge = middle if np.any(values[known] > middle) else middle - 1e-9

    above, below = pd[values > edge].mean(), pd[values <= edge].mean()

    assert above > 1.05 * below if riskier == "high" else below > 1.05 * above


@pytest.mark.parametrize("factor", list(HISTORY_WEIGHTS))
def test_the_risk_in_every_history_matters(
    chunks: list[tuple[Clients, Floats]], pd: Floats, factor: str
) -> None:
    risk = np.concatenate([clients.factors[factor] for clients, _ in chunks])

    assert pd[risk > 1].mean() > 1.25 * pd[risk < -1].mean()


@given(
    st.lists(st.floats(min_value=-6, max_value=3), min_size=1, max_size=200),
    st.integers(min_value=0, max_value=2**32),
)
def test_the_number_of_defaults_is_next_to_what_is_expected(logits: list[float], seed: int) -> None:
    logit: NDArray[np.float64] = np.array(logits)

    defaulted = draw_defaults(logit, 0.0, np.random.default_rng(seed))

    expected = np.sum(1 / (1 + np.exp(-logit)))
    assert abs(np.count_nonzero(defaulted) - expected) < 1 + 1e-9


def test_each_client_defaults_with_its_own_probability() -> None:
    logit = np.array([-3.0, -1.0, 0.0, 2.0])
    rng = np.random.default_rng(0)

    drawn = np.mean([draw_defaults(logit, 0.5, rng) for _ in range(20_000)], axis=0)

    assert drawn == pytest.approx(1 / (1 + np.exp(-(logit + 0.5))), abs=0.012)
