"""Dashboard, alerts and scraping ask for what the code counts, by the names it counts it under.

That a running service exports BentoML's metrics too is in end_to_end/test_service_monitoring.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from credit.decision import Decision
from serving.metrics import DecisionMetrics, LogMetrics, RunnerMetrics
from serving.service_metrics import ModelMarks, RefusalMetrics, ServiceMetrics
from tests.deploy.deploy_files import (
    ALERTS,
    COMPOSE,
    DEPLOY,
    GRAFANA_DASHBOARD,
    ROOT,
    read_json,
    read_manifest,
    read_yaml,
)
from tests.deploy.promql import list_expressions, list_selections

if TYPE_CHECKING:
    from tests.deploy.conftest import ServiceFacts

EXPRESSIONS = list_expressions()
PANELS = read_json(GRAFANA_DASHBOARD)["panels"]
(RULES,) = [group["rules"] for group in read_yaml(ALERTS)["groups"]]
(JOB,) = read_yaml(DEPLOY / "prometheus" / "prometheus.yaml")["scrape_configs"]
(SOURCE,) = read_yaml(DEPLOY / "grafana/provisioning/datasources/prometheus.yaml")["datasources"]


def list_own_metrics() -> dict[str, set[str]]:
    """Return the labels of every series that our own code exports, by name."""
    registry = CollectorRegistry()
    DecisionMetrics("1", registry)
    LogMetrics(registry)
    RunnerMetrics(registry)
    RefusalMetrics(registry)
    ServiceMetrics(ModelMarks("1", "f" * 16, "5e" * 32), registry)
    found: dict[str, set[str]] = {}
    for family in registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_an_expression_asks_for_metrics_that_the_code_counts(place: str) -> None:
    own = list_own_metrics()

    selections = list_selections(EXPRESSIONS[place])

    assert selections
    for selection in selections:
        if selection.name.startswith("credit_"):
            assert {name for name, _ in selection.labels} <= own[selection.name]
        else:
            assert selection.name == "up" or selection.name.startswith("bentoml_service_")


def test_everything_we_count_is_on_the_dashboard() -> None:
    shown = {
        selection.name
        for place, expression in EXPRESSIONS.items()
        if place.startswith("panel")
        for selection in list_selections(expression)
    }
    suffix = re.compile(r"_(total|bucket|sum|count|created)$")

    counted = {suffix.sub("", name) for name in list_own_metrics()}
    assert len(counted) == 9
    assert counted <= {suffix.sub("", name) for name in shown}


def test_decisions_are_asked_for_by_their_names() -> None:
    asked = {
        value
        for expression in EXPRESSIONS.values()
        for selection in list_selections(expression)
        for name, value in selection.labels
        if name == "decision"
    }

    assert asked
    assert asked <= set(Decision)


def test_the_job_has_the_same_name_wherever_it_is_asked_for() -> None:
    jobs = {
        value
        for expression in EXPRESSIONS.values()
        for selection in list_selections(expression)
        for name, value in selection.labels
        if name == "job"
    }

    # The operator of Kubernetes calls a job by its Service.
    assert jobs == {JOB["job_name"]} == {read_manifest("Service")["metadata"]["name"]}


def test_prometheus_scrapes_the_service_where_it_listens(service_facts: ServiceFacts) -> None:
    ((target,),) = [static["targets"] for static in JOB["static_configs"]]
    services = read_yaml(COMPOSE)["services"]

    name, _, port = target.partition(":")
    assert int(port) == service_facts.port
    assert set(services[name]["networks"]) & set(services["prometheus"]["networks"])
    assert JOB["metrics_path"] in service_facts.routes


def test_grafana_asks_prometheus_where_it_listens() -> None:
    services = read_yaml(COMPOSE)["services"]
    port = services["prometheus"]["ports"][0].rpartition(":")[2]

    assert SOURCE["url"] == f"http://prometheus:{port}"
    assert set(services["grafana"]["networks"]) & set(services["prometheus"]["networks"])
    assert {panel["datasource"]["uid"] for panel in PANELS} == {SOURCE["uid"]}


def test_grafana_looks_for_dashboards_where_they_are_mounted() -> None:
    (provider,) = read_yaml(DEPLOY / "grafana/provisioning/dashboards/credit.yaml")["providers"]
    mounts = read_yaml(COMPOSE)["services"]["grafana"]["volumes"]

    assert f"../grafana/dashboards:{provider['options']['path']}:ro" in mounts
    assert "../grafana/provisioning:/etc/grafana/provisioning:ro" in mounts


def test_panels_have_a_number_a_word_of_explanation_and_a_place_of_their_own() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert all(panel["description"] for panel in PANELS)
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_an_alert_tells_a_person_what_happened_and_waits_before_it_does() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["for"]
        assert set(rule["annotations"]) == {"summary", "description"}


def test_every_alert_is_tried_and_has_a_line_in_the_deployment_guide() -> None:
    tried = {
        case["alertname"]
        for test in read_yaml(ALERTS.with_name("alerts_test.yaml"))["tests"]
        for case in test["alert_rule_test"]
        if case.get("exp_alerts")
    }
    guide = (ROOT / "docs" / "deployment.md").read_text()

    names = {rule["alert"] for rule in RULES}
    assert names == tried == set(re.findall(r"^\| `(Credit\w+)` \|", guide, re.MULTILINE))


def test_the_autoscaler_and_the_dashboard_count_the_same_requests_in_flight() -> None:
    (shown,) = list_selections(EXPRESSIONS["panel 'Requests in flight' A"])
    (scaled,) = list_selections(EXPRESSIONS["adapter's metric"])

    assert shown.name == scaled.name == "bentoml_service_request_in_progress"
    assert set(shown.labels) < set(scaled.labels)
