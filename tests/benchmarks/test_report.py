from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.serving.arena import V2_PATTERN, Arena, Facts, Questions
from benchmarks.serving.contestants.contestant import Contestant, Variant
from benchmarks.serving.contestants.pandas_features import make_features
from benchmarks.serving.feature_costs import FeatureVariant, _make_contestant, list_variables
from benchmarks.serving.judging import Judge
from benchmarks.serving.measuring import Measurement
from benchmarks.serving.model_home import ModelHome
from benchmarks.serving.processes import Running, run_server
from benchmarks.serving.report import draw_chart, render_table, render_verdicts
from benchmarks.serving.rounds import Plan, Turn, prepare_contestants, summarise, take_turns
from benchmarks.serving.verdicts import judge
from credit.contract import APPLICATION_COLUMNS, TABLES
from credit.contract.encoding import encode_columns
from credit.errors import ServiceFailed
from credit.features.application import DERIVED, compute_application_features
from loadtests.applicants import make_questions

SEEN = Measurement(64, 3_000.0, 20.0, 60.0, {}, 0.5, 400.0, 20.0)
TITLES = {"ours": "this service", "pandas": "FastAPI + pandas"}


def turns_of(**rates: float) -> list[Turn]:
    return [Turn(name, "", replace(SEEN, rate=rate)) for name, rate in rates.items()]


def find_verdict(turns: list[Turn], words: str) -> bool | None:
    verdicts = judge(partial(summarise, turns))
    return next(verdict.passed for verdict in verdicts if words in verdict.claim)


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    facts = Facts("model.ubj", "history.arrow", 0.1, "1", "credit")
    return Arena(tmp_path, ModelHome(tmp_path), facts)


def test_a_median_of_the_rounds_counts_and_every_failure() -> None:
    turns = turns_of(ours=100) + turns_of(ours=300) + turns_of(ours=200)
    turns.append(Turn("ours", "", replace(SEEN, rate=200, failures={"timeout": 2})))

    seen = summarise(turns, "ours", 64)

    assert seen is not None
    assert seen.rate == 200
    assert seen.failures == {"timeout": 2}


def test_thirty_times_the_requests_are_shown_and_a_little_less_is_not() -> None:
    assert find_verdict(turns_of(ours=3_000, pandas=100), "times those of pandas") is True
    assert find_verdict(turns_of(ours=2_990, pandas=100), "times those of pandas") is False


def test_who_had_failures_is_not_beaten() -> None:
    turns = [*turns_of(ours=3_000), Turn("pandas", "", replace(SEEN, rate=1, failures={"x": 1}))]

    assert find_verdict(turns, "times those of pandas") is None


def test_our_own_failures_leave_nothing_shown() -> None:
    turns = [*turns_of(pandas=1), Turn("ours", "", replace(SEEN, failures={"x": 1}))]

    assert {verdict.passed for verdict in judge(partial(summarise, turns))} == {None}


def test_the_table_has_ratios_and_tells_why_somebody_is_missing() -> None:
    turns = [*turns_of(ours=3_000, pandas=50), Turn("pandas", "", error="It ended with 1")]

    table = render_table(turns, TITLES)

    assert "| FastAPI + pandas | 64 | 50.0 | 60.00 |" in table
    assert "It ended with 1" in table


def test_verdicts_are_told_in_words() -> None:
    told = render_verdicts(judge(partial(summarise, turns_of(ours=2_000, pandas=100))))

    assert re.search(r"times those of pandas: at least 30 \| 20\.00 \| NO", told)
    assert re.search(r"times those of mlflow: at least 40 \|  \| not measured", told)


def test_the_chart_is_drawn_though_somebody_has_no_figures(tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"

    draw_chart(turns_of(ours=3_000), TITLES, [path])

    assert "</svg>" in path.read_text()


@contextmanager
def launch_nothing(_arena: Arena, _variant: Variant, _log: Path) -> Iterator[Running]:
    raise ServiceFailed("It did not start.")
    yield


def test_one_that_does_not_start_does_not_end_the_others(arena: Arena) -> None:
    def choose(_arena: Arena) -> Questions:
        return Questions(arena.folder / "none", None)

    contestants = [
        Contestant(name, name, launch_nothing, choose, (Variant("a"), Variant("b")))
        for name in ("first", "second")
    ]

    fit, _ = prepare_contestants(arena, contestants, lambda _message: None)
    turns = list(take_turns(arena, fit, Plan(2, 1, 1, (1,)), lambda _message: None))

    assert [turn.contestant for turn in turns] == ["first", "second"] * 2
    assert {turn.error for turn in turns} == {"It did not start."}


def test_one_that_cannot_be_prepared_says_why_and_takes_no_turn(arena: Arena) -> None:
    def fail(_arena: Arena) -> None:
        raise ServiceFailed("It could not be installed.")

    contestant = Contestant(
        "absent", "absent", launch_nothing, lambda arena: arena.applicants, prepare=fail
    )

    fit, turns = prepare_contestants(arena, [contestant], lambda _message: None)

    assert fit == []
    assert [turn.error for turn in turns] == ["It could not be installed."]


def test_a_server_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo no model here; exit 3"]
    url = "http://127.0.0.1:9/predict"

    with (
        pytest.raises(ServiceFailed, match="It ended with 3: no model here"),
        run_server(command, url, "/", tmp_path / "log"),
    ):
        pass


def test_probabilities_are_read_from_all_kinds_of_answers() -> None:
    v2 = b'{"outputs":[{"name":"predict","shape":[1,1],"datatype":"FP32","data":[0.25]}]}'

    assert Judge([[0.25]], 0, re.compile(V2_PATTERN)).find_fault(200, v2, 0) is None
    mlflow = b'{"predictions": [{"probability": 2.5e-01, "prediction": 1}]}'
    assert Judge([[0.25]]).find_fault(200, mlflow, 0) is None
    assert Judge([[0.25, 0.5]]).find_fault(200, mlflow, 0) == "not one probability a row"


def test_pandas_computes_the_features_that_the_service_computes() -> None:
    applicants = [json.loads(question.body)["data"] for question in make_questions(60, seed=5)]
    names = [column.name for column in APPLICATION_COLUMNS]
    frame = pd.DataFrame(applicants, columns=names)
    cells = {name: [applicant.get(name) for applicant in applicants] for name in names}
    expected = compute_application_features(encode_columns(TABLES["application_test"], cells))

    found = make_features(frame)

    for feature in DERIVED:
        np.testing.assert_allclose(
            found[feature.name].to_numpy(np.float64),
            expected[feature.name],
            rtol=1e-12,
            err_msg=feature.name,
        )


def test_the_variables_of_the_settings_are_known_by_their_own_names() -> None:
    assert {"CREDIT_DECISION_LOG", "CREDIT_HISTORY_STORE", "CREDIT_LOG_PSEUDONYMS"} <= (
        list_variables()
    )


def test_a_setting_that_there_is_not_is_told_instead_of_ignored(arena: Arena) -> None:
    variant = FeatureVariant("without gravity", lambda _arena: {"CREDIT_GRAVITY": "off"})

    with pytest.raises(ServiceFailed, match="no setting CREDIT_GRAVITY"):
        _make_contestant(arena, variant)
