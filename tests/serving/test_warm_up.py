from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
import pytest

from serving import warm_up
from serving.decider import Decider
from serving.history_store import HistoryStore
from serving.warm_up import WarmUp
from tests.cases import answer_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from credit.bundle import Bundle
    from serving.case import Case, Verdict


class Model:
    """Answers 0.5 after some failures."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.batches: list[int] = []

    async def predict(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        self.batches.append(len(features))
        return np.full(len(features), 0.5)


@pytest.fixture(autouse=True)
def _retry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_up, "RETRY_SECONDS", 0)


def make(model: Model, bundle: Bundle, rehearsed: list[int] | None = None) -> WarmUp:
    async def rehearse(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> None:
        assert rehearsed is not None
        assert len(cases) == len(verdicts)
        rehearsed.append(len(cases))

    decide = Decider(HistoryStore.empty(), answer_with(model.predict), bundle).decide
    return WarmUp(decide, None if rehearsed is None else rehearse, bundle)


def test_one_and_sixty_four_applicants_go_through_features_model_and_log(bundle: Bundle) -> None:
    model, rehearsed = Model(), list[int]()
    warming = make(model, bundle, rehearsed)
    before = warming.done

    asyncio.run(warming.run())

    assert (before, warming.done) == (False, True)
    assert model.batches == rehearsed == [1, 64]


def test_it_waits_for_a_model_that_comes_later(
    bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    model = Model(failures=3)
    warming = make(model, bundle)

    asyncio.run(warming.run())

    assert warming.done
    assert model.batches == [1, 64]
    assert caplog.text.count("Not ready yet: ConnectionError") == 1
