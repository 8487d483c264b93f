from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from credit.errors import TrainingImpossible
from training.column_auc import compute_auc_error
from training.fitting import FitSettings
from training.selection import (
    FEWEST_KNOWN,
    NullImportanceSettings,
    SelectedFeatures,
    select_by_correlation,
    select_by_null_importance,
)
from training.selection_cost import measure_selection_cost

Clients = tuple[NDArray[np.float32], NDArray[np.bool_]]

TELLING = ("linear", "bent")
SILENT = tuple(f"noise_{number}" for number in range(16))
NAMES = (*TELLING, *SILENT)
QUICK = NullImportanceSettings(permutations=10, repeats=3, rounds=15, quantile=0.9)
QUICK_FIT = FitSettings(rounds_max=15, patience=5)


def make_clients(count: int = 3000) -> Clients:
    """Return clients of whom two columns tell something: one by order, one by being in between."""
    generator = np.random.default_rng(11)
    defaulted = generator.random(count) < 0.25
    features = generator.normal(size=(count, len(NAMES))).astype(np.float32)
    features[:, 0] += defaulted
    features[:, 1] *= np.where(defaulted, 0.1, 1)
    features[generator.random(features.shape) < 0.1] = np.nan
    features[:, -1] = np.nan
    return features, defaulted


def shuffle(clients: Clients) -> Clients:
    features, defaulted = clients
    return features, np.random.default_rng(5).permutation(defaulted)


@pytest.fixture(scope="module")
def selected() -> SelectedFeatures:
    return select_by_null_importance(*make_clients(), NAMES, QUICK)


def test_what_tells_of_the_outcome_is_kept_and_most_noise_is_not(
    selected: SelectedFeatures,
) -> None:
    assert set(TELLING) <= set(selected.names)
    assert len(selected.names) <= len(TELLING) + 4
    assert [name for name in NAMES if name in selected.names] == list(selected.names)


def test_every_feature_is_told_with_its_figures(selected: SelectedFeatures) -> None:
    assert [feature.name for feature in selected.judged] == list(NAMES)
    kept = [feature for feature in selected.judged if feature.kept]
    assert tuple(feature.name for feature in kept) == selected.names
    assert all(feature.importance > feature.null_quantile for feature in kept)
    assert all((feature.score > 0) == feature.kept for feature in selected.judged)


def test_a_column_without_any_value_is_never_kept(selected: SelectedFeatures) -> None:
    assert NAMES[-1] not in selected.names
    assert selected.judged[-1].importance == 0


def test_the_same_seed_selects_the_same(selected: SelectedFeatures) -> None:
    again = select_by_null_importance(*make_clients(), NAMES, QUICK)

    assert again == selected


def test_shuffled_outcomes_keep_little_or_nothing() -> None:
    strict = NullImportanceSettings(permutations=10, repeats=3, rounds=15, quantile=1)
    try:
        kept = select_by_null_importance(*shuffle(make_clients()), NAMES, strict).names
    except TrainingImpossible:
        kept = ()

    assert len(kept) <= 4


def test_nothing_that_tells_cannot_be_selected_from() -> None:
    features, defaulted = make_clients(400)

    with pytest.raises(TrainingImpossible, match="None of 18 features"):
        select_by_null_importance(np.full_like(features, np.nan), defaulted, NAMES, QUICK)


def test_says_how_many_fits_are_done() -> None:
    told: list[tuple[int, int]] = []
    few = NullImportanceSettings(permutations=2, repeats=1, rounds=5)

    select_by_null_importance(
        *make_clients(600), NAMES, few, lambda done, of: told.append((done, of))
    )

    assert told == [(1, 3), (2, 3), (3, 3)]


def test_correlation_is_that_of_the_known_values_and_blind_to_what_is_bent() -> None:
    features, defaulted = make_clients()
    known = ~np.isnan(features[:, 0])
    strongest = abs(np.corrcoef(defaulted[known], features[known, 0])[0, 1])
    others = [
        abs(np.corrcoef(defaulted[there], column[there])[0, 1])
        for column in features[:, 1:-1].T
        if (there := ~np.isnan(column)).any()
    ]

    assert select_by_correlation(features, defaulted, NAMES, 1) == ("linear",)
    assert strongest > max(others)
    ranked = sorted(zip(others, NAMES[1:-1], strict=True), reverse=True)
    best = {name for _, name in ranked[:3]} | {"linear"}
    assert set(select_by_correlation(features, defaulted, NAMES, 4)) == best
    assert "bent" not in best


def test_a_correlation_among_a_few_clients_counts_as_none() -> None:
    features, defaulted = make_clients()
    some = np.flatnonzero(defaulted)[: FEWEST_KNOWN - 1]
    features[:, 5] = np.nan
    features[~defaulted, 5] = 0
    features[some, 5] = 1

    assert NAMES[5] not in select_by_correlation(features, defaulted, NAMES, 10)


def test_the_sets_are_measured_side_by_side_on_the_same_folds() -> None:
    told: list[str] = []

    everything, kept, correlated = measure_selection_cost(
        *make_clients(), NAMES, QUICK_FIT, QUICK, 1, lambda work, *_: told.append(work)
    )

    assert (everything.method, everything.features, everything.against_all) == ("all", 18, None)
    assert kept.method == "null importance"
    assert 2 <= kept.features <= 7
    assert correlated.features == 1
    assert kept.against_all is not None
    assert kept.against_all.difference == pytest.approx(kept.auc - everything.auc)
    assert correlated.against_all is not None
    assert correlated.against_all.high < 0  # it misses what is bent
    assert told.count("Folds, null importance") == 5


def test_sets_are_measured_with_the_directions_of_their_features() -> None:
    features, defaulted = make_clients()
    scored = ("EXT_SOURCE_1", *NAMES[1:])  # it tells by rising with the risk, and may not

    free, held = (
        measure_selection_cost(features, defaulted, names, QUICK_FIT, QUICK, 1, lambda *_: None)
        for names in (NAMES, scored)
    )

    assert all(one.auc < other.auc for one, other in zip(held, free, strict=True))


def test_features_chosen_by_luck_do_not_look_good_in_the_folds() -> None:
    generator = np.random.default_rng(3)
    features = generator.normal(size=(400, 500)).astype(np.float32)
    defaulted = generator.random(400) < 0.5
    names = [str(number) for number in range(500)]
    settings = NullImportanceSettings(permutations=3, repeats=1, rounds=5, quantile=0.5)

    greedy = FitSettings(parameters=(("eta", 0.3), ("max_depth", 2)), rounds_max=15, patience=15)

    *_, correlated = measure_selection_cost(
        features, defaulted, names, greedy, settings, 10, lambda *_: None
    )
    chosen = select_by_correlation(features, defaulted, names, 10)
    positions = [names.index(name) for name in chosen]
    *_, by_all_clients = measure_selection_cost(
        features[:, positions], defaulted, chosen, greedy, settings, 10, lambda *_: None
    )

    luck = 3 * compute_auc_error(0.5, int(defaulted.sum()), int((~defaulted).sum()))
    assert abs(correlated.auc - 0.5) < luck
    assert by_all_clients.auc > 0.5 + luck
