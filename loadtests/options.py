"""What a load test is told, on Locust's command line and by environment variables."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from loadtests.load_shapes import MEAN_SPIKE_LEVEL
from loadtests.objectives import BOUNDS, Objectives, parse_objective
from loadtests.scenarios import DEFAULT, SCENARIOS, Load, Scenario

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser

SATURATION_SHARE = 0.7
MOST_SPAWNED = 100
"""Users that start in a second; Locust warns of more."""

LEAST_SHARE_OF_RATE = 0.95
"""Of the requests that an open loop is to make, so many must be answered in the time."""


class LoadTestSettings(BaseSettings):
    """Settings of the load test; environment variables `CREDIT_LOADTEST_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="CREDIT_LOADTEST_")

    data: Path | None = Field(None, description="Folder of an application table.")
    home_credit: Path | None = Field(
        None,
        validation_alias="HOME_CREDIT_DIR",
        description="The real tables, used where no other folder is given; made up if unset too.",
    )
    applicants: int = Field(2_000, gt=0, description="Different applicants to ask about.")
    histories: int = Field(100, ge=0, description="How many of them bring their history along.")
    seed: int = Field(7, description="Of the applicants that are made up, and of the mix.")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What was chosen on the command line.

    Attributes:
        name: The scenario's.
        rate: Requests a second that become due, in an open loop; None: a closed loop, or, under
            `Load.SHARE_OF_SATURATION`, a rate that has to be found first.
        saturation_share: Of what the service can do, in `Load.SHARE_OF_SATURATION`.
        stated: Objectives that take the place of the scenario's.
    """

    name: str
    rate: float | None
    saturation_share: float
    stated: Objectives

    @property
    def scenario(self) -> Scenario:
        """The scenario."""
        return SCENARIOS[self.name]

    @property
    def finds_rate(self) -> bool:
        """Whether the service's saturation has to be measured before the run."""
        return self.scenario.load is Load.SHARE_OF_SATURATION and self.rate is None

    def state_objectives(self, rate: float | None) -> Objectives:
        """Return what the run must show: in an open loop, nearly the whole rate too."""
        objectives = dict(self.scenario.objectives)
        if rate is not None:
            level = MEAN_SPIKE_LEVEL if self.scenario.load is Load.SPIKE else 1
            objectives["requests_per_second"] = LEAST_SHARE_OF_RATE * level * rate
        return {**objectives, **self.stated}


def add_options(parser: LocustArgumentParser, **_event: Any) -> None:  # noqa: ANN401 -- locust's
    """Add ours to Locust's."""
    parser.add_argument(
        "--scenario",
        choices=list(SCENARIOS),
        default=DEFAULT,
        env_var="CREDIT_LOADTEST_SCENARIO",
        help=f"What is asked for, and how much (docs/loadtests.md). Default: {DEFAULT}.",
    )
    parser.add_argument(
        "--rate",
        type=_parse_rate,
        env_var="CREDIT_LOADTEST_RATE",
        help="Open loop: so many requests a second become due, whatever the service does; users "
        "are senders, and latency counts from the moment a request was due.",
    )
    parser.add_argument(
        "--saturation-share",
        type=float,
        default=SATURATION_SHARE,
        help=f"Rate of soak as a share of what a closed loop reaches. Default: {SATURATION_SHARE}.",
    )
    parser.add_argument(
        "--objective",
        type=_parse_objective,
        action="append",
        default=[],
        metavar="NAME=LIMIT",
        include_in_web_ui=False,
        help=f"Takes the place of the scenario's, any number of times. Names: {', '.join(BOUNDS)}.",
    )


def read_options(parsed: Any) -> LoadOptions:  # noqa: ANN401 -- argparse's namespace
    """Return ours of all that the command line says."""
    return LoadOptions(
        parsed.scenario, parsed.rate, parsed.saturation_share, dict(parsed.objective)
    )


def set_defaults(parsed: Any, scenario: Scenario) -> None:  # noqa: ANN401 -- argparse's namespace
    """Put the scenario's users and duration where the command line says nothing."""
    if parsed.num_users is None:
        parsed.num_users = scenario.users
    if parsed.spawn_rate is None:
        parsed.spawn_rate = min(parsed.num_users, MOST_SPAWNED)
    if parsed.run_time is None and parsed.headless:
        parsed.run_time = scenario.seconds


def _parse_rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no rate. Write requests a second, above 0.")
    return rate


def _parse_objective(text: str) -> tuple[str, float]:
    try:
        return parse_objective(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
