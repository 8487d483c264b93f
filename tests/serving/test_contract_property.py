"""Whatever is sent as an applicant is refused by the contract, or decided, logged and replayed."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from credit.contract import APPLICATION_COLUMNS, HISTORY_TABLES, TABLES, Column, Kind
from credit.features.feature import CLIENT
from serving.applicant import check_applicant
from serving.coalescer import Coalescer
from serving.decider import Decider
from serving.decision_log import Decision, DecisionLog
from serving.history_block import check_history
from serving.history_store import HistoryStore
from serving.log_writer import LogWriter
from serving.metrics import DecisionMetrics, LogMetrics
from serving.minimal import Minimal
from serving.predictor import Predictor
from serving.rejection import RequestRejected
from serving.replay import replay
from serving.row_model import InvalidApplicant
from tests.cases import answer_with
from tests.serving.test_applicant import cells
from tests.serving.test_predictor import compute_no_histories

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from credit.bundle import Bundle

HUGE = 10**400
DEEP: list[Any] = []
for _ in range(200):
    DEEP = [DEEP]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([HUGE, -HUGE, 2**53, 2**63, 2**64, -(2**63) - 1]),
    st.floats(),
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs"]), min_size=1, max_size=2),
)
JSON_VALUES = st.recursive(
    SCALARS | st.just(DEEP),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=10,
)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
RESPELL = st.sampled_from(
    [
        str.lower,
        str.upper,
        str.title,
        str.swapcase,
        lambda text: f" {text}\t",
        lambda text: f"\u00a0{text}\u2003",
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(" ", "_"),
        lambda text: text.translate(FULL_WIDTH),
        lambda text: f"{text}\u200b",
        lambda text: f"{text}\u0301",
        lambda text: text + text,
        lambda text: text * 10_000,
    ]
)


def near(limit: float) -> st.SearchStrategy[float]:
    beside = [limit, math.nextafter(limit, math.inf), math.nextafter(limit, -math.inf)]
    return st.sampled_from([*beside, limit + 1, limit - 1, limit * 1e300])


def odd_cells(column: Column) -> st.SearchStrategy[Any]:
    """What somebody might say in a field, whether the contract lets them or not."""
    choices = [JSON_VALUES]
    if column.kind is Kind.CATEGORY:
        spelled = st.builds(
            lambda respell, text: respell(text), RESPELL, st.sampled_from(column.categories)
        )
        choices += [spelled, spelled]
    else:
        limits = [limit for limit in (column.minimum, column.maximum) if limit is not None]
        choices += [near(float(limit)) for limit in limits]
    return st.one_of(choices)


VALID = st.fixed_dictionaries(
    {column.name: cells(column) for column in APPLICATION_COLUMNS if column.required},
    optional={column.name: cells(column) for column in APPLICATION_COLUMNS if not column.required},
)


@st.composite
def odd_applicants(draw: st.DrawFn) -> dict[str, Any]:
    """A valid applicant with up to three fields that may be anything, and perhaps one too many."""
    applicant = dict(draw(VALID))
    columns = st.lists(st.sampled_from(APPLICATION_COLUMNS), max_size=3, unique=True)
    for column in draw(columns):
        applicant[column.name] = draw(odd_cells(column))
    if draw(st.integers(0, 9)) == 0:
        applicant[draw(st.text(max_size=5))] = draw(JSON_VALUES)
    return applicant


LENIENT = settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
THOROUGH = settings(LENIENT, max_examples=5_000)


@LENIENT
@given(JSON_VALUES | odd_applicants())
@example({"\ud800": 1})
@example({"SK_ID_CURR": "\udfff", "CODE_GENDER": "\ud800"})
@example({"SK_ID_CURR": DEEP})
def test_any_json_value_is_an_applicant_or_is_refused_as_one(row: object) -> None:
    try:
        checked = check_applicant(row, ("body", "data"))
    except InvalidApplicant as invalid:
        places = {detail.loc[:2] for detail in invalid.details}
    else:
        known = {name: cell for name, cell in checked.items() if cell is not None}
        nameable = {column.name: None for column in APPLICATION_COLUMNS if column.required}
        assert check_applicant({**nameable, **known}, ()) == checked
        places = {("body", "data")}
    assert places == {("body", "data")}


def guess_now(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return something that depends on every bit of the features."""
    bits = np.ascontiguousarray(features).view(np.uint32).astype(np.float64)
    pd: NDArray[np.float64] = bits.mean(axis=1) / 2**32
    return pd


async def guess(features: NDArray[np.float32]) -> NDArray[np.float64]:
    return guess_now(features)


class Pipeline:
    """From body to log as the service has it, without HTTP."""

    def __init__(self, log: DecisionLog, bundle: Bundle, runner: asyncio.Runner) -> None:
        self.log = log
        self.bundle = bundle
        self.runner = runner
        metrics = LogMetrics(CollectorRegistry())
        self.writer = LogWriter(log, bundle, None, "refuse", metrics, most_waiting=2_000)
        cases = Coalescer(
            Decider(HistoryStore.empty(), answer_with(guess), bundle).decide,
            max_batch_rows=1_000,
            max_waiting_rows=2_000,
            after=self.writer.record,
        )
        counted = DecisionMetrics("3", CollectorRegistry())
        self.predictor = Predictor(cases, compute_no_histories, bundle, counted)

    def reply(self, body: bytes) -> tuple[int, Any, list[Decision]]:
        """Return status, decoded content, and what was logged."""
        request_id = uuid4().hex
        replied = self.runner.run(self.predictor.reply(body, (), request_id))
        return replied.status, json.loads(replied.encode()), self.log.find(request_id)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory, bundle: Bundle) -> Iterator[Pipeline]:
    log = DecisionLog.open(f"sqlite:///{tmp_path_factory.mktemp('log')}/decisions.db")
    with asyncio.Runner() as runner:
        made = Pipeline(log, bundle, runner)
        yield made
        made.writer.close()


def require_recorded(pipeline: Pipeline, answer: dict[str, Any], logged: Decision) -> None:
    """Fail if the log's row is not the answer's, or does not lead to it again."""
    again = replay(logged, pipeline.bundle, guess_now)
    assert again.differences == ()
    assert not np.isinf(again.features).any()
    assert (answer["probability"], answer["decision"]) == (logged["probability"], again.decision)
    assert (answer["SK_ID_CURR"], answer["request_id"]) == (
        int(logged["client"]),
        logged["request_id"],
    )


def decide_in_one_piece(pipeline: Pipeline, rows: list[object]) -> None:
    status, content, logged = pipeline.reply(json.dumps({"data": rows}).encode())

    assert status in {200, 422}, content
    if status == 422:
        assert logged == []
        return
    answers = {place: answer for place, answer in enumerate(content) if "status" not in answer}
    assert len(content) == len(rows)
    assert list(answers) == [decision["position"] for decision in logged]
    for answer, decision in zip(answers.values(), logged, strict=True):
        require_recorded(pipeline, answer, decision)


@LENIENT
@given(st.lists(odd_applicants() | JSON_VALUES, min_size=1, max_size=4))
def test_whatever_passes_is_decided_logged_and_replayed(
    pipeline: Pipeline, rows: list[object]
) -> None:
    decide_in_one_piece(pipeline, rows)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@THOROUGH
@given(st.lists(odd_applicants() | JSON_VALUES, min_size=1, max_size=4))
def test_whatever_passes_of_thousands_is_decided_logged_and_replayed(
    pipeline: Pipeline, rows: list[object]
) -> None:
    decide_in_one_piece(pipeline, rows)


@LENIENT
@given(st.data())
def test_of_a_field_that_is_sent_twice_the_last_one_counts_and_is_logged(
    pipeline: Pipeline, data: st.DataObject
) -> None:
    applicant = data.draw(VALID)
    column = data.draw(st.sampled_from(APPLICATION_COLUMNS))
    twice = [*applicant.items(), (column.name, data.draw(cells(column) | st.text()))]
    twice.append((column.name, last := data.draw(cells(column))))
    members = ",".join(f"{json.dumps(name)}:{json.dumps(cell)}" for name, cell in twice)

    status, content, logged = pipeline.reply(f'{{"data": {{{members}}}}}'.encode())

    assert status == 200, content
    require_recorded(pipeline, content, logged[0])
    if column.name != CLIENT:
        assert json.loads(logged[0]["inputs"]).get(column.name) == last


TEXTS = st.one_of(
    (JSON_VALUES | odd_applicants()).map(json.dumps),
    odd_applicants().map(lambda row: json.dumps({"data": row})),
    st.text(st.sampled_from('{}[]",:0123456789eE+-.\\u truefalsnINdaxity\x00'), max_size=60),
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-7", "latin-1"])


@st.composite
def malformed_bodies(draw: st.DrawFn) -> bytes:
    """Return bytes that were JSON once: cut, in another encoding, with bytes between."""
    body = draw(TEXTS).encode(draw(ENCODINGS), errors="replace")
    place = draw(st.integers(0, len(body)))
    return draw(
        st.sampled_from([body, body[:place], body[place:], body + body[:place]])
        | st.binary(max_size=8).map(lambda noise: body[:place] + noise + body[place:])
    )


@LENIENT
@given(malformed_bodies() | st.binary(max_size=100))
def test_any_bytes_get_an_answer_that_is_no_failure(pipeline: Pipeline, body: bytes) -> None:
    status, content, logged = pipeline.reply(body)

    assert status in {200, 422}, content
    assert len(logged) == (status == 200)


@LENIENT
@given(malformed_bodies() | st.binary(max_size=100))
def test_any_bytes_are_a_minimal_request_or_refused_as_one(body: bytes) -> None:
    with pytest.raises(RequestRejected) as refused:
        Minimal(None).merge(body)

    assert refused.value.http_status in {422, 503}


@LENIENT
@given(st.data())
def test_any_history_is_one_or_is_refused_as_one(data: st.DataObject) -> None:
    table = TABLES[data.draw(st.sampled_from(sorted(HISTORY_TABLES)))]
    row = st.fixed_dictionaries(
        {column.name: cells(column) for column in table.columns if not column.nullable},
        optional={column.name: odd_cells(column) for column in table.columns if column.nullable},
    )
    rows = data.draw(st.lists(row | JSON_VALUES, max_size=3) | JSON_VALUES)

    with suppress(InvalidApplicant):
        assert set(check_history({table.name: rows}, 1, ())) == {table.name}
