"""Writes decisions down before they are answered: one transaction for all that wait."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from credit.bundle import Bundle
from credit.decision import name_decision
from credit.errors import LogUnavailable
from credit.features.feature import CLIENT
from credit.pseudonym import PseudonymKey
from serving.case import Case, Verdict
from serving.checkpointing import Checkpointing
from serving.coalescer import Coalescer, QueueFull
from serving.decision_log import Decision, DecisionLog
from serving.metrics import LogMetrics

Policy = Literal["refuse", "answer"]

MOST_ROWS = 1_024

logger = logging.getLogger("credit.serving")


class Entry(NamedTuple):
    """A decision on its way into the log."""

    case: Case
    verdict: Verdict


class LogWriter:
    """Commits the verdicts of many batches at once, in a thread of its own.

    While one transaction is being committed, whatever is decided waits for the next.

    Args:
        log: Where they go.
        bundle: The model that decides.
        key: Gives clients their pseudonyms; None: the log holds their SK_ID_CURR.
        policy: What becomes of answers when the log takes nothing: ``refuse`` makes them 503;
            ``answer`` lets them go, and counts and logs that they are not recorded.
        metrics: Counts and times the commits.
        most_waiting: Decisions that may wait for the log.
    """

    def __init__(
        self,
        log: DecisionLog,
        bundle: Bundle,
        key: PseudonymKey | None,
        policy: Policy,
        metrics: LogMetrics,
        *,
        most_waiting: int,
    ) -> None:
        self.log = log
        self._bundle = bundle
        self._digest = bundle.compute_digest()
        self._key = key
        self._policy = policy
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decision-log")
        self._checkpointing = Checkpointing(log.checkpoint)
        self._entries: Coalescer[Entry, None] = Coalescer(
            self._commit,
            max_batch_rows=MOST_ROWS,
            max_waiting_rows=most_waiting,
            outages=(LogUnavailable,),
        )

    async def record(self, cases: Sequence[Case], verdicts: Sequence[Verdict]) -> None:
        """Return when the verdicts are in the log.

        Raises:
            LogUnavailable: If the log does not take them, unless the policy is to answer then.
            QueueFull: If too many wait already: the log is there, and will have time again.
        """
        entries = [Entry(*pair) for pair in zip(cases, verdicts, strict=True)]
        try:
            await self._entries.submit(entries)
        except Exception as error:
            self._metrics.count_unrecorded(len(entries))
            logger.error("%d decisions are not recorded: %s", len(entries), _describe(error))  # noqa: TRY400
            if self._policy == "refuse" or isinstance(error, QueueFull):
                raise

    async def rehearse(self, cases: Sequence[Case], verdicts: Sequence[Verdict]) -> None:
        """Return when the verdicts were written into the log and taken back.

        Raises:
            LogUnavailable: If the log would not have taken them.
        """
        entries = [Entry(*pair) for pair in zip(cases, verdicts, strict=True)]
        decisions = [self._describe(entry) for entry in entries]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self.log.rehearse, decisions)

    def close(self) -> None:
        """Return when all that was handed over is written."""
        self._thread.shutdown()
        self._checkpointing.stop()
        self.log.close()

    async def _commit(self, entries: Sequence[Entry]) -> list[None]:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._write, entries)
        return [None] * len(entries)

    def _write(self, entries: Sequence[Entry]) -> None:
        with self._metrics.time_commit():
            self.log.write([self._describe(entry) for entry in entries])

    def _describe(self, entry: Entry) -> Decision:
        """Return the row of the log."""
        case, verdict, request = entry.case, entry.verdict, entry.case.request
        has_history = verdict.coverage.history != "none"
        return {
            "time_us": time.time_ns() // 1_000,
            "request_id": request.id,
            "position": case.position,
            "route": request.route,
            "client": self._name(int(case.cells[CLIENT] or 0)),
            "key_id": self._key.id if self._key else None,
            "inputs": encode_inputs(case),
            "history_source": verdict.coverage.history,
            "history": verdict.history.tobytes() if has_history else None,
            "features_sha256": hash_features(verdict.features),
            "probability": verdict.pd,
            "threshold": case.threshold,
            "decision": name_decision(refused=verdict.refused),
            "refer_to_person": verdict.referred,
            "reasons": encode_reasons(verdict),
            "model_version": self._bundle.model_version,
            "bundle_digest": self._digest,
            "fingerprint": self._bundle.fingerprint,
            "latency_us": round(1e6 * (time.perf_counter() - request.arrived_s)),
            "coverage": to_json(verdict.coverage).decode(),
            "data_quality": to_json(case.quality).decode(),
        }

    def _name(self, client: int) -> str:
        return name_client(client, self._key)


def name_client(client: int, key: PseudonymKey | None) -> str:
    """Return what a client is called in the log."""
    return str(client) if key is None else key.name([client])[0].hex()


def encode_reasons(verdict: Verdict) -> str | None:
    """Return what a refusal rests on as JSON, push by code, the strongest first."""
    if verdict.reasons is None:
        return None
    return to_json(verdict.reasons.pushes).decode()


def hash_features(features: NDArray[np.float32]) -> str:
    """Return the SHA-256 of what the model was given, 64 hex digits."""
    return hashlib.sha256(features.data).hexdigest()


def encode_inputs(case: Case) -> str:
    """Return the applicant's fields as JSON, without the client and what is missing."""
    known = {name: cell for name, cell in case.cells.items() if cell is not None and name != CLIENT}
    return to_json(known).decode()


def _describe(error: Exception) -> str:
    return str(error) if isinstance(error, LogUnavailable) else type(error).__name__
