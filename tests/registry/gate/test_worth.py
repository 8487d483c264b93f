from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.evaluation.bootstrap import Estimate
from credit.pseudonym import PseudonymKey
from credit.run_evidence import PREDICTIONS_FILE
from registry.gate.evidence import EvidenceMissing
from registry.gate.limits import LIMITS
from registry.gate.pairs import find_pairs
from registry.gate.report import Verdict
from registry.gate.worth import Standing, judge_cost_alone, look_at_worth
from training.evidence.reference_sample import to_parquet

if TYPE_CHECKING:
    from tests.registry.gate.conftest import GateLab

FEW_DRAWS = replace(LIMITS, repetitions=100)


def shuffle(values: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).permutation(values)


def keep_rows(lab: GateLab, kept: np.ndarray) -> dict[str, bytes]:
    """Return the predictions of some clients only."""
    table = pq.read_table(pa.BufferReader(lab.read_files()[PREDICTIONS_FILE]))
    return {PREDICTIONS_FILE: to_parquet(table.filter(pa.array(kept)))}


def rename_clients(lab: GateLab, names: list[bytes], key: str | None = None) -> dict[str, bytes]:
    """Return the predictions of clients with other pseudonyms."""
    table = pq.read_table(pa.BufferReader(lab.read_files()[PREDICTIONS_FILE]))
    metadata = dict(table.schema.metadata)
    if key is not None:
        metadata[b"pseudonym_key"] = key.encode()
    renamed = table.set_column(0, "client", pa.array(names, pa.binary(16)))
    return {PREDICTIONS_FILE: to_parquet(renamed.replace_schema_metadata(metadata))}


def name_strangers(count: int) -> list[bytes]:
    return PseudonymKey(bytes(32)).name(range(count))


def test_a_model_of_noise_ranks_worse_and_costs_more_than_the_champion(lab: GateLab) -> None:
    known = lab.original.predictions
    noise = lab.change_predictions(
        pd_out_of_fold=shuffle(known.pd_out_of_fold), decided_refused=shuffle(known.refused)
    )

    auc, cost = look_at_worth(lab.case(lab.add_version(files=noise), "1", FEW_DRAWS))

    assert auc.verdict is cost.verdict is Verdict.FAILED
    assert auc.figures["change_high"] < 0 < cost.figures["change_low"]
    assert "that is no chance" in auc.detail
    assert "that is no chance" in cost.detail


def test_a_better_challenger_passes_and_the_change_is_told(lab: GateLab) -> None:
    known = lab.original.predictions
    noise = lab.change_predictions(
        pd_out_of_fold=shuffle(known.pd_out_of_fold), decided_refused=shuffle(known.refused)
    )
    champion = lab.add_version(files=noise)

    auc, cost = look_at_worth(lab.case("1", champion, FEW_DRAWS))

    assert auc.verdict is cost.verdict is Verdict.PASSED
    assert auc.figures["change"] == pytest.approx(auc.figures["auc"] - auc.figures["champion_auc"])
    assert auc.figures["change_low"] > 0 > cost.figures["change_high"]
    assert f"{len(known.clients):,} clients in common" in auc.detail


def test_a_loss_beyond_the_margin_fails_also_where_it_may_be_chance(lab: GateLab) -> None:
    known = lab.original.predictions
    stirred = np.clip(
        known.pd_out_of_fold * np.random.default_rng(0).uniform(0.8, 1.25, len(known.clients)), 0, 1
    )
    version = lab.add_version(files=lab.change_predictions(pd_out_of_fold=stirred))
    (found, _) = look_at_worth(lab.case(version, "1", FEW_DRAWS))
    change = found.figures["change"]
    assert change < 0

    strict = replace(FEW_DRAWS, auc_margin=-change / 2)

    assert look_at_worth(lab.case(version, "1", strict))[0].verdict is Verdict.FAILED


def test_without_champion_a_model_of_noise_is_no_better_than_chance_or_none(lab: GateLab) -> None:
    known = lab.original.predictions
    noise = lab.change_predictions(
        pd_out_of_fold=shuffle(known.pd_out_of_fold),
        decided_refused=np.ones(len(known.clients), np.bool_),
    )

    auc, cost = look_at_worth(lab.case(lab.add_version(files=noise), None, FEW_DRAWS))

    assert auc.verdict is cost.verdict is Verdict.FAILED
    assert auc.figures["auc_low"] <= 0.5
    assert "no champion" in auc.limit
    assert "everybody, without any model. Train" in cost.detail


@pytest.mark.parametrize(
    ("low", "verdict"), [(-0.01, Verdict.PASSED), (0.0, Verdict.FAILED), (0.01, Verdict.FAILED)]
)
def test_without_champion_a_cost_above_that_of_no_model_by_chance_alone_passes(
    low: float, verdict: Verdict
) -> None:
    cost = Estimate(0.82, 0.79, 0.85)
    standing = Standing(Estimate(0.7, 0.6, 0.8), cost, "approving", 0.8, Estimate(0.02, low, 0.05))

    assert judge_cost_alone(standing).verdict is verdict


@pytest.mark.parametrize("refused", [False, True], ids=["approve", "refuse"])
def test_without_champion_one_decision_for_everybody_is_no_model(
    lab: GateLab, *, refused: bool
) -> None:
    alike = np.full(len(lab.original.predictions.clients), refused)
    version = lab.add_version(files=lab.change_predictions(decided_refused=alike))

    _, cost = look_at_worth(lab.case(version, None, FEW_DRAWS))

    assert cost.verdict is Verdict.FAILED
    assert cost.figures["excess_low"] >= 0


def test_the_costs_are_at_the_challengers_prices(lab: GateLab) -> None:
    known, costs = lab.original.predictions, lab.original.bundle.costs
    missed = np.count_nonzero(known.defaulted & ~known.refused)
    refused_good = np.count_nonzero(~known.defaulted & known.refused)
    expected = (costs.false_negative * missed + costs.false_positive * refused_good) / len(
        known.clients
    )
    dear = lab.add_version(tags={"false_negative_cost": "100.0"})

    _, cost = look_at_worth(lab.case("1", dear, FEW_DRAWS))

    assert cost.figures["cost"] == pytest.approx(expected)
    assert cost.figures["champion_cost"] == pytest.approx(expected)


def test_only_clients_in_common_are_compared_whatever_their_order(lab: GateLab) -> None:
    known = lab.original.predictions
    half = np.arange(len(known.clients)) % 2 == 0
    champion = lab.add_version(files=keep_rows(lab, half))
    limits = replace(FEW_DRAWS, fewest_pairs=100, fewest_defaults=10)

    pairs = find_pairs(lab.open("1"), lab.open(champion), limits)

    assert len(pairs.defaulted) == half.sum()
    np.testing.assert_array_equal(pairs.defaulted, known.defaulted[half])
    np.testing.assert_array_equal(pairs.challenger.pd, known.pd_out_of_fold[half])
    np.testing.assert_array_equal(pairs.champion.pd, pairs.challenger.pd)


def test_pseudonyms_of_another_key_are_not_compared(lab: GateLab) -> None:
    known = lab.original.predictions
    other = rename_clients(lab, list(known.clients), key="00000000")
    champion = lab.add_version(files=other)

    with pytest.raises(EvidenceMissing, match=r"of key 00000000.*CREDIT_PSEUDONYM_KEY"):
        look_at_worth(lab.case("1", champion))


def test_people_whose_outcomes_differ_are_not_taken_for_the_same(lab: GateLab) -> None:
    turned = lab.change_predictions(defaulted=shuffle(lab.original.predictions.defaulted))
    champion = lab.add_version(files=turned)

    with pytest.raises(EvidenceMissing, match="another outcome in one run than in the other"):
        look_at_worth(lab.case("1", champion))


def test_strangers_to_the_champion_are_scored_by_it(lab: GateLab) -> None:
    strangers = name_strangers(len(lab.original.predictions.clients))
    champion = lab.add_version(files=rename_clients(lab, strangers))
    limits = replace(FEW_DRAWS, fewest_defaults=20)

    pairs = find_pairs(lab.open("1"), lab.open(champion), limits)

    applicants = lab.original.applicants
    assert "new to the champion" in pairs.told
    np.testing.assert_array_equal(pairs.champion.pd, applicants.pd_served)
    np.testing.assert_array_equal(
        pairs.champion.refused, applicants.pd_served >= lab.original.bundle.threshold
    )
    assert not np.array_equal(pairs.challenger.pd, pairs.champion.pd)


def test_applicants_the_champion_has_seen_are_not_scored_by_it(lab: GateLab) -> None:
    known = lab.original.predictions
    seen = set(lab.original.applicants.clients[:200])
    strangers = name_strangers(len(known.clients))
    names = [
        client if client in seen else stranger
        for client, stranger in zip(known.clients, strangers, strict=True)
    ]
    champion = lab.add_version(files=rename_clients(lab, names))
    limits = replace(FEW_DRAWS, fewest_defaults=10)

    pairs = find_pairs(lab.open("1"), lab.open(champion), limits)

    assert len(pairs.defaulted) == len(lab.original.applicants) - 200


def test_too_few_clients_in_common_and_too_few_new_ones_cannot_be_judged(lab: GateLab) -> None:
    strangers = name_strangers(len(lab.original.predictions.clients))
    champion = lab.add_version(files=rename_clients(lab, strangers))
    many = replace(LIMITS, fewest_defaults=100_000)

    with pytest.raises(EvidenceMissing, match=r"0 clients in common, too few.*--force"):
        look_at_worth(lab.case("1", champion, many))


def test_a_champion_of_other_code_does_not_score_strangers(lab: GateLab) -> None:
    strangers = name_strangers(len(lab.original.predictions.clients))
    champion = lab.add_version(files=rename_clients(lab, strangers), tags={"fingerprint": "0" * 16})

    with pytest.raises(EvidenceMissing, match="takes features of other code"):
        look_at_worth(lab.case("1", champion))
