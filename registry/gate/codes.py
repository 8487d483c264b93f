"""The checks' names, which records and people's habits rely on: none is ever given a new meaning.

docs/gate.md says what each looks at, and why; a test holds it to this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class CheckCode(StrEnum):
    """A check, in the order in which they are made."""

    SIGNATURE = "SIGNATURE"
    FINGERPRINT = "FINGERPRINT"
    INTEGRITY = "INTEGRITY"
    AUC = "AUC"
    COST = "COST"
    CALIBRATION = "CALIBRATION"
    FAIRNESS = "FAIRNESS"
    FAIRNESS_CHANGE = "FAIRNESS_CHANGE"
    FAIRNESS_NOTES = "FAIRNESS_NOTES"
    SIZE = "SIZE"
    LATENCY = "LATENCY"
    MEMORY = "MEMORY"
    PARITY = "PARITY"
    RANGE = "RANGE"
    BATCH = "BATCH"
    SENTINEL = "SENTINEL"
    MONOTONE = "MONOTONE"


TITLES: Mapping[CheckCode, str] = {
    CheckCode.SIGNATURE: "model says what it takes and gives",
    CheckCode.FINGERPRINT: "contract, features and code belong together",
    CheckCode.INTEGRITY: "model and bundle are as registered",
    CheckCode.AUC: "ranking of applicants",
    CheckCode.COST: "cost per applicant",
    CheckCode.CALIBRATION: "PD against default rate",
    CheckCode.FAIRNESS: "groups, hard limits",
    CheckCode.FAIRNESS_CHANGE: "groups, against champion",
    CheckCode.FAIRNESS_NOTES: "groups, reference limits",
    CheckCode.SIZE: "model file",
    CheckCode.LATENCY: "processor time of a call",
    CheckCode.MEMORY: "memory of model and calls",
    CheckCode.PARITY: "raw application gives trained PD",
    CheckCode.RANGE: "PD is a probability, not one number",
    CheckCode.BATCH: "PD is the same alone and in company",
    CheckCode.SENTINEL: "a sentinel means missing",
    CheckCode.MONOTONE: "better external score, lower PD",
}
