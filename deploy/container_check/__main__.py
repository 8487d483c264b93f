"""Checks the image of a Bento: builds it, runs it without network or rights, asks and ends it.

It is built on python:3.11-slim by the Docker engine that runs. Where no engine runs, root on Debian
starts one (docker.io) for the time of the check; where no registry answers, root makes a base image
of Debian's packages in its stead (mmdebstrap). Neither package is installed without --install, and
with it they stay. Everything that was started is ended, also after Ctrl-C; the image stays in the
engine, and is the one that was checked. Exit code 0: all passed, 1: something failed, 2: it could
not be checked.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import bentoml
from bentoml.exceptions import BentoMLException

from credit.errors import CreditError
from credit.interrupt import Ending
from deploy.container_check import checks
from deploy.container_check.base_image import find_base
from deploy.container_check.command import CheckImpossible
from deploy.container_check.container import Container, start_container
from deploy.container_check.engine import Engine, use_engine
from deploy.container_check.image import (
    containerize,
    copy_metadata,
    measure_layers,
    measure_packages,
    read_labels,
)
from deploy.container_check.offline import Expectation, expect
from deploy.container_check.report import Report
from deploy.container_check.sbom import LIST_DEBIAN_PACKAGES, write_sbom
from deploy.container_check.start import start_timed
from parity import ParityOrder, ask_offline
from registry.containerizing import describe_bento
from registry.stage import Stage
from settings import Settings

PARITY_CLIENTS = 1_000
APPLICANTS = 400  # of whom one in seven is in the table that is asked from
LARGEST_SHOWN = 12
IMPOSSIBLE = 2


def main() -> int:
    """Return the exit code."""
    options = parse_options()
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    ending = Ending()
    ending.listen()
    report = Report()
    try:
        with ExitStack() as stack:
            check(options, report, stack)
    except KeyboardInterrupt:
        report.tell("Interrupted; everything that was started is ended.")
        return ending.exit_code
    except (CheckImpossible, CreditError, BentoMLException) as error:
        report.tell(f"{error}\nThe image could not be checked to the end.")
        report.failed += 1
        report.conclude()
        return IMPOSSIBLE
    return report.conclude()


def check(options: argparse.Namespace, report: Report, stack: ExitStack) -> None:
    """Do all of it; `stack` ends what is started."""
    bento = bentoml.bentos.get(options.bento)
    store = find_history_store(options.history_store)
    report.tell(f"Bento {bento.tag}, history store {store or 'none'}")
    with report.time_step("expect"):
        expectation = expect(bento, store, APPLICANTS)
    with report.time_step("engine"):
        engine = stack.enter_context(
            use_engine(options.cache, keep=options.keep, install=options.install)
        )
    with report.time_step("base image"):
        base = find_base(engine, options.cache, install=options.install)
    image = options.image or str(bento.tag)
    with report.time_step("containerize"):
        containerize(str(bento.tag), image, base, engine)
    weigh(report, engine, image, bento, stand_in=base.stand_in)
    if options.build_only:
        return

    checks.check_refusal(report, engine, image)
    begin = partial(
        start_container, engine, image, port=options.port, history_store=store, keep=options.keep
    )
    container, start = start_timed(stack, begin, report.tell)
    checks.check_ready_time(report, start, always=os.environ.get("CI") == "true")
    if options.data is not None:
        prove(report, container, options.data, options.stage)
    ask(report, container, expectation, options.malformed)
    with report.time_step("SBOM"):
        describe(report, engine, container, image, options.sbom)
    if options.keep:
        report.tell(f"Kept: container {container.name} of image {image}" + how_to_reach(engine))
        report.tell(f"It answers, for a day, who brings the token {container.token}")
    else:
        with report.time_step("end"):
            checks.check_drain(report, container, expectation.applicants[0])


def prove(report: Report, container: Container, data: Path, stage: Stage) -> None:
    """Check that the container says of the tables' clients what training said."""
    order = ParityOrder(data, stage, PARITY_CLIENTS, None, ())
    with report.time_step("parity"):
        checks.check_parity(report, container, ask_offline(order, Settings(), report.tell))


def weigh(
    report: Report, engine: Engine, image: str, bento: bentoml.Bento, *, stand_in: bool
) -> None:
    """Print what the image's layers weigh, and check their sum and the labels."""
    layers = measure_layers(engine, image)
    for layer in layers:
        report.tell(f"layer {layer.size_bytes / 1e6:6.1f} MB  {layer.made_by}")
    checks.check_size(report, [layer.size_bytes for layer in layers], stand_in=stand_in)
    checks.check_labels(report, read_labels(engine, image), describe_bento(str(bento.tag)))


def ask(report: Report, container: Container, expectation: Expectation, malformed: int) -> None:
    """Check the running service."""
    checks.check_memory(report, container.read_usage(), "when ready")
    checks.check_rights(report, container)
    checks.check_content(report, container)
    checks.check_information(report, container, expectation)
    checks.check_gate(report, container)
    checks.check_predictions(report, container, expectation)
    with report.time_step("malformed"):
        checks.check_malformed(report, container, expectation.applicants[0], malformed)
    checks.check_predictions(report, container, expectation)
    checks.check_memory(report, container.read_usage(), "afterwards")
    checks.check_writes(report, container)
    checks.check_health_status(report, container)


def describe(report: Report, engine: Engine, container: Container, image: str, file: Path) -> None:
    """Write the bill of materials, and print what is large."""
    for size_bytes, name in measure_packages(engine, container.name)[:LARGEST_SHOWN]:
        report.tell(f"      {size_bytes / 1e6:6.1f} MB  {name}")
    debian = container.execute(*LIST_DEBIAN_PACKAGES)
    with copy_metadata(engine, container.name) as metadata:
        names = write_sbom(metadata, debian, image, file)
    report.check(
        "the SBOM names xgboost-cpu and no mlflow",
        holds="xgboost-cpu" in names and not any(name.startswith("mlflow") for name in names),
        found=f"{len(names)} components in {file}",
    )


def find_history_store(chosen: Path | None) -> Path | None:
    """Return the history store to serve with: the one chosen, or the settings' if it is there."""
    if chosen is not None:
        return chosen
    default = Settings().written_history_store
    return default if default.exists() else None


def how_to_reach(engine: Engine) -> str:
    """Return what has to be set to reach an engine of our own; how to end it."""
    if not engine.own:
        return ""
    host = engine.environment["DOCKER_HOST"]
    return f"; DOCKER_HOST={host}, whose engine ends with `kill $(cat {host[7:-11]}pid)`"


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="deploy/container-check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("bento", nargs="?", default="credit_scoring:latest", help="a Bento's tag (%(default)s)")
    add("--image", metavar="NAME", help="what to name the image that is made (the Bento's tag)")
    add("--install", action="store_true",
        help="let apt install docker.io and mmdebstrap, if needed; they stay")  # fmt: skip
    add("--build-only", action="store_true", help="make the image, and do not run it")
    add("--keep", action="store_true", help="let the container run on, and do not end it")
    add("--port", type=int, help="serve on this port of 127.0.0.1, too; else it has no network")
    add("--history-store", type=Path, metavar="FILE", help="the clients' histories (the settings')")
    add("--data", type=Path, metavar="DIR",
        help="tables the model was trained on: its clients are compared, too")  # fmt: skip
    add("--stage", type=Stage, default=Stage.STAGING, choices=list(Stage),
        help="the stage of the Bento's version, for --data (%(default)s)")  # fmt: skip
    add("--malformed", type=int, default=300, metavar="N", help="malformed bodies (%(default)s)")
    cache = Settings().home / "container-check"
    add("--sbom", type=Path, default=cache / "sbom.cdx.json", metavar="FILE",
        help="where the bill of materials is written (%(default)s)")  # fmt: skip
    add("--cache", type=Path, default=cache, metavar="DIR",
        help="base image and engine of our own, kept for the next time (%(default)s)")  # fmt: skip
    options = parser.parse_args()
    options.cache = options.cache.absolute()
    return options


if __name__ == "__main__":
    sys.exit(main())
