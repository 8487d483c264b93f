"""The FastAPI service an expert would write: numpy, the model in the process, our own validation.

It checks and computes by this project's code, and does nothing else: it keeps no log.
"""

from __future__ import annotations

import gc
import os
from functools import partial
from pathlib import Path

import numpy as np
from fastapi import FastAPI, Request, Response
from pydantic_core import from_json, to_json

from benchmarks.serving.arena import Facts
from benchmarks.serving.contestants.uvicorn_servers import FOLDER_VARIABLE
from credit.bundle import compute_fingerprint
from credit.contract import TABLES
from credit.contract.encoding import encode_columns
from credit.features.application import compute_application_features
from credit.features.catalog import assemble_features
from credit.prediction import find_columns, predict_pd
from serving.applicant import check_applicant
from serving.booster import load_booster
from serving.history_store import HistoryStore
from serving.row_model import InvalidApplicant

APPLICATION = TABLES["application_test"]


def make_app() -> FastAPI:
    """Return the application."""
    facts = Facts.read(Path(os.environ[FOLDER_VARIABLE]))
    booster = load_booster(Path(facts.booster))
    predict_features = partial(predict_pd, booster, columns=find_columns(booster))
    store = HistoryStore.open(Path(facts.history_store), compute_fingerprint())
    app = FastAPI(openapi_url=None)

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        applicant = from_json(await request.body())["data"]
        try:
            cells = check_applicant(applicant, ("body", "data"))
        except InvalidApplicant as fault:
            return Response(to_json({"detail": fault.details}), 422)
        columns = encode_columns(APPLICATION, {name: (cell,) for name, cell in cells.items()})
        histories = store.lookup(columns["SK_ID_CURR"].astype(np.int64))
        application = compute_application_features(columns)
        features = assemble_features(application, histories.features)
        probability = float(predict_features(features)[0])
        refused = probability >= facts.threshold
        answer = {
            "SK_ID_CURR": cells["SK_ID_CURR"],
            "probability": probability,
            "prediction": int(refused),
            "decision": "REFUSED" if refused else "APPROVED",
            "threshold": facts.threshold,
            "model_version": facts.model_version,
        }
        return Response(to_json(answer), media_type="application/json")

    @app.get("/health")
    async def health() -> Response:
        return Response(b"ok")

    gc.collect()
    gc.freeze()
    return app
