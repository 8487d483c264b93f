"""Takes batches all the way through the service before its first caller comes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from credit.bundle import Bundle
from credit.contract import APPLICATION_COLUMNS, Column, Kind
from serving.applicant import check_applicant
from serving.case import Case, RequestFacts, Verdict
from serving.data_quality import describe_quality
from serving.row_model import Cell

logger = logging.getLogger("credit.serving")

BATCH_ROWS = (1, 64)
RETRY_SECONDS = 0.2
UNKNOWN_CLIENT = 1

Decide = Callable[[Sequence[Case]], Awaitable[Sequence[Verdict]]]
Rehearse = Callable[[Sequence[Case], Sequence[Verdict]], Awaitable[None]]


class WarmUp:
    """Decides on nobody in particular until it has worked once.

    Args:
        decide: From cases to verdicts, by the model's own process.
        rehearse: Writes the verdicts into the log and takes them back; None if there is no log.
        bundle: The model's threshold.
    """

    def __init__(self, decide: Decide, rehearse: Rehearse | None, bundle: Bundle) -> None:
        self._decide = decide
        self._rehearse = rehearse
        self._threshold = bundle.threshold
        self.done = False

    async def run(self) -> None:
        """Return when it has worked; what is not there yet is waited for."""
        started = time.perf_counter()
        last = None
        while not self.done:
            try:
                for rows in BATCH_ROWS:
                    await self._try_out(rows)
                self.done = True
            except Exception as error:  # noqa: BLE001 -- whatever is missing, it may still come
                if type(error) is not last:
                    logger.info("Not ready yet: %s", type(error).__name__)
                last = type(error)
                await asyncio.sleep(RETRY_SECONDS)
        logger.info("Ready after %.1f s of warm-up.", time.perf_counter() - started)

    async def _try_out(self, rows: int) -> None:
        facts = RequestFacts("warm-up", "warm-up", time.perf_counter())
        cases = [make_case(self._threshold, facts) for _ in range(rows)]
        verdicts = await self._decide(cases)
        if self._rehearse is not None:
            await self._rehearse(cases, verdicts)


def make_case(threshold: float, facts: RequestFacts) -> Case:
    """Return a case of nobody in particular, who keeps the contract."""
    row = {column.name: _make_cell(column) for column in APPLICATION_COLUMNS if column.required}
    row["SK_ID_CURR"] = UNKNOWN_CLIENT
    cells = check_applicant(row, ())
    return Case(cells, None, describe_quality(row, cells), threshold, facts)


def _make_cell(column: Column) -> Cell:
    if column.nullable:
        return None
    if column.kind is Kind.CATEGORY:
        return column.categories[0]
    return int(column.minimum or 0)
