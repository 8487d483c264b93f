from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from credit.features.catalog import FEATURE_NAMES
from credit.reasons import REASONS
from serving.case import Verdict
from serving.coverage import Coverage
from serving.explainer import Explainer
from serving.recorder import Recorder
from serving.runner_call import RunnerUnavailable
from tests.cases import make_case

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from numpy.typing import NDArray

    from serving.case import Case

    Push = Callable[[NDArray[np.float32]], Awaitable[NDArray[np.float64]]]

FIRST, PROTECTED = 0, len(REASONS)


def push(**pushes: float) -> Push:
    """Return a model's process that says the same of every refusal."""

    async def answer(features: NDArray[np.float32]) -> NDArray[np.float64]:
        row = np.zeros(len(REASONS) + 1)
        row[FIRST] = pushes.get("reason", 0.0)
        row[PROTECTED] = pushes.get("protected", 0.0)
        return np.tile(row, (len(features), 1))

    return answer


def finish(case: Case, pushing: Push, refused: tuple[bool, ...]) -> list[Verdict]:
    async def contribute(_features: NDArray[np.float32]) -> NDArray[np.float32]:
        raise AssertionError("Nobody asks for contributions.")

    features = np.zeros(len(FEATURE_NAMES), np.float32)
    coverage = Coverage(history="none", tables=[])
    verdicts = [
        Verdict(0.5, refused=one, referred=False, coverage=coverage, features=features)
        for one in refused
    ]
    recorder = Recorder(Explainer(contribute, pushing, FEATURE_NAMES), None)
    return asyncio.run(recorder.finish([case] * len(refused), verdicts))


def test_only_refusals_are_explained(applicant: dict[str, Any]) -> None:
    final = finish(make_case(applicant), push(reason=0.5), (True, False, True))

    reasons = [verdict.reasons for verdict in final]
    assert reasons[1] is None
    assert [one.pushes for one in reasons if one] == [{REASONS[FIRST].code: 0.5}] * 2


@pytest.mark.parametrize(("protected", "referred"), [(0.6, True), (0.4, False)])
def test_a_refusal_that_rests_on_protected_facts_is_referred_to_a_person(
    applicant: dict[str, Any], protected: float, *, referred: bool
) -> None:
    (final,) = finish(make_case(applicant), push(reason=0.5, protected=protected), (True,))

    assert final.refused
    assert final.referred is referred


def test_a_refusal_that_cannot_be_explained_is_still_a_decision(
    applicant: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def be_wrong(_features: NDArray[np.float32]) -> NDArray[np.float64]:
        raise ValueError("cannot handle 406597.5")

    (final,) = finish(make_case(applicant), be_wrong, (True,))

    assert final.reasons is None
    assert "not explained: ValueError" in caplog.text
    assert "406597" not in caplog.text


def test_a_model_that_is_gone_decides_nothing(applicant: dict[str, Any]) -> None:
    async def be_gone(_features: NDArray[np.float32]) -> NDArray[np.float64]:
        raise RunnerUnavailable("The model does not answer now.")

    with pytest.raises(RunnerUnavailable):
        finish(make_case(applicant), be_gone, (True,))
