from __future__ import annotations

import numpy as np
import pytest

from demo.figures import Marginal, Profile, Stratum
from demo.sampling import Parts, draw_latent, expand, load_factor, snap


def _make_strata() -> tuple[Stratum, ...]:
    low = Marginal.from_json({"values": [1], "shares": [1]})
    high = Marginal.from_json({"values": [2], "shares": [1], "missing": 0.4})
    texts = {
        state: Profile.from_json(
            "bureau", {"columns": ["CREDIT_ACTIVE"], "rows": [[state]], "shares": [1]}
        )
        for state in ("Closed", "Active")
    }
    return (
        Stratum("safe", 0.7, {"n": low}, {"state": texts["Closed"]}),
        Stratum("risky", 0.3, {"n": high, "own": high}, {"state": texts["Active"]}),
    )


def test_parts_have_their_measured_shares_and_risk_goes_to_the_later() -> None:
    rng = np.random.default_rng(0)
    latent = draw_latent(rng, 100_000)

    parts = Parts.by_share(_make_strata(), latent, rng)

    assert np.mean(parts.codes) == pytest.approx(0.3, abs=0.01)
    assert latent[parts.codes == 1].min() >= latent[parts.codes == 0].max()


def test_every_row_is_drawn_from_its_own_part() -> None:
    rng = np.random.default_rng(0)
    parts = Parts.by_label(_make_strata(), np.array(["risky", "safe", "risky"]), rng)

    assert parts.known_number("n").tolist() == [2, 1, 2]
    assert parts.combine("state")["CREDIT_ACTIVE"].tolist() == [1, 0, 1]


def test_what_is_not_measured_in_a_part_is_missing_there() -> None:
    rng = np.random.default_rng(0)
    parts = Parts.by_label(_make_strata(), np.array(["safe", "risky"]), rng)

    assert np.isnan(parts.known_number("own")).tolist() == [True, False]
    assert parts.flag("own").tolist() == [False, False]


def test_as_much_is_missing_as_was_measured() -> None:
    rng = np.random.default_rng(0)
    parts = Parts(_make_strata(), np.repeat([0, 1], 50_000), rng)

    missing = np.isnan(parts.number("n"))

    assert missing[:50_000].mean() == 0
    assert missing[50_000:].mean() == pytest.approx(0.4, abs=0.01)


def test_the_lowest_gaps_are_missing() -> None:
    rng = np.random.default_rng(0)
    parts = Parts(_make_strata(), np.ones(3, dtype=np.int64), rng)

    values = parts.number("n", gap=np.array([-1.0, 0.0, 1.0], dtype=np.float32))

    assert np.isnan(values).tolist() == [True, False, False]


def test_a_loaded_latent_is_standard_normal_and_correlates_by_the_loading() -> None:
    rng = np.random.default_rng(0)
    factor = draw_latent(rng, 200_000)

    latent = load_factor(rng, factor, 0.6)

    assert latent.std() == pytest.approx(1, abs=0.01)
    assert np.corrcoef(factor, latent)[0, 1] == pytest.approx(0.6, abs=0.01)


def test_rows_are_counted_within_their_owner() -> None:
    owners, places = expand(np.array([2, 0, 3]))

    assert owners.tolist() == [0, 0, 2, 2, 2]
    assert places.tolist() == [0, 1, 0, 1, 2]


def test_amounts_are_multiples_of_a_step() -> None:
    assert snap(np.array([10.1, 0.06, np.nan]), 4.5)[:2].tolist() == [9.0, 0.0]
    assert snap(np.array([1.0]), 0.045).tolist() == [0.99]
