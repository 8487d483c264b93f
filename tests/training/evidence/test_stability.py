from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.evidence.adversarial import tell_apart
from training.evidence.drawing import render_png
from training.evidence.stability import Population, Stability, measure_drift, measure_stability
from training.evidence.stability_section import describe_stability

NAMES = ("EXT_SOURCE_2", "AMT_CREDIT", "NAME_CONTRACT_TYPE")
Features = NDArray[np.float32]


def draw(seed: int, clients: int = 800, *, shift: float = 0.0) -> Features:
    """Return clients whose second feature is moved by standard deviations."""
    generator = np.random.default_rng(seed)
    numbers = generator.normal([0.0, shift], size=(clients, 2))
    return np.column_stack([numbers, generator.integers(2, size=clients)]).astype(np.float32)


def populate(seed: int, *, shift: float = 0.0) -> Population:
    features = draw(seed, shift=shift)
    return Population(features, 1 / (1 + np.exp(2 - features[:, 1].astype(np.float64))))


@pytest.fixture(scope="module")
def shifted() -> Stability:
    found = measure_stability(populate(1), populate(2, shift=1.0), NAMES, threads=1)
    assert found is not None
    return found


def test_planted_drift_is_found(shifted: Stability) -> None:
    assert shifted.find_drifted() == ("AMT_CREDIT",)
    assert shifted.score.psi > 0.25
    assert shifted.adversary is not None
    assert shifted.adversary.auc.low > 0.7
    assert next(iter(shifted.adversary.gains)) == "AMT_CREDIT"
    assert sum(shifted.adversary.gains.values()) == pytest.approx(1)


def test_where_there_is_none_it_is_found_in_few_of_many() -> None:
    found = []
    for seed in range(25):
        one, other = draw(2 * seed, 300), draw(2 * seed + 1, 300)
        adversary = tell_apart(one, other, NAMES, seed, threads=1)
        assert adversary is not None
        drifts = measure_drift(one, other, NAMES).values()
        found.append([adversary.tells_apart, any(drift.reaches(0.0) for drift in drifts)])

    assert np.all(np.mean(found, axis=0) <= 0.05)


def test_a_category_that_vanishes_is_drift() -> None:
    one, other = draw(1), draw(2)
    other[:, 2] = 1

    assert next(iter(measure_drift(one, other, NAMES))) == "NAME_CONTRACT_TYPE"
    assert measure_drift(one, other, NAMES)["NAME_CONTRACT_TYPE"].reaches(0.25)


def test_too_few_clients_are_not_told_apart() -> None:
    assert tell_apart(draw(1), draw(2, 10), NAMES) is None


def test_large_tables_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.evidence.adversarial.SAMPLE", 200)

    found = tell_apart(draw(1), draw(2, 150), NAMES, threads=1)

    assert found is not None
    assert found.clients == (200, 150)


def test_the_same_seed_gives_the_same_model() -> None:
    one, other = (tell_apart(draw(1), draw(2, shift=0.3), NAMES, threads=1) for _ in range(2))

    assert one is not None
    assert other is not None
    assert (one.auc, one.gains) == (other.auc, other.gains)


def test_the_section_names_what_drifted(shifted: Stability) -> None:
    section = describe_stability(shifted)

    assert "a large drift" in section.text
    assert "1 of 3 reach 0.1" in section.text
    assert "did so by `AMT_CREDIT`" in section.text
    assert section.metrics["stability_large_features"] == 1
    assert section.tables["stability"]["feature"].tolist()[0] == "AMT_CREDIT"
    names = [plot.name for plot in section.plots]
    assert names == ["stability_psi", "stability_score", "stability_adversary"]
    assert all(render_png(plot.figure).startswith(b"\x89PNG") for plot in section.plots)


def test_the_section_says_that_nothing_drifted() -> None:
    text = describe_stability(measure_stability(populate(1), populate(2), NAMES, threads=1)).text

    assert "no drift to speak of" in text
    assert "None of 3 reaches 0.1 beyond chance" in text
    assert "no difference was found" in text


def test_without_application_test_the_section_says_so() -> None:
    text = describe_stability(None).text

    assert "Nothing was measured" in text
    assert "application_test" in text


def test_an_empty_application_test_is_not_measured() -> None:
    nobody = Population(np.empty((0, 3), np.float32), np.empty(0))

    assert measure_stability(populate(1), nobody, NAMES) is None
