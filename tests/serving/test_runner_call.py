from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import numpy as np
import pytest
from bentoml.exceptions import BentoMLException, InternalServerError, ServiceUnavailable

from serving.runner_call import RunnerCall, RunnerUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEATURES = np.ones((2, 3), np.float32)


class Runner:
    """Fails with each of some errors in turn, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def predict(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return features[:, 0].astype(np.float64)


def call(runner: Runner) -> list[float]:
    answers: list[float] = asyncio.run(RunnerCall(runner.predict)(FEATURES)).tolist()
    return answers


@pytest.mark.parametrize(
    "closed",
    [
        aiohttp.ServerDisconnectedError(),
        aiohttp.ClientOSError(104, "reset"),
        aiohttp.ClientConnectionResetError("closing"),
    ],
)
def test_a_connection_that_was_just_closed_is_replaced(closed: Exception) -> None:
    runner = Runner(closed, closed)

    assert call(runner) == [1.0, 1.0]
    assert runner.calls == 3


@pytest.mark.parametrize(
    ("outage", "calls"),
    [
        (aiohttp.ServerDisconnectedError(), 3),
        (TimeoutError(), 1),
        (aiohttp.ServerTimeoutError(), 1),
        (aiohttp.ClientPayloadError(), 1),
        (ServiceUnavailable("busy"), 1),
        (BentoMLException("slow", error_code=HTTPStatus.GATEWAY_TIMEOUT), 1),
    ],
)
def test_an_outage_is_told_and_not_called_into_for_ever(outage: Exception, calls: int) -> None:
    runner = Runner(*[outage] * 9)

    with pytest.raises(RunnerUnavailable):
        call(runner)

    assert runner.calls == calls


def test_a_fault_of_the_rows_is_no_outage() -> None:
    with pytest.raises(InternalServerError):
        call(Runner(InternalServerError("a poisonous row")))
