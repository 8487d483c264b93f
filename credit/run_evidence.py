"""The files that training keeps with a run for whoever judges its version later, without tables."""

from __future__ import annotations

from credit.contract import APPLICATION_COLUMNS
from credit.features.feature import CLIENT

FAIRNESS_FILE = "fairness.json"
"""A `credit.fairness.FairnessAudit`."""

PREDICTIONS_FILE = "predictions.parquet"
"""A row a client the model was fitted on, ordered by pseudonym."""
PSEUDONYM = "client"
DEFAULTED = "defaulted"
FOLD = "fold"
PD_OUT_OF_FOLD = "pd_out_of_fold"
DECIDED_REFUSED = "decided_refused"
"""By a threshold that was chosen without the client."""
PD_SERVED = "pd_served"
"""By the registered model, which has seen the client: float64 of what it says."""
PREDICTION_COLUMNS = (PSEUDONYM, DEFAULTED, FOLD, PD_OUT_OF_FOLD, DECIDED_REFUSED, PD_SERVED)
KEY_ID = b"pseudonym_key"
"""Where the file's metadata say which key the pseudonyms are of."""

APPLICANTS_FILE = "reference_applicants.parquet"
"""Some of them with their raw application, as a request would carry it, in random order."""
RAW_COLUMNS = tuple(column.name for column in APPLICATION_COLUMNS if column.name != CLIENT)
HISTORY = "history"
"""Their history features, float32, in the catalog's order."""
APPLICANT_COLUMNS = (PSEUDONYM, *RAW_COLUMNS, HISTORY, PD_SERVED)
