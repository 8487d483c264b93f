"""Tells the log of a failure of our own, without what the failure says."""

from __future__ import annotations

import logging
import traceback

logger = logging.getLogger("credit.serving")


def log_failure(error: Exception, request_id: str) -> None:
    """Log where it failed; the error's own text stays out, for it may quote an applicant."""
    frames = traceback.extract_tb(error.__traceback__)
    path = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    logger.error("Request %s failed: %s at %s", request_id, type(error).__name__, path)
