"""The BentoML services: wiring only.

`bentoml serve` runs two: `credit_scoring` speaks HTTP, checks applicants and computes their
features; `credit_runner` holds the model in a process of its own and answers whole batches.
"""

# BentoML's decorators and most of what it exports are untyped.
# mypy: disable-error-code="misc,untyped-decorator,no-any-return"

import asyncio
import gc
import logging
import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import bentoml
import numpy as np
from bentoml.exceptions import BentoMLException, NotFound
from bentoml.validators import ContentType
from numpy.typing import NDArray
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from credit.bundle import STORED_MODEL_FILE, Bundle, compute_fingerprint
from credit.errors import CreditError, LogUnavailable
from credit.features.catalog import FEATURE_NAMES
from serving.access import AccessControl
from serving.access_settings import (
    LOOPBACK,
    find_host,
    has_key,
    open_checker,
    require_guard,
)
from serving.answers import Answer, Reply
from serving.applicant import describe_features
from serving.assessment import Assessor
from serving.coalescer import Coalescer
from serving.connection import bound_connections
from serving.counterfactuals import Counterfactuals
from serving.decider import Decider
from serving.decision_record import describe_decision
from serving.explained_answer import ExplainedAnswer
from serving.explained_predictor import ExplainedPredictor
from serving.explainer import Explainer
from serving.fast_route import Answering, FastRequest, FastRoute
from serving.guard import Guard
from serving.guarded_service import guard_service
from serving.history_computation import HistoryComputation
from serving.limiter import Limiter
from serving.limits import Limits
from serving.log_format import LogFile, set_up_logs
from serving.metrics import DecisionMetrics, RunnerMetrics
from serving.minimal import Minimal
from serving.minimal_predictor import MinimalPredictor
from serving.model_columns import read_model_columns
from serving.openapi import complete_openapi
from serving.opening import (
    find_application_store,
    find_history_store,
    open_application_store,
    open_history_store,
    open_log_writer,
    try_log,
)
from serving.outliving import find_other_workers, find_workers, outlive
from serving.predictor import Predictor
from serving.rejection import ErrorDetail, RequestRejected
from serving.request import MAX_BODY_BYTES, choose_request_id, parse_include_all, parse_tail
from serving.runner_call import RunnerCall, RunnerUnavailable
from serving.runner_watch import RunnerWatch
from serving.service_metrics import (
    ModelMarks,
    RefusalMetrics,
    ServiceMetrics,
    forget_dead_workers,
)
from serving.state import describe_health, describe_model
from serving.tracing import configure_tracing, require_tracing
from serving.warm_up import WarmUp
from settings import Settings

logger = logging.getLogger("bentoml.credit")
settings = Settings()

MAX_BATCH_ROWS = settings.max_batch_rows
MAX_WAITING_ROWS = 4 * MAX_BATCH_ROWS
RUNNER = "credit_runner"
RUNNER_TIMEOUT_SECONDS = 5
PROBE_TIMEOUT_SECONDS = 1
SAMPLE_SECONDS = 1

# BentoML closes the connection to the runner every 100 requests, others in flight or not.
STEADY_CONNECTION: Any = {"max_requests": 10**9, "max_age": 1e9}
QUIET: Any = {"access": {"enabled": False}}
# BentoML's own default is every address of the machine.
ADDRESS: Any = {} if has_key(settings) else {"host": LOOPBACK}
TRACING: Any = configure_tracing(settings.tracing_endpoint, settings.tracing_sample_rate)

# Raw bytes on the wire: any other type has BentoML build a JSON schema in every call.
Predictions = Annotated[np.ndarray, ContentType("application/octet-stream")]


# Set for the workers by the main process: one that is started again later must not find, as
# "latest", a model that was imported meanwhile.
MODEL_TAG_VARIABLE = "CREDIT_MODEL_TAG"


class BuildArguments(BaseModel):
    """What `bentoml build --arg` and `bentoml serve --arg` take."""

    model_tag: str = os.environ.get(MODEL_TAG_VARIABLE, f"{settings.model_name}:latest")
    bundle_digest: str = ""  # a Bento serves what it was built for, or nothing


arguments = bentoml.use_arguments(BuildArguments)


class PredictionBody(bentoml.IODescriptor):
    """The body of `/predict`, handed on undecoded.

    BentoML would answer a body that it finds invalid with 400 for all rows, and log its values.
    """

    data: dict[str, Any] | list[dict[str, Any]]

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> "PredictionBody":  # noqa: ARG003
        """Return the body's bytes."""
        return cls.model_construct(data=await read_body(request))


class MinimalBody(bentoml.IODescriptor):
    """The body of `/predict-minimal`, handed on undecoded: whole, in the place of each field."""

    sk_id_curr: int
    amt_credit: float
    duration_months: int

    @classmethod
    async def from_http_request(cls, request: Request, serde: object) -> "MinimalBody":  # noqa: ARG003
        """Return the body's bytes."""
        body = await read_body(request)
        return cls.model_construct(**dict.fromkeys(cls.model_fields, body))


async def read_body(request: Request) -> bytes:
    """Return the bytes of the body; of one that is too large only enough to tell."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return bytes(body)


class ImportedModel(bentoml.models.BentoModel):
    """A model of the BentoML store."""

    def resolve(self, base_path: str | os.PathLike[str] | None = None) -> bentoml.Model:
        """Return the model.

        Raises:
            NotFound: If it is not in the store; BentoML would go and look for it in its cloud.
        """
        if self.stored is None:
            raise NotFound(
                f"There is no model {self.tag} in the BentoML store. Import the Staging version "
                "with `credit build`, or make everything with `credit demo`."
            )
        return super().resolve(base_path)


def load_bundle(model: bentoml.Model) -> Bundle:
    """Return the facts that were published with the model.

    Raises:
        FingerprintMismatch: If the model was fitted with other contract or feature code, its file
            is another than the registered one, or the Bento was built for another.
    """
    bundle = Bundle.from_metadata(model.info.metadata)
    bundle.require_fingerprint(compute_fingerprint())
    bundle.require_model_file(locate_booster(model))
    if arguments.bundle_digest:
        bundle.require_digest(arguments.bundle_digest)
    return bundle


def locate_booster(model: bentoml.Model) -> Path:
    """Return the booster's file in the BentoML store."""
    return Path(model.path_of(STORED_MODEL_FILE))


def find_log_file(settings: Settings) -> LogFile | None:
    """Return where log lines are kept; None if nowhere."""
    if settings.log_file is None:
        return None
    most_bytes = round(settings.log_file_megabytes * 1_000_000)
    return LogFile(settings.log_file.absolute(), most_bytes, settings.log_files_kept)


def set_up_process_logs(process: str | None = None) -> None:
    """Have this process log as the settings say, under its name; default: its worker's."""
    context = bentoml.server_context
    name = process or f"{context.service_name or 'service'}-{context.worker_index or 1}"
    set_up_logs(name, settings.log_format, find_log_file(settings))


def freeze_garbage() -> None:
    """Exempt what was loaded at start from garbage collection, whose pauses clients would feel."""
    gc.collect()
    gc.freeze()


@bentoml.service(
    name=RUNNER,
    workers=1,
    threads=1,
    traffic={"timeout": RUNNER_TIMEOUT_SECONDS},
    runner_connection=STEADY_CONNECTION,
    logging=QUIET,
    tracing=TRACING,
)
class CreditRunner:
    """The model in a process of its own; concurrent calls are answered in one batch."""

    model = ImportedModel(arguments.model_tag)

    def __init__(self) -> None:
        # XGBoost brings SciPy: half a second and 23 MB that only this process needs.
        from credit.prediction import find_columns, predict_pd
        from serving.booster import load_booster
        from serving.contributions import Contributions

        set_up_process_logs()
        load_bundle(self.model)
        booster = load_booster(locate_booster(self.model))
        self.predict_pd = partial(predict_pd, booster, columns=find_columns(booster))
        self.contributions = Contributions(booster)
        self.assessor = Assessor(self.predict_pd, self.contributions.sum_by_reason)
        self.metrics = RunnerMetrics()

    @bentoml.on_startup
    def freeze_garbage(self) -> None:
        freeze_garbage()

    @bentoml.on_startup
    async def outlive_requests(self) -> None:
        # Asynchronous, and so run where signals are: in the main thread, after uvicorn's own setup.
        outlive(lambda: bool(find_other_workers(RUNNER)), settings.deadline_seconds)

    # The latency is where BentoML sheds load, not how long it waits for a fuller batch.
    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH_ROWS, max_latency_ms=4_000)
    async def assess(self, question: np.ndarray) -> Predictions:
        """Return probabilities and what refusals rest on (`serving.assessment`)."""
        self.metrics.count(len(question))
        return self.assessor.assess(question)

    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH_ROWS, max_latency_ms=4_000)
    async def predict(self, features: np.ndarray) -> Predictions:
        """Return probabilities of default of what nobody applied for, float64 of shape (n,)."""
        return self.predict_pd(features)

    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH_ROWS, max_latency_ms=4_000)
    async def pred_contribs(self, features: np.ndarray) -> Predictions:
        """Return contributions and bias in log-odds, float32 of shape (n, columns + 1)."""
        return self.contributions.compute(features)

    @bentoml.api
    async def probe(self, question: np.ndarray) -> Predictions:
        """Return what `assess` does, uncounted: nobody is decided on."""
        return self.assessor.assess(question)


async def get_features(request: Request) -> Response:
    """Tell the fields of an applicant."""
    try:
        include_all = parse_include_all(request.query_params.multi_items())
    except RequestRejected as rejection:
        return respond({"detail": rejection.details}, rejection.http_status)
    return respond(describe_features(include_all=include_all))


async def get_model_info(_request: Request) -> Response:
    """Tell which model decides, and by what threshold and costs."""
    service: CreditScoring = bentoml.get_current_service()
    return respond(describe_model(service.model_tag, service.bundle, service.store))


async def get_health(_request: Request) -> Response:
    """Tell whether model, runner and history store are there."""
    service: CreditScoring = bentoml.get_current_service()
    ready = await service.__is_ready__()
    health = describe_health(service.model_tag, service.bundle, service.store, ready=ready)
    return respond(health, 200 if ready else 503)


async def get_logs(request: Request) -> Response:
    """Tell the last decisions."""
    service: CreditScoring = bentoml.get_current_service()
    try:
        count = parse_tail(request.query_params.multi_items())
        decisions = await asyncio.to_thread(service.tell_last_decisions, count)
    except RequestRejected as rejection:
        return respond({"detail": rejection.details}, rejection.http_status)
    except LogUnavailable as error:
        return respond({"detail": [ErrorDetail((), str(error), "unavailable")]}, error.http_status)
    return respond({"decisions": decisions})


async def get_openapi(_request: Request) -> Response:
    """Tell what Swagger shows."""
    generated = CreditScoring.openapi_spec.asdict()  # type: ignore[attr-defined]
    return respond(complete_openapi(generated, guarded=has_key(settings)))


def respond(content: object, status: int = 200) -> Response:
    """Return content as a JSON response."""
    return Response(to_json(content), status, media_type="application/json")


def send(reply: Reply, request_id: str, ctx: bentoml.Context) -> Response:
    """Return the reply as a response that carries the request's id."""
    ctx.response.status_code = reply.status  # BentoML puts it over the response's own
    headers = {**reply.headers, "X-Request-ID": request_id}
    return Response(reply.encode(), headers=headers, media_type="application/json")


def answer_by(predictor: str) -> Answering:
    """Return what replies to a route by one of the service's predictors."""

    async def answer(request: FastRequest) -> Reply:
        service: CreditScoring = bentoml.get_current_service()
        reply: Reply = await getattr(service, predictor).reply(
            request.body, request.query, request.id
        )
        return reply

    return answer


get_routes = Starlette(
    routes=[
        Route("/features", get_features),
        Route("/model-info", get_model_info),
        Route("/health", get_health),
        Route("/logs", get_logs),
        Route("/docs.json", get_openapi),
    ]
)


@bentoml.service(
    name="credit_scoring",
    http=ADDRESS,
    workers=settings.workers,
    runner_probe={"enabled": False},
    runner_connection=STEADY_CONNECTION,
    logging=QUIET,
    tracing=TRACING,
)
@bentoml.asgi_app(get_routes)
class CreditScoring:
    """Decides on loan applications: probability of default, threshold, decision."""

    model = ImportedModel(arguments.model_tag)
    runner = bentoml.depends(CreditRunner)

    def __init__(self) -> None:
        set_up_process_logs()
        forget_dead_workers()
        self.model_tag = str(self.model.tag)
        self.bundle = load_bundle(self.model)
        self.store = open_history_store(find_history_store(settings))
        self.probe_runner = RunnerCall(self.probe_remotely)
        self.watch = RunnerWatch(partial(find_workers, RUNNER), self.does_runner_answer)
        self.log_writer = open_log_writer(settings, self.bundle, most_waiting=MAX_WAITING_ROWS)
        decide = partial(Decider, self.store, bundle=self.bundle, explain=settings.log_reasons)
        self.cases = Coalescer(
            decide(ask=self.watch.guard(RunnerCall(self.assess_remotely))).decide,
            max_batch_rows=MAX_BATCH_ROWS,
            max_waiting_rows=MAX_WAITING_ROWS,
            outages=(RunnerUnavailable,),
            after=self.log_writer.record if self.log_writer else None,
        )
        self.warm_up = WarmUp(
            decide(ask=self.probe_runner).decide,
            self.log_writer.rehearse if self.log_writer else None,
            self.bundle,
        )
        self.histories = HistoryComputation()
        self.metrics = ServiceMetrics(
            ModelMarks(self.bundle.model_version, self.bundle.fingerprint, self.bundle.model_sha256)
        )
        self.beside: set[asyncio.Task[None]] = set()
        metrics = DecisionMetrics(self.bundle.model_version)
        self.predictor = Predictor(self.cases, self.histories.compute, self.bundle, metrics)
        self.explained = ExplainedPredictor(
            self.predictor,
            Explainer(
                self.watch.guard(RunnerCall(self.contribute_remotely)),
                read_model_columns(locate_booster(self.model)),
            ),
            Counterfactuals(self.watch.guard(RunnerCall(self.predict_remotely))),
        )
        applications = open_application_store(find_application_store(settings))
        self.minimal = MinimalPredictor(self.predictor, Minimal(applications))

    @bentoml.on_deployment
    @staticmethod
    def refuse_to_start_if_unfit() -> None:
        """Fail in the main process, with one line, before workers fail again and again."""
        model = bentoml.models.get(arguments.model_tag)
        try:
            require_tracing(settings.tracing_endpoint)
            load_bundle(model)
            store = find_history_store(settings)
            open_history_store(store)
            applications = find_application_store(settings)
            open_application_store(applications)
            try_log(settings)
            notice = require_guard(settings, find_host())
        except CreditError as error:
            raise BentoMLException(str(error)) from None
        if notice is not None:
            logger.warning(notice)
        os.environ[MODEL_TAG_VARIABLE] = str(model.tag)
        set_up_process_logs("main")
        os.environ.update(settings.worker_variables)  # a Bento's workers run elsewhere
        if store is not None:
            # Workers read the file that was checked, and do not fetch another one.
            os.environ["CREDIT_HISTORY_STORE"] = str(store)
        if applications is not None:
            os.environ["CREDIT_APPLICATION_STORE"] = str(applications)

    @bentoml.on_startup
    def freeze_garbage(self) -> None:
        freeze_garbage()

    @bentoml.on_startup
    async def begin_beside(self) -> None:
        # What nobody waits for: the server listens meanwhile, and says that it is not ready.
        for work in (self.watch.run(), self.warm_up.run(), self.sample_queue()):
            self.beside.add(asyncio.create_task(work))

    @bentoml.on_shutdown
    def end_beside(self) -> None:
        for task in self.beside:
            task.cancel()

    async def sample_queue(self) -> None:
        """Tell again and again how many applicants wait."""
        while True:
            self.metrics.tell_waiting(self.cases.waiting_rows)
            await asyncio.sleep(SAMPLE_SECONDS)

    @bentoml.on_shutdown
    def close_log(self) -> None:
        if self.log_writer is not None:
            self.log_writer.close()

    def tell_last_decisions(self, count: int) -> list[dict[str, Any]]:
        """Return the last decisions, the newest first.

        Raises:
            LogUnavailable: If the log is off or cannot be read.
        """
        if self.log_writer is None:
            raise LogUnavailable("The decision log is off.")
        return [describe_decision(decision) for decision in self.log_writer.log.tail(count)]

    async def __is_ready__(self) -> bool:
        """Return whether all was warmed up once, and the runner answers within a second."""
        if not (self.warm_up.done and self.histories.is_ready() and self.watch.available):
            return False
        return await self.does_runner_answer()

    async def does_runner_answer(self) -> bool:
        """Return whether the runner answers within a second."""
        unknown_applicant = np.full((1, len(FEATURE_NAMES) + 1), np.nan, np.float32)
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_SECONDS):
                await self.probe_runner(unknown_applicant)
        except (TimeoutError, RunnerUnavailable, BentoMLException):
            return False
        return True

    # BentoML makes the methods called here after `__init__`.
    async def assess_remotely(self, question: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the runner's answer to a packed question."""
        return await self.runner.to_async.assess(question)

    async def predict_remotely(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the runner's probabilities, shape (n,)."""
        return await self.runner.to_async.predict(features)

    async def contribute_remotely(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the runner's contributions, shape (n, columns of the model + 1)."""
        return await self.runner.to_async.pred_contribs(features)

    async def probe_remotely(self, question: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the runner's answer to a question that is not counted.

        Raises:
            BentoMLException: If BentoML has not connected to it yet, which it does last.
        """
        service: CreditScoring = bentoml.get_current_service()
        return await service.runner.to_async.probe(question)

    @bentoml.api(route="/predict", input_spec=PredictionBody, output_spec=Answer)
    async def predict(self, data: bytes, ctx: bentoml.Context) -> Response:
        """Decide on one applicant or on a list of them.

        This is what BentoML's client and Swagger know; over HTTP `FastRoute` comes before it, as
        before the two below.
        """
        request_id = choose_request_id(ctx.request.headers.get("X-Request-ID"))
        query = ctx.request.query_params.multi_items()
        reply = await self.predictor.reply(data, query, request_id)
        return send(reply, request_id, ctx)

    @bentoml.api(route="/explain", input_spec=PredictionBody, output_spec=ExplainedAnswer)
    async def explain(self, data: bytes, ctx: bentoml.Context) -> Response:
        """Decide on one applicant, and tell how the decision came about."""
        request_id = choose_request_id(ctx.request.headers.get("X-Request-ID"))
        query = ctx.request.query_params.multi_items()
        reply = await self.explained.reply(data, query, request_id)
        return send(reply, request_id, ctx)

    @bentoml.api(route="/predict-minimal", input_spec=MinimalBody, output_spec=Answer)
    async def predict_minimal(
        self, sk_id_curr: bytes, ctx: bentoml.Context, **_same: bytes
    ) -> Response:
        """Decide on a stored application with another amount and duration."""
        request_id = choose_request_id(ctx.request.headers.get("X-Request-ID"))
        query = ctx.request.query_params.multi_items()
        reply = await self.minimal.reply(sk_id_curr, query, request_id)
        return send(reply, request_id, ctx)


bound_connections()
LIMITS = Limits(settings.max_concurrency, settings.deadline_seconds)

guard_service(
    CreditScoring,
    lambda app, routes: Guard(app, routes, RefusalMetrics(), log_access=settings.access_log),
)
CreditScoring.add_asgi_middleware(Limiter, limits=LIMITS)  # type: ignore[attr-defined]
CreditScoring.add_asgi_middleware(  # type: ignore[attr-defined]
    AccessControl,
    open_checker=partial(open_checker, settings),
    allow_anonymous=settings.allow_anonymous,
)
for path, predictor in (
    ("/predict", "predictor"),  # before the others
    ("/explain", "explained"),
    ("/predict-minimal", "minimal"),
):
    CreditScoring.add_asgi_middleware(  # type: ignore[attr-defined]
        FastRoute, path=path, answer=answer_by(predictor)
    )
