"""What happens to verdicts before they are answered: refusals are explained, and all recorded."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serving.case import Case, Verdict
from serving.coalescer import QueueFull
from serving.explainer import Explainer
from serving.log_writer import LogWriter
from serving.runner_call import RunnerUnavailable

logger = logging.getLogger("credit.serving")


@dataclass(frozen=True, slots=True)
class Recorder:
    """Makes verdicts final.

    Attributes:
        explainer: Explains refusals; None: they are not explained.
        log: Where verdicts are written down; None: nowhere.
    """

    explainer: Explainer | None
    log: LogWriter | None

    async def finish(self, cases: Sequence[Case], verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Return the verdicts with the reasons of refusals, when all of them are recorded.

        A refusal that rests on protected facts is referred to a person.

        Raises:
            LogUnavailable: If they cannot be recorded.
            RunnerUnavailable: If the model does not answer; QueueFull: if too many wait.
        """
        final = list(verdicts)
        if self.explainer is not None:
            await self._explain(final, self.explainer)
        if self.log is not None:
            await self.log.record(cases, final)
        return final

    async def _explain(self, verdicts: list[Verdict], explainer: Explainer) -> None:
        refused = [place for place, verdict in enumerate(verdicts) if verdict.refused]
        if not refused:
            return
        features = np.array([verdicts[place].features for place in refused])
        try:
            explained = await explainer.explain_refused(features)
        except (QueueFull, RunnerUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 -- the decisions are sound, and can be replayed
            logger.error("Refusals are not explained: %s", type(error).__name__)  # noqa: TRY400
            return
        for place, reasons in zip(refused, explained, strict=True):
            verdict = verdicts[place]
            referred = verdict.referred or reasons.rests_on_protected
            verdicts[place] = verdict._replace(reasons=reasons, referred=referred)
