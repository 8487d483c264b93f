"""The service as it is usually written: FastAPI, pydantic, a frame a request, a pickle."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel, create_model

from benchmarks.serving.arena import Facts
from benchmarks.serving.contestants.pandas_features import make_features
from benchmarks.serving.contestants.pandas_pipeline import HISTORIES_FILE, PIPELINE_FILE
from benchmarks.serving.contestants.uvicorn_servers import FOLDER_VARIABLE
from credit.contract import APPLICATION_COLUMNS, Kind


def make_request_model() -> type[BaseModel]:
    """Return the request's model: every column of the application, each of which may be null."""
    fields: dict[str, Any] = {
        column.name: ((str if column.kind is Kind.CATEGORY else float) | None, None)
        for column in APPLICATION_COLUMNS
    }
    fields["SK_ID_CURR"] = (int, ...)
    applicant = create_model("Applicant", **fields)
    return create_model("ApplicantRequest", data=(applicant, ...))


def make_app() -> FastAPI:
    """Return the application."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    threshold = Facts.read(folder).threshold
    pipeline = joblib.load(folder / PIPELINE_FILE)
    histories = joblib.load(folder / HISTORIES_FILE)
    app = FastAPI()
    applicant_request: Any = make_request_model()

    def predict(request: applicant_request) -> dict[str, Any]:
        applicant = request.data.model_dump()
        client = applicant["SK_ID_CURR"]
        features = make_features(pd.DataFrame([applicant]))
        history = histories.loc[[client if client in histories.index else 0]]
        features = pd.concat([features, history.reset_index(drop=True)], axis=1)
        probability = float(pipeline.predict_proba(features)[0, 1])
        prediction = int(probability >= threshold)
        return {
            "SK_ID_CURR": client,
            "probability": probability,
            "prediction": prediction,
            "decision": "REFUSED" if prediction else "APPROVED",
            "threshold": threshold,
        }

    predict.__annotations__["request"] = applicant_request  # it is made, and has no name
    app.post("/predict")(predict)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
