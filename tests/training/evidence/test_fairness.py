from __future__ import annotations

import numpy as np
import pytest
from fairlearn.metrics import MetricFrame, mean_prediction, selection_rate, true_positive_rate
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from credit.cost import CostMatrix, compute_cost
from credit.fairness import BreachCode, FairnessAudit, Figure, GroupAudit, find_breaches
from training.evidence.drawing import render_png
from training.evidence.fairness import audit_fairness
from training.evidence.fairness_section import describe_fairness
from training.evidence.group_figures import DecidedClients
from training.evidence.groups import Grouping, group_by_age, group_by_category, group_clients
from training.metrics import compute_calibration_error

COSTS = CostMatrix()
THRESHOLD = 0.2


def draw_clients(
    seed: int, penalty: float = 0.0, clients: int = 4_000
) -> tuple[Grouping, DecidedClients]:
    """Return women and men of one risk; of the men's PD, odds are raised by exp(penalty)."""
    generator = np.random.default_rng(seed)
    members = (generator.random(clients) < 0.4).astype(np.intp)
    log_odds = generator.normal(-2.0, 1.0, clients)
    defaulted = generator.random(clients) < 1 / (1 + np.exp(-log_odds))
    pd = 1 / (1 + np.exp(-(log_odds + penalty * members)))
    grouping = Grouping("gender", ("F", "M", "unknown"), members)
    return grouping, DecidedClients(defaulted, pd, pd >= THRESHOLD, COSTS)


def audit(grouping: Grouping, decided: DecidedClients, repetitions: int = 200) -> FairnessAudit:
    return audit_fairness([grouping], decided, repetitions)


def find_group(found: FairnessAudit, name: str) -> GroupAudit:
    return next(group for group in found.attributes[0].groups if group.group == name)


def read_value(figure: Figure | None) -> float:
    assert figure is not None
    assert figure.low <= figure.high
    return figure.value


def test_rates_are_those_of_fairlearn_and_scikit_learn() -> None:
    grouping, decided = draw_clients(1, penalty=0.7)
    repaid, approved = ~decided.defaulted, ~decided.refused
    frame = MetricFrame(
        metrics={"approval": selection_rate, "of_repaid": true_positive_rate},
        y_true=repaid.astype(int),
        y_pred=approved.astype(int),
        sensitive_features=grouping.members,
    ).by_group
    mean_pd = MetricFrame(
        metrics=mean_prediction,
        y_true=decided.defaulted,
        y_pred=decided.pd,
        sensitive_features=grouping.members,
    ).by_group

    found = audit(grouping, decided, 20)

    for number, name in enumerate("FM"):
        group, of_group = find_group(found, name), grouping.members == number
        defaulted, pd = decided.defaulted[of_group], decided.pd[of_group]
        assert read_value(group.approval_rate) == pytest.approx(frame["approval"][number])
        assert read_value(group.approval_of_repaid) == pytest.approx(frame["of_repaid"][number])
        assert read_value(group.mean_pd) == pytest.approx(mean_pd[number])
        assert read_value(group.auc) == pytest.approx(roc_auc_score(defaulted, pd))
        cost = compute_cost(defaulted, decided.refused[of_group], COSTS)
        assert read_value(group.cost) == pytest.approx(cost)
        error = compute_calibration_error(defaulted, pd)
        assert read_value(group.calibration_error) == pytest.approx(error, abs=2e-3)


def test_gaps_and_ratios_are_against_the_most_approved_group() -> None:
    found = audit(*draw_clients(1, penalty=0.7), 20)

    women, men = find_group(found, "F"), find_group(found, "M")
    assert found.attributes[0].reference == "F"
    assert read_value(women.approval_ratio) == 1
    assert read_value(men.approval_ratio) == pytest.approx(
        read_value(men.approval_rate) / read_value(women.approval_rate)
    )
    assert read_value(men.opportunity_gap) == pytest.approx(
        read_value(men.approval_of_repaid) - read_value(women.approval_of_repaid)
    )
    assert read_value(men.missed_default_gap) == pytest.approx(
        read_value(men.missed_default_rate) - read_value(women.missed_default_rate)
    )
    spread = found.attributes[0].spread
    assert spread is not None
    assert spread.approval_ratio == pytest.approx(read_value(men.approval_ratio))
    assert spread.opportunity == pytest.approx(-read_value(men.opportunity_gap))


def test_planted_unfairness_is_found() -> None:
    found = audit(*draw_clients(2, penalty=1.2))

    breaches = find_breaches(found)

    assert {breach.code for breach in breaches} == set(BreachCode)
    assert all((breach.attribute, breach.group) == ("gender", "M") for breach in breaches)
    assert all(breach.certain for breach in breaches)


def test_where_there_is_none_none_is_found() -> None:
    certain = [
        breach
        for seed in range(12)
        for breach in find_breaches(audit(*draw_clients(seed, clients=1_500), 100))
        if breach.certain
    ]

    assert not certain


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Groups are of one risk, so that the true gap is none."""
    held = []
    for seed in range(30):
        found = audit(*draw_clients(100 + seed, clients=1_000), 80)
        other = next(name for name in "FM" if name != found.attributes[0].reference)
        gap = find_group(found, other).calibration_gap
        assert gap is not None
        held.append(gap.low <= 0 <= gap.high)

    assert np.mean(held) > 0.85


@pytest.mark.parametrize(("clients", "defaults"), [(99, 40), (500, 19), (500, 481)])
def test_a_group_too_small_is_shown_and_not_judged(clients: int, defaults: int) -> None:
    grouping, decided = draw_clients(3)
    members = grouping.members.copy()
    defaulted, refused = decided.defaulted.copy(), decided.refused.copy()
    members[:clients], defaulted[:clients] = 2, np.arange(clients) < defaults
    refused[:clients] = False  # the most approved of all
    small = DecidedClients(defaulted, decided.pd, refused, COSTS)

    found = audit(Grouping("gender", grouping.groups, members), small, 20)

    group = find_group(found, "unknown")
    assert (group.clients, group.defaults, group.judged) == (clients, defaults, False)
    assert read_value(group.approval_rate) == 1
    assert found.attributes[0].reference != "unknown"
    assert "unknown" not in {breach.group for breach in find_breaches(found)}


def test_what_cannot_be_measured_is_none() -> None:
    members, defaulted = np.zeros(10, np.intp), np.zeros(10, np.bool_)
    decided = DecidedClients(defaulted, np.full(10, 0.1), defaulted, COSTS)

    found = audit(Grouping("gender", ("F", "M", "unknown"), members), decided, 20)

    group = find_group(found, "F")
    assert [group.group for group in found.attributes[0].groups] == ["F"]
    assert (found.attributes[0].reference, found.attributes[0].spread) == (None, None)
    assert read_value(group.approval_rate) == 1
    assert (group.auc, group.missed_default_rate, group.approval_ratio) == (None, None, None)
    assert not find_breaches(found)


@pytest.mark.parametrize(("clients", "told"), [(9, False), (10, True)])
def test_of_a_tiny_group_nothing_is_told(*, clients: int, told: bool) -> None:
    grouping, decided = draw_clients(3)
    members = grouping.members.copy()
    members[:clients] = 2

    found = audit(Grouping("gender", grouping.groups, members), decided, 20)
    section = describe_fairness(found)

    group = find_group(found, "unknown")
    figures = group.model_dump(exclude={"group", "judged"}).values()
    table = section.tables["fairness_groups"]
    row = table[table["group"] == "unknown"].drop(
        columns=["attribute", "group", "reference", "judged"]
    )
    line = next(line for line in section.text.splitlines() if line.startswith("| unknown"))
    assert any(figure is not None for figure in figures) == told
    assert FairnessAudit.from_json(found.to_json()) == found
    assert ("unknown (fewer than 10 clients)" in section.text) != told
    assert any(character.isdigit() for character in line.replace("fewer than 10", "")) == told
    assert (row.dropna(axis=1).to_dict("records") == [{"clients": "fewer than 10 clients"}]) != told
    assert all(render_png(plot.figure) for plot in section.plots)


@pytest.mark.parametrize(
    ("all_refused", "ratio", "told"), [(True, None, "not measurable"), (False, 1, "1.000")]
)
def test_one_decision_for_everybody_is_audited(
    *, all_refused: bool, ratio: float | None, told: str
) -> None:
    grouping, decided = draw_clients(1)
    refused = np.full(len(decided.pd), all_refused)
    alike = DecidedClients(decided.defaulted, decided.pd, refused, COSTS)

    found = audit(grouping, alike, 20)
    section = describe_fairness(found)

    spread = found.attributes[0].spread
    assert spread is not None
    assert (spread.approval_ratio, spread.opportunity, spread.odds) == (ratio, 0, 0)
    assert FairnessAudit.from_json(found.to_json()) == found
    assert not {breach.code for breach in find_breaches(found)} - {BreachCode.CALIBRATION_RATIO}
    assert f"farthest apart: approval ratio {told}, equal opportunity" in section.text
    assert section.metrics.get("fairness_gender_approval_ratio") == ratio
    assert all(render_png(plot.figure) for plot in section.plots)


def test_an_audit_reads_back_from_json() -> None:
    found = audit(*draw_clients(1, penalty=1.2), 20)

    assert FairnessAudit.from_json(found.to_json()) == found


def test_the_same_seed_gives_the_same_audit() -> None:
    assert audit(*draw_clients(1), 20) == audit(*draw_clients(1), 20)


def test_bands_are_of_years_completed() -> None:
    birthdays = -365.25 * np.array([24.9, 25.01, 44.9, 64.9, 65.1])

    grouping = group_by_age(np.append(birthdays, np.nan))

    assert [grouping.groups[member] for member in grouping.members] == [
        "under 25",
        "25 to 34",
        "35 to 44",
        "55 to 64",
        "65 and over",
        "unknown",
    ]


def test_categories_have_the_contracts_names() -> None:
    grouping = group_by_category("gender", np.array([0.0, 1.0, np.nan]))

    assert [grouping.groups[member] for member in grouping.members] == ["F", "M", "unknown"]


def test_clients_are_grouped_by_four_attributes() -> None:
    codes: NDArray[np.float64] = np.zeros(3)
    columns = dict.fromkeys(("CODE_GENDER", "NAME_EDUCATION_TYPE", "NAME_FAMILY_STATUS"), codes)

    found = group_clients(columns | {"DAYS_BIRTH": np.full(3, -10_000.0)})

    named = {grouping.attribute: grouping.groups[grouping.members[0]] for grouping in found}
    assert named == {
        "gender": "F",
        "age": "25 to 34",
        "education": "Lower secondary",
        "family status": "Married",
    }
