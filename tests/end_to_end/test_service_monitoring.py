"""What others make of a running service: Prometheus' expressions and the dashboard's page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families
from streamlit.testing.v1 import AppTest

from tests.deploy.promql import list_expressions, list_groupings, list_selections

if TYPE_CHECKING:
    from tests.end_to_end.conftest import Published, Service

PAGE = Path(__file__).parents[2] / "dashboard" / "app.py"
EXPRESSIONS = list_expressions()
FROM_PROMETHEUS = {"job", "instance", "namespace", "pod"}  # labels that it adds itself
UNPREDICTABLE = {"http_response_code", "le"}

Series = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def exported(service: Service, published: Published) -> Series:
    """The labels of all series, by name, of a service that has decided on a known client and on
    an unknown one."""
    for applicant in published.applicants[:2]:
        service.ask(applicant)
    series: Series = {}
    for family in text_string_to_metric_families(service.get("/metrics").text):
        for sample in family.samples:
            series.setdefault(sample.name, []).append(dict(sample.labels))
    return series


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_what_is_asked_for_is_exported(exported: Series, place: str) -> None:
    expression = EXPRESSIONS[place]
    asked = [selection for selection in list_selections(expression) if selection.name != "up"]

    for selection in asked:
        known = exported[selection.name]
        for name, wanted in selection.labels:
            if name not in FROM_PROMETHEUS:
                values = {labels[name] for labels in known if name in labels}
                assert values
                assert name in UNPREDICTABLE or any(re.fullmatch(wanted, one) for one in values)
        for name in list_groupings(expression) - FROM_PROMETHEUS:
            assert all(name in labels for labels in known)


def test_the_dashboard_shows_the_service_and_its_decision(
    service: Service, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_SERVICE_URL", service.url)
    applicant = published.applicants[1]

    page = AppTest.from_file(str(PAGE), default_timeout=30).run()
    for box in [*page.number_input, *page.selectbox]:
        if applicant[box.label] is not None:
            box.set_value(applicant[box.label])
    page.button[0].click().run()

    assert not page.exception
    required = {box.label for box in [*page.number_input, *page.selectbox]}
    answer = service.ask({name: applicant[name] for name in required})
    shown = {metric.label: metric.value for metric in page.metric}
    assert shown["Service"] == "ok"
    assert shown["Version"] == published.bundle.model_version
    assert shown["Clients with history"] == str(published.store_state["clients"])
    assert shown["Decision"] == answer["decision"]
    assert shown["Probability of default"] == f"{answer['probability']:.4f}"
