"""The steps of the road wired with the settings, and the whole road in one go."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from credit.cost import CostMatrix
from credit.errors import ServiceFailed
from credit.pseudonym import provide_key
from parity import make_request_row
from registry.stage import Stage
from registry.trial import find_free_port, require_free_port, serve_bento
from releasing import build_version, find_user, promote_version
from training.telling import Say, Track

if TYPE_CHECKING:
    from registry.gate.report import GateReport
    from settings import Settings
    from training.engines.engine import HistoryEngine
    from training.pipeline import TrainingResult
    from training.tuning.best_parameters import TunedFamily
    from training.tuning.family_name import FamilyName


DEFAULT_PORT = 3000
STUDY_FILE = "studies.db"


@dataclass(frozen=True, slots=True)
class RoadOrder:
    """How to travel.

    Attributes:
        data: Folder or zip of the tables; None: demo tables.
        clients: Clients of the demo tables.
        seed: Seed of the demo tables.
        port: Port of the service; None: 3000 when it goes on serving, else any free one.
        keep_serving: Serve until interrupted.
        project: Folder of bentofile.yaml.
    """

    data: Path | None
    clients: int
    seed: int
    port: int | None
    keep_serving: bool
    project: Path


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """What to tune, and how long.

    Attributes:
        family: What is tuned.
        out: File of the parameters.
        trials: Trials the study is to have in all.
        timeout_minutes: After which no further trial begins; None: any.
        study: SQLite file of the study; None: one at home.
    """

    family: FamilyName
    out: Path
    trials: int
    timeout_minutes: float | None = None
    study: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What `credit train` may be told beyond the data.

    Attributes:
        feature_list: File of `credit select`; None: all features.
        parameters: File of `credit tune`; None: the package's own.
        refer_share: Share of applicants that a person is to decide on; None: nobody.
    """

    feature_list: Path | None = None
    parameters: Path | None = None
    refer_share: float | None = None


def travel(order: RoadOrder, settings: Settings, say: Say, track: Track) -> None:
    """Go from tables to a decision of the running service.

    Raises:
        CreditError: Whatever a step raises; what earlier steps registered stays.
    """
    port = order.port or (DEFAULT_PORT if order.keep_serving else find_free_port())
    require_free_port(port)
    data = order.data or _provide_demo_tables(order, settings, say, track)
    from training.engines.on_duckdb import DuckDbEngine

    result = train_version(data, settings, DuckDbEngine(), say, track)
    say(describe_evaluation(result))
    say(f"Its model card: {locate_card(result)}")
    say(f"Promoting version {result.published.version} to Staging")
    _promote(settings, result.published.version, say)
    bento = build_version(settings, Stage.STAGING, order.project, say)
    say(f"Starting {bento.tag}, pinned to {bento.model_tag}")
    log = settings.home / "service.log"
    store, token = settings.written_history_store, settings.service_token_text
    with serve_bento(bento.tag, port, store, log, token) as service:
        answer = service.api.decide(read_applicant(data))
        say(f"POST {service.url}/predict answers:\n{json.dumps(answer, indent=2)}")
        if order.keep_serving:
            say(f"Serving on {service.url}, log in {log}; Ctrl-C ends it.")
            service.wait_until_it_fails()
    say(f"Next: bentoml serve {bento.tag}")


def _promote(settings: Settings, version: str, say: Say) -> None:
    """Promote to Staging, in a registry of one's own also against the gate.

    A model of few clients is refused, and one of real tables that follows one of demo tables; a
    demo goes on, and says and records that it does. On a server, which others may use, it ends.
    """
    from registry.gate.table import conclude, render_table
    from registry.transition import Request

    request = Request(
        stage=Stage.STAGING,
        who=find_user(settings),
        reason="credit demo",
        force=settings.mlflow_tracking_uri.startswith("sqlite:"),
    )

    def show(report: GateReport) -> None:
        say(f"  {conclude(report)}" if report.passed else render_table(report))

    outcome = promote_version(settings, version, request, show)
    if outcome.record.transition.forced:
        say("Being a demo, it goes on all the same, which `credit history` tells")


def train_version(
    data: Path,
    settings: Settings,
    engine: HistoryEngine,
    say: Say,
    track: Track,
    options: TrainOptions | None = None,
) -> TrainingResult:
    """Train, evaluate and register a version, as the settings say, with the engine's histories.

    Raises:
        CreditError: As `training.pipeline.train`; RegistryError also if no server answers,
            TuningUnusable if the file of parameters is none.
    """
    from registry.connection import require_server

    require_server(settings.mlflow_tracking_uri)
    from training.order import TrainingOrder
    from training.pipeline import train
    from training.tuning.best_parameters import make_fit_settings, read_served_family

    options = options or TrainOptions()
    tuned = read_served_family(options.parameters)
    order = TrainingOrder(
        data=data,
        history_store=settings.written_history_store,
        application_store=settings.written_application_store,
        tracking_uri=settings.mlflow_tracking_uri,
        model_name=settings.model_name,
        costs=CostMatrix(settings.false_negative_cost, settings.false_positive_cost),
        memory_limit=settings.memory_limit,
        feature_list=options.feature_list,
        engine=engine,
        refer_share=options.refer_share,
        contact=settings.contact,
        pseudonym_key=provide_key(settings.pseudonym_key_text, settings.pseudonym_key_file),
        fit=make_fit_settings(tuned),
        tuned=tuned,
    )
    result = train(order, say, track)
    if Path(settings.history_store) != order.history_store:
        say(
            f"The clients' histories are in {order.history_store}, for training writes to no URL. "
            "Copy them to where CREDIT_HISTORY_STORE says"
        )
    if Path(settings.application_store) != order.written_application_store:
        say(
            f"Their applications are in {order.written_application_store}. Copy them to where "
            "CREDIT_APPLICATION_STORE says"
        )
    return result


def tune_family(
    data: Path,
    settings: Settings,
    plan: TuningPlan,
    say: Say,
    track: Track,
) -> TunedFamily:
    """Search a family's parameters, as the settings say, write them to a file and return them.

    Raises:
        CreditError: As `training.tuning.tune.tune`; RegistryError also if no server answers.
    """
    from registry.connection import require_server

    require_server(settings.mlflow_tracking_uri)
    from training.tuning.tune import TuningOrder, tune

    order = TuningOrder(
        data=data,
        family=plan.family,
        out=plan.out,
        study=plan.study or settings.home / STUDY_FILE,
        tracking_uri=settings.mlflow_tracking_uri,
        trials=plan.trials,
        timeout_s=None if plan.timeout_minutes is None else 60 * plan.timeout_minutes,
        costs=CostMatrix(settings.false_negative_cost, settings.false_positive_cost),
        memory_limit=settings.memory_limit,
    )
    return tune(order, say, track)


def describe_evaluation(result: TrainingResult) -> str:
    """Return the out-of-fold figures as lines for a person."""
    evaluation, choice, metrics = result.evaluation, result.evaluation.choice, result.metrics
    return "\n".join(
        (
            (
                f"{result.published.model_name} version {result.published.version}, out of fold on "
                f"{result.clients:,} clients (default rate {evaluation.default_rate:.2%}):"
            ),
            (
                f"  AUC {evaluation.auc:.4f}   Gini {evaluation.gini:.4f}   "
                f"KS {evaluation.ks:.4f}   calibration error {evaluation.ece:.4f}"
            ),
            (
                f"  threshold {choice.threshold:.4f}; expected cost {metrics['nested_cost']:.4f} "
                f"per applicant, refusing {metrics['nested_refused_share']:.1%} (nested folds)"
            ),
        )
    )


def locate_card(result: TrainingResult) -> str:
    """Return where the version's model card is: a path, or a URI that MLflow reads."""
    from training.run_files import CARD_FILE

    artifacts = result.published.artifacts
    if artifacts.startswith("file:"):
        return str(Path(url2pathname(urlsplit(artifacts).path)) / CARD_FILE)
    return f"{artifacts}/{CARD_FILE}"


def read_applicant(data: Path) -> dict[str, object]:
    """Return one application as a scoring request would carry it, of application_test if there."""
    from training.tables import open_tables

    with open_tables(data) as tables:
        population = (
            "application_test" if "application_test" in tables.present else "application_train"
        )
        relation = tables.relation(population).order("SK_ID_CURR").limit(1)
        rows = relation.fetchall()
        if not rows:
            raise ServiceFailed(f"{population} holds no application to ask the service about.")
        cells = dict(zip(relation.columns, rows[0], strict=True))
    return make_request_row(cells)


def _provide_demo_tables(order: RoadOrder, settings: Settings, say: Say, track: Track) -> Path:
    """Return the folder of demo tables, made anew: older ones may be of another generator."""
    from demo.tables import make_demo_tables

    folder = settings.home / "demo" / f"{order.clients}-clients-seed-{order.seed}"
    say(f"Making demo tables of {order.clients:,} clients in {folder}")
    make_demo_tables(
        folder,
        clients=order.clients,
        seed=order.seed,
        file_format="parquet",
        overwrite=True,
        on_progress=partial(track, "Clients"),
    )
    return folder
