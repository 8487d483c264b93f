"""`/explain` and `/predict-minimal` over a real socket, by the served model and stored clients."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import xgboost

from credit.features.catalog import FEATURE_NAMES

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published, Service

ASK = """
import json, sys
import bentoml
applicant = json.load(sys.stdin)
with bentoml.SyncHTTPClient(sys.argv[1]) as client:
    explained = client.explain(data=applicant)
    answer = client.predict_minimal(
        sk_id_curr=applicant["SK_ID_CURR"], amt_credit=100_000, duration_months=12
    )
print(json.dumps([explained["SK_ID_CURR"], answer["SK_ID_CURR"]]))
"""


def find_refused(published: Published, *, client_from: int = 0) -> dict[str, Any]:
    pairs = zip(published.applicants, published.score_offline(), strict=True)
    return next(
        dict(applicant)
        for applicant, pd in list(pairs)[client_from:]
        if pd >= published.bundle.threshold and applicant["NAME_CONTRACT_TYPE"] == "Cash loans"
    )


def test_an_explanation_holds_the_decision_and_adds_up_to_the_model_s_log_odds(
    service: Service, published: Published
) -> None:
    refused = find_refused(published)
    decided = service.ask(refused, headers={"X-Request-ID": "case-18"})

    response = service.post(
        {"data": refused}, route="/explain", query="all=true", headers={"X-Request-ID": "case-18"}
    )

    explained = response.json()
    assert response.status_code == 200, response.text
    assert response.headers["X-Request-ID"] == "case-18"
    assert {name: explained[name] for name in decided} == decided | {
        "refer_to_person": explained["rests_on_protected"]
    }
    shares = [entry["contribution"] for entry in explained["contributions"]]
    pd = decided["probability"]
    assert explained["base_value"] + sum(shares) == pytest.approx(np.log(pd / (1 - pd)), abs=1e-4)
    assert 1 <= len(explained["reasons"]) <= 4 or explained["rests_on_protected"]


def test_contributions_are_xgboost_s_own(service: Service, published: Published) -> None:
    from tests.end_to_end.conftest import compute_features

    applicant = published.applicants[0]
    features = compute_features([applicant], published.histories[:1])
    matrix = xgboost.DMatrix(features, feature_names=list(FEATURE_NAMES))
    (expected,) = published.booster.predict(matrix, pred_contribs=True)

    explained = service.post({"data": applicant}, route="/explain", query="all=true").json()

    told = {entry["feature"]: entry["contribution"] for entry in explained["contributions"]}
    assert told == pytest.approx(dict(zip(FEATURE_NAMES, expected, strict=False)), abs=1e-5)


def test_other_terms_are_searched_for_a_refused_applicant_who_wants_them(
    service: Service, published: Published
) -> None:
    refused = find_refused(published)

    explained = service.post(
        {"data": refused}, route="/explain", query="counterfactual=true"
    ).json()

    terms = explained["counterfactual"]
    assert terms["text"]
    if terms["changes"]:
        new = {change["column"]: change["after"] for change in terms["changes"]}
        assert service.ask(refused | new)["probability"] == terms["probability"]
        assert terms["probability"] < published.bundle.threshold


def test_a_stored_client_is_decided_on_by_amount_and_duration(
    service: Service, published: Published
) -> None:
    stored = find_refused(published)
    asked = {
        "sk_id_curr": stored["SK_ID_CURR"],
        "amt_credit": stored["AMT_CREDIT"] / 2,
        "duration_months": 24,
    }

    response = service.post(asked, route="/predict-minimal", query="threshold=0.5")

    answer = response.json()
    assert response.status_code == 200, response.text
    assert answer["SK_ID_CURR"] == stored["SK_ID_CURR"]
    assert answer["threshold"] == 0.5


def test_a_client_without_a_stored_application_is_not_found(
    service: Service, published: Published
) -> None:
    unknown = published.applicants[-1]["SK_ID_CURR"]
    asked = {"sk_id_curr": unknown, "amt_credit": 100_000, "duration_months": 12}

    response = service.post(asked, route="/predict-minimal")

    assert response.status_code == 404
    (fault,) = response.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body", "sk_id_curr"], "not_found")
    assert str(unknown) not in response.text


def test_bentoml_s_own_client_knows_both_routes(service: Service, published: Published) -> None:
    stored = find_refused(published)
    asked = json.dumps(stored)

    # In a process of its own: the client leaves a loop behind that nobody closes.
    printed = subprocess.run(
        [sys.executable, "-c", ASK, service.url],
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert json.loads(printed) == [stored["SK_ID_CURR"]] * 2


def test_swagger_tells_both_routes(service: Service) -> None:
    description = httpx.get(f"{service.url}/docs.json").json()

    schemas = description["components"]["schemas"]
    assert {"/explain", "/predict-minimal"} <= set(description["paths"])
    assert schemas["MinimalApplication"]["additionalProperties"] is False
    assert {"contributions", "reasons", "rests_on_protected"} <= set(
        schemas["ExplainedAnswer"]["properties"]
    )
