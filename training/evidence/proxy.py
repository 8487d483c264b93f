"""How well gender can be told from the features that are not gender."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from credit.evaluation.bootstrap import Estimate, bootstrap
from credit.evaluation.weighted import compute_auc, rank
from training.evidence.group_figures import FEWEST_OF_OUTCOME
from training.evidence.protected import leave_out_protected
from training.fitting import FitSettings, cross_validate

PROXY_CLIENTS = 10_000
PROXY_FIT = FitSettings(
    parameters=(
        ("eta", 0.2),
        ("max_depth", 4),
        ("colsample_bytree", 0.3),
        ("subsample", 0.8),
        ("min_child_weight", 20),
        ("max_bin", 64),
    ),
    rounds_max=100,
    patience=10,
)


def measure_proxy(
    features: NDArray[np.float32],
    names: tuple[str, ...],
    gender: NDArray[np.float64],
    seed: int = 0,
    threads: int = 0,
) -> Estimate | None:
    """Return the out-of-fold AUC with which the other features tell men from women.

    That of a small model, on a sample: a lower bound of what they know. None if there are too few
    of either.

    Args:
        features: What the model is fitted on, shape (n, len(names)).
        names: Of its columns; gender, age and what is derived from them are left out.
        gender: Encoded CODE_GENDER, shape (n,).
        seed: Of the sample, the folds and the draws.
        threads: Cores to use; 0: all.
    """
    known = np.flatnonzero(~np.isnan(gender))
    generator = np.random.default_rng(seed)
    sample = np.sort(generator.permutation(known)[:PROXY_CLIENTS])
    men = gender[sample] == 1
    others, kept = leave_out_protected(features[sample], names)
    if min(np.count_nonzero(men), np.count_nonzero(~men)) < FEWEST_OF_OUTCOME or not kept:
        return None
    fit = replace(PROXY_FIT, seed=seed, threads=threads)
    ranking = rank(men, cross_validate(others, men, fit).pd)
    return bootstrap(lambda counts: compute_auc(ranking, counts), len(sample), seed=seed)[0]
