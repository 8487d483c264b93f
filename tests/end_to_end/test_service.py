"""The service over a real socket, asked by one client at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from credit.contract import APPLICATION_COLUMNS, HISTORY_TABLES
from credit.features.catalog import FEATURE_NAMES

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published, Service


LOAN = {
    "SK_ID_BUREAU": 5,
    "CREDIT_ACTIVE": "Active",
    "CREDIT_CURRENCY": "currency 1",
    "DAYS_CREDIT": -90,
    "CREDIT_DAY_OVERDUE": 20,
    "CNT_CREDIT_PROLONG": 0,
    "AMT_CREDIT_SUM": 200_000,
    "AMT_CREDIT_SUM_DEBT": 190_000,
    "AMT_CREDIT_SUM_OVERDUE": 4_000,
    "CREDIT_TYPE": "Credit card",
    "DAYS_CREDIT_UPDATE": -20,
}


def test_one_applicant_gets_one_answer(service: Service, published: Published) -> None:
    applicant, pd = published.applicants[0], published.score_offline()[0]

    response = service.post({"data": applicant}, headers={"X-Request-ID": "case-17"})

    refused = pd >= published.bundle.threshold
    assert response.status_code == 200
    assert response.headers["X-Request-ID"] == "case-17"
    answer = response.json()
    assert answer.pop("coverage")["history"] == "store"
    assert answer.pop("data_quality")["missing"] == sum(
        applicant[column.name] is None for column in APPLICATION_COLUMNS
    )
    assert answer == {
        "SK_ID_CURR": applicant["SK_ID_CURR"],
        "probability": pd,
        "prediction": int(refused),
        "decision": "REFUSED" if refused else "APPROVED",
        "threshold": published.bundle.threshold,
        "refer_to_person": False,
        "request_id": "case-17",
        "model_version": "1",
    }


def test_a_list_is_answered_in_its_order_and_equals_the_offline_scores(
    service: Service, published: Published
) -> None:
    answers = service.post({"data": list(published.applicants)}).json()

    assert [answer["SK_ID_CURR"] for answer in answers] == [
        applicant["SK_ID_CURR"] for applicant in published.applicants
    ]
    assert [answer["probability"] for answer in answers] == published.score_offline()


def test_a_history_in_the_request_goes_before_the_store(
    service: Service, published: Published
) -> None:
    known = published.applicants[0]  # the store has every second applicant
    asked = [known, known | {"history": {}}, known | {"history": {"bureau": [LOAN]}}]

    stored, without, with_loan = service.post({"data": asked}).json()

    assert stored["probability"] == published.score_offline()[0]
    assert without["probability"] == published.score_offline(with_histories=False)[0]
    assert with_loan["probability"] not in {stored["probability"], without["probability"]}


def test_a_history_that_breaks_the_contract_fails_its_applicant_alone(
    service: Service, published: Published
) -> None:
    broken = published.applicants[0] | {"history": {"bureau": [LOAN | {"DAYS_CREDIT": 8}]}}

    good, bad = service.post({"data": [published.applicants[1], broken]}).json()

    assert good["probability"] == published.score_offline()[1]
    (fault,) = bad["detail"]
    assert fault["loc"] == ["body", "data", 1, "history", "bureau", 0, "DAYS_CREDIT"]


def test_both_decisions_occur(service: Service, published: Published) -> None:
    answers = service.post({"data": list(published.applicants)}).json()

    assert {(answer["prediction"], answer["decision"]) for answer in answers} == {
        (0, "APPROVED"),
        (1, "REFUSED"),
    }


def test_invalid_rows_are_reported_in_their_place_while_the_others_are_scored(
    service: Service, published: Published
) -> None:
    good = published.applicants[:2]
    lacking = {name: cell for name, cell in good[0].items() if name != "AMT_CREDIT"}

    response = service.post({"data": [good[0], lacking, good[1], 3]})

    first, missing, second, number = response.json()
    assert response.status_code == 200
    assert [first["SK_ID_CURR"], second["SK_ID_CURR"]] == [row["SK_ID_CURR"] for row in good]
    assert missing == {
        "status": 422,
        "detail": [
            {"loc": ["body", "data", 1, "AMT_CREDIT"], "msg": "Field required", "type": "missing"}
        ],
    }
    assert number["detail"][0]["loc"] == ["body", "data", 3]


def test_not_a_number_fails_its_row_alone(service: Service, published: Published) -> None:
    broken = published.applicants[0] | {"EXT_SOURCE_2": float("nan")}

    response = service.post({"data": [broken, published.applicants[1]]})

    entries = response.json()
    assert b"NaN" in response.request.content
    assert entries[0]["detail"][0]["type"] == "finite_number"
    assert entries[1]["SK_ID_CURR"] == published.applicants[1]["SK_ID_CURR"]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"AMT_CREDIT": "450000"}, "float_type"),
        ({"CNT_CHILDREN": True}, "float_type"),
        ({"AMT_CREDIT": float("inf")}, "finite_number"),
        ({"DAYS_BIRTH": 20}, "less_than_equal"),
        ({"CODE_GENDER": "Q"}, "literal_error"),
        ({"FAVOURITE_COLOUR": "blue"}, "extra_forbidden"),
        ({"SK_ID_CURR": None}, "float_type"),
    ],
)
def test_an_applicant_who_breaks_the_contract_gets_422(
    service: Service, published: Published, change: dict[str, Any], kind: str
) -> None:
    response = service.post({"data": published.applicants[0] | change})

    (field,) = change
    assert response.status_code == 422
    (fault,) = response.json()["detail"]
    assert (fault["loc"], fault["type"]) == (["body", "data", field], kind)


@pytest.mark.parametrize(
    ("body", "status", "location"),
    [
        (b"", 422, ["body"]),
        (b"{", 422, ["body"]),
        (b"\xff\xfe", 422, ["body"]),
        (b"[]", 422, ["body"]),
        (b"{}", 422, ["body", "data"]),
        (b'{"data": null}', 422, ["body", "data"]),
        (b'{"data": "text"}', 422, ["body", "data"]),
        (b'{"data": []}', 422, ["body", "data"]),
        (b'{"data": [1]}', 422, ["body", "data", 0]),
        (b'{"data": [{}], "extra": 1}', 422, ["body", "extra"]),
        (b'{"data": [' + b"{}," * 1_000 + b"{}]}", 413, ["body", "data"]),
        (b"[" * 100_000, 422, ["body"]),
        (b" " * (16 * 1024 * 1024 + 1), 413, ["body"]),
    ],
)
def test_a_body_that_is_not_what_it_should_be_gets_a_clear_refusal(
    service: Service, body: bytes, status: int, location: list[str | int]
) -> None:
    response = service.post(body)

    assert response.status_code == status
    assert response.json()["detail"][0]["loc"] == location


def test_a_thousand_applicants_fit_into_one_request(service: Service, published: Published) -> None:
    applicants = (list(published.applicants) * 3)[:1_000]

    answers = service.post({"data": applicants}).json()

    expected = (published.score_offline() * 3)[:1_000]
    assert [answer["probability"] for answer in answers] == expected


def test_another_threshold_changes_the_decision_and_nothing_else(
    service: Service, published: Published
) -> None:
    applicant, pd = published.applicants[0], published.score_offline()[0]

    strict = service.ask(applicant, query=f"threshold={pd * 0.999}")
    lenient = service.ask(applicant, query=f"threshold={pd * 1.001}")

    assert (strict["decision"], lenient["decision"]) == ("REFUSED", "APPROVED")
    assert strict["probability"] == lenient["probability"] == pd


@pytest.mark.parametrize("query", ["threshold=0", "threshold=1", "threshold=x", "treshold=0.5"])
def test_a_threshold_that_is_none_is_refused(
    service: Service, published: Published, query: str
) -> None:
    response = service.post({"data": published.applicants[0]}, query=query)

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


def test_a_sentinel_counts_as_missing(service: Service, published: Published) -> None:
    applicant = published.applicants[0]
    without = {name: cell for name, cell in applicant.items() if name != "ORGANIZATION_TYPE"}

    answer = service.ask(applicant | {"ORGANIZATION_TYPE": "XNA"})

    assert answer["probability"] == service.ask(without)["probability"]


def test_a_whole_float_counts_as_an_integer(service: Service, published: Published) -> None:
    applicant = published.applicants[0] | {"CNT_CHILDREN": 2}

    answer = service.ask(applicant | {"CNT_CHILDREN": 2.0})

    assert answer["probability"] == service.ask(applicant)["probability"]


def test_a_request_id_that_could_forge_log_lines_is_replaced(
    service: Service, published: Published
) -> None:
    answer = service.ask(published.applicants[0], headers={"X-Request-ID": "a b" * 100})

    assert len(answer["request_id"]) == 32


def test_features_tell_required_and_on_demand_optional_fields(service: Service) -> None:
    brief = service.get("/features").json()
    full = service.get("/features?include_all=true").json()

    required = {feature["name"]: feature for feature in brief["required"]}
    assert set(brief) == {"required"}
    assert required["DAYS_BIRTH"]["unit"] == "days"
    assert required["DAYS_BIRTH"]["maximum"] < 0
    assert full["required"] == brief["required"]
    assert "OCCUPATION_TYPE" in {feature["name"] for feature in full["optional"]}


def test_a_flag_that_is_none_is_refused(service: Service) -> None:
    assert service.get("/features?include_all=perhaps").status_code == 422


def test_model_info_tells_what_decides(service: Service, published: Published) -> None:
    info = service.get("/model-info").json()

    assert info["model"] == "credit_scoring_model:mlflow-v1"
    assert info["threshold"] == published.bundle.threshold
    assert info["refer_zone"] is None
    assert info["costs"] == {"false_negative": 10.0, "false_positive": 1.0}
    assert info["fingerprint"] == published.bundle.fingerprint
    assert info["feature_count"] == len(FEATURE_NAMES)
    assert info["history_store"] == published.store_origin


def test_health_tells_that_model_and_store_are_there(
    service: Service, published: Published
) -> None:
    response = service.get("/health")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "model": "credit_scoring_model:mlflow-v1",
        "model_version": "1",
        "runner": "ok",
        "history_store": published.store_state,
    }


def test_probes_answer(service: Service) -> None:
    assert service.get("/livez").status_code == 200
    assert service.get("/readyz").status_code == 200


def test_swagger_describes_every_route_and_every_field(
    service: Service, published: Published
) -> None:
    description = service.get("/docs.json").json()

    applicant = description["components"]["schemas"]["Applicant"]
    assert {"/predict", "/features", "/model-info", "/health"} <= set(description["paths"])
    assert set(applicant["properties"]) == {*published.applicants[0], "history"}
    assert set(HISTORY_TABLES) <= set(description["components"]["schemas"])
    assert service.get("/").status_code == 200


def test_decisions_and_probabilities_are_counted(service: Service, published: Published) -> None:
    answer = service.ask(published.applicants[0])
    label = f'decision="{answer["decision"]}"'
    decisions = service.read_metric("credit_decisions_total", label)
    counted = service.read_metric("credit_pd_count")

    service.ask(published.applicants[0])

    assert service.read_metric("credit_decisions_total", label) == decisions + 1
    assert service.read_metric("credit_pd_count") == counted + 1
