"""The PromQL of dashboard, alerts and autoscaler, and the metrics and labels it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser

from tests.deploy.deploy_files import ADAPTER, ALERTS, GRAFANA_DASHBOARD, read_json, read_yaml


@dataclass(frozen=True, slots=True)
class Selection:
    """One metric that an expression asks for.

    Attributes:
        name: Of the metric.
        labels: What its labels are matched with.
    """

    name: str
    labels: tuple[tuple[str, str], ...]


def list_expressions() -> dict[str, str]:
    """Return every expression, by where it stands."""
    found = {}
    for panel in read_json(GRAFANA_DASHBOARD)["panels"]:
        for target in panel["targets"]:
            found[f"panel {panel['title']!r} {target['refId']}"] = target["expr"]
    for group in read_yaml(ALERTS)["groups"]:
        found |= {f"alert {rule['alert']}": rule["expr"] for rule in group["rules"]}
    (rule,) = read_yaml(ADAPTER)["rules"]["custom"]
    found["adapter's series"] = rule["seriesQuery"]
    found["adapter's metric"] = _fill_in(rule)
    return found


def list_selections(expression: str) -> set[Selection]:
    """Return the metrics that an expression asks for; grafana's variables are filled in."""
    parsed = promql_parser.parse(expression.replace("$__rate_interval", "1m"))
    return {_describe_selector(selector) for selector in _find_selectors(parsed)}


def list_groupings(expression: str) -> set[str]:
    """Return the labels by which an expression groups."""
    lists = re.findall(r"\bby \(([\w, ]*)\)", expression)
    return {label.strip() for labels in lists for label in labels.split(",")}


def _describe_selector(selector: promql_parser.VectorSelector) -> Selection:
    matches = selector.matchers.matchers
    return Selection(str(selector.name), tuple((match.name, match.value) for match in matches))


def _find_selectors(node: Any) -> Iterator[promql_parser.VectorSelector]:  # noqa: ANN401
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for part in ("lhs", "rhs", "expr", "args", "param", "vector_selector"):
        below = getattr(node, part, None)
        for child in below if isinstance(below, list) else [below]:
            if child is not None:
                yield from _find_selectors(child)


def _fill_in(rule: dict[str, Any]) -> str:
    """Return the adapter's query as it asks it, of one pod."""
    series = rule["seriesQuery"].partition("{")[0]
    query: str = rule["metricsQuery"]
    for place, text in (
        ("<<.Series>>", series),
        ("<<.LabelMatchers>>", 'namespace="here",pod="one"'),
        ("<<.GroupBy>>", "pod"),
    ):
        query = query.replace(place, text)
    return query
