"""Calls the model in its own process, and tells an outage from a fault of the rows."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Generic, TypeVar

import aiohttp
import numpy as np
from bentoml.exceptions import BentoMLException
from numpy.typing import NDArray

from credit.errors import ServiceFailed

logger = logging.getLogger("credit.serving")

Number = TypeVar("Number", bound=np.floating)
Ask = Callable[[NDArray[np.float32]], Awaitable[NDArray[Number]]]

MAX_ATTEMPTS = 3
OUTAGES = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


class RunnerUnavailable(ServiceFailed):
    """The model's process does not answer, or is overloaded."""


class RunnerCall(Generic[Number]):
    """A call of the runner that survives connections which the runner has just closed.

    The runner closes a connection after five idle seconds, perhaps in the moment in which it is
    written to. A prediction changes nothing, so it is safe to ask again.

    Args:
        ask: The runner's method.
    """

    def __init__(self, ask: Ask[Number]) -> None:
        self._ask = ask

    async def __call__(self, features: NDArray[np.float32]) -> NDArray[Number]:
        """Return what the runner says of features, shape (n, features): a row, or a number, each.

        Raises:
            RunnerUnavailable: If the runner is gone, too slow or overloaded.
        """
        try:
            return await self._ask_over_a_live_connection(features)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _report_outage(error) from error
        except BentoMLException as error:
            if error.error_code in OUTAGES:
                raise _report_outage(error) from error
            raise

    async def _ask_over_a_live_connection(self, features: NDArray[np.float32]) -> NDArray[Number]:
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                return await self._ask(features)
            except TimeoutError:
                raise  # the connection lived, and the time is used up
            except aiohttp.ClientConnectionError:
                continue
        return await self._ask(features)


def _report_outage(error: Exception) -> RunnerUnavailable:
    logger.warning("The runner does not answer: %s", type(error).__name__)
    return RunnerUnavailable("The model does not answer now; send the request again.")
