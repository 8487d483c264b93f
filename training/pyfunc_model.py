"""The model as MLflow's own server runs it: rows of features in, probabilities and decisions out.

MLflow copies this file beside the booster and runs the copy when the model is loaded. What it
imports from this project is the kernel only, of which a copy lies there too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import xgboost as xgb
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from numpy.typing import NDArray

from credit.bundle import Bundle, compute_fingerprint
from credit.decision import name_decision, refer, refuse
from credit.prediction import predict_pd, require_catalog


class DecisionModel(PythonModel):
    """Answers a row of features as the service answers an applicant."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the booster and its bundle.

        Raises:
            FingerprintMismatch: If the process has another `credit` than the model came with, or
                the booster is not the bundle's.
        """
        texts = json.loads(Path(context.artifacts["bundle"]).read_text())
        self._bundle = Bundle.from_metadata(texts)
        self._bundle.require_fingerprint(compute_fingerprint())
        file = Path(context.artifacts["booster"])
        self._bundle.require_model_file(file)
        self._booster = xgb.Booster(model_file=file)
        self._booster.set_param({"nthread": 1})
        require_catalog(self._booster, str(file))
        self._names = list(self._booster.feature_names or ())

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 -- MLflow gives it
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 -- MLflow gives them
    ) -> pd.DataFrame:
        """Return probability, prediction, decision, threshold and refer_to_person of every row.

        Raises:
            MlflowException: If a feature is infinite; MLflow's server answers 400.
        """
        features = model_input[self._names].to_numpy(np.float32)
        _require_finite(features, self._names)
        return _decide(predict_pd(self._booster, features), self._bundle)


def _decide(probability: NDArray[np.float64], bundle: Bundle) -> pd.DataFrame:
    refused = refuse(probability, bundle.threshold)
    return pd.DataFrame(
        {
            "probability": probability,
            "prediction": refused.astype(np.int64),
            "decision": [name_decision(refused=one).value for one in refused.tolist()],
            "threshold": bundle.threshold,
            "refer_to_person": refer(probability, bundle.refer_from, bundle.refer_to),
        }
    )


def _require_finite(features: NDArray[np.float32], names: list[str]) -> None:
    rows, columns = np.nonzero(np.isinf(features))
    if len(rows):
        raise MlflowException.invalid_parameter_value(
            f"Row {rows[0]} has an infinite {names[columns[0]]}, as a 32-bit float; expected a "
            "number, or null where it is not known."
        )


mlflow.models.set_model(DecisionModel())
