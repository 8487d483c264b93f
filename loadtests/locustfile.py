"""Wires scenarios into Locust: clients ask, and check every answer (docs/loadtests.md).

`locust -f loadtests/locustfile.py --headless --scenario single --host http://127.0.0.1:3000` ends
with exit code 1 if an objective of the scenario is missed.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, ClassVar

from gevent import GreenletExit, get_hub, sleep, spawn
from locust import FastHttpUser, events, task
from locust.env import Environment
from locust.runners import LocalRunner, WorkerRunner

from credit.errors import CreditError
from loadtests import spike
from loadtests.applicants import find_folder, gather_population
from loadtests.inquiries import Inquiry, adapt_mix, take_turns
from loadtests.options import LoadTestSettings, add_options, read_options, set_defaults
from loadtests.run import Run
from loadtests.scenarios import Load
from settings import Settings

logger = logging.getLogger(__name__)

NETWORK_SECONDS = 30
STOP_SECONDS = 10
"""So long requests in flight are waited for when the time is over."""
MOMENT_SECONDS = 1
"""What was due so shortly before the end, and came to nothing, tells nothing of the service."""
SATURATION_SECONDS = 20
MOST_OF_THE_TIME = 0.2
"""Of a short run, so much may go into the search for saturation."""


class Branch(FastHttpUser):
    """A branch of the lender: asks about one applicant after the other, without a pause.

    In an open loop it is a sender, who takes the next request that becomes due.
    """

    network_timeout = NETWORK_SECONDS
    run_: ClassVar[Run]

    def on_start(self) -> None:
        """Bring the token along, where the service wants one, and wait for the first request."""
        if (token := Settings().service_token_text) is not None:
            self.client.auth_header = f"Bearer {token}"
        self.due: float | None = None
        self.wait()  # type: ignore[no-untyped-call]

    def wait_time(self) -> float:
        """Return in how many seconds the next request is due."""
        self.due = self.run_.find_due()
        return 0.0 if self.due is None else max(0.0, self.due - time.time())

    @task
    def ask(self) -> None:
        """Ask what comes next."""
        inquiry = self.run_.choose_inquiry()
        due = time.time() if self.due is None else self.due
        try:
            self._post(inquiry)
        except GreenletExit:
            if (waited := time.time() - due) > MOMENT_SECONDS:
                fire_failure(self.environment, inquiry.name, waited, "no answer")
            raise

    def _post(self, inquiry: Inquiry) -> None:
        with self.client.post(
            inquiry.path,
            name=inquiry.name,
            data=inquiry.body,
            headers={"Content-Type": "application/json"},
            context={"rows": inquiry.rows},
            catch_response=True,
        ) as response:
            if self.due is not None:
                response.request_meta["response_time"] = 1_000 * (time.time() - self.due)
            fault = inquiry.check(response.status_code, response.content or b"")
            if fault is None:
                response.success()
            else:
                response.failure(fault)


def fire_failure(environment: Environment, name: str, waited_seconds: float, why: str) -> None:
    """Tell Locust of a request that was not answered when the time was over."""
    environment.events.request.fire(  # type: ignore[no-untyped-call]
        request_type="POST",
        name=name,
        response_time=1_000 * waited_seconds,
        response_length=0,
        exception=RuntimeError(f"{why} when the time was over"),
        context={},
    )


def prepare(environment: Environment, **_event: Any) -> None:  # noqa: ANN401 -- locust's events carry anything
    """Read or make the applicants, and set the run up, before the first client starts."""
    parsed = environment.parsed_options
    if parsed is None:
        return  # Locust is used as a library, and whoever does so sets the run up
    options, settings = read_options(parsed), LoadTestSettings()
    if not isinstance(environment.runner, LocalRunner) and (options.rate or options.finds_rate):
        sys.exit("An open loop needs one process: leave out --processes, --master and --worker.")
    set_defaults(parsed, options.scenario)
    environment.stop_timeout = environment.stop_timeout or STOP_SECONDS
    try:
        folder = find_folder(settings.data, settings.home_credit)
        population = gather_population(
            folder,
            limit=settings.applicants,
            seed=settings.seed,
            histories=settings.histories,
        )
    except CreditError as error:
        logger.error(error)  # noqa: TRY400 -- its message says all
        sys.exit(error.exit_code)
    mix, notes = adapt_mix(options.scenario.mix, population)
    for line in (f"Scenario {options.name}. Applicants: {population.origin}.", *notes):
        logger.info(line)
    inquiries = take_turns(
        mix, population, batch_rows=options.scenario.batch_rows, seed=settings.seed
    )
    Branch.run_ = Run(options, inquiries, parsed.run_time)
    if options.scenario.load is Load.SPIKE and options.rate is None and parsed.run_time:
        shape = spike.Spike(parsed.num_users, parsed.run_time)
        shape.runner = environment.runner
        environment.shape_class = shape
    follow(environment)
    # Else the seconds that this took would be taken from the run time.
    get_hub().loop.update_now()


def follow(environment: Environment) -> None:
    """Have Locust tell what happens from now on; a worker leaves the verdict to its master."""
    listeners = [
        (events.test_start, start),
        (events.request, record),
        (events.test_stopping, stop),
        (events.report_to_master, lambda data, **_event: Branch.run_.hand_over(data)),
        (events.worker_report, lambda data, **_event: Branch.run_.take_over(data)),
    ]
    if not isinstance(environment.runner, WorkerRunner):
        listeners += [(events.quitting, decide_exit_code), (events.quit, report)]
    for event, listener in listeners:
        event.add_listener(listener)  # type: ignore[no-untyped-call]


def start(environment: Environment, **_event: Any) -> None:  # noqa: ANN401
    """Start the clock, and, where the rate is to be found, find it."""
    Branch.run_.start()
    if Branch.run_.options.finds_rate:
        spawn(find_rate, environment)


def find_rate(environment: Environment) -> None:
    """After some seconds in a closed loop, go on at a share of what was reached."""
    run_, parsed = Branch.run_, environment.parsed_options
    seconds = parsed.run_time if parsed is not None and parsed.run_time else float("inf")
    sleep(min(SATURATION_SECONDS, MOST_OF_THE_TIME * seconds))
    run_.start_at_share(run_.options.saturation_share)
    environment.stats.reset_all()
    logger.info("From now on %.0f requests become due a second.", run_.rate)


def record(
    response_time: float,
    exception: object,
    context: dict[str, int],
    **_event: Any,  # noqa: ANN401
) -> None:
    """Keep what became of a request."""
    Branch.run_.record(response_time, 0 if exception else context.get("rows", 0))


def stop(environment: Environment, **_event: Any) -> None:  # noqa: ANN401
    """Stop the clock, and count what was due and not sent."""
    for waited in Branch.run_.end(MOMENT_SECONDS):
        fire_failure(environment, "never sent", waited, "no sender was free")


def decide_exit_code(environment: Environment, **_event: Any) -> None:  # noqa: ANN401
    """Make the exit code tell whether the objectives were kept."""
    stop(environment)  # an interrupt comes before Locust stops
    runner = environment.runner
    missed = any(not verdict.kept for verdict in Branch.run_.judge())
    broken = runner is not None and bool(runner.exceptions)
    environment.process_exit_code = int(missed or broken)


def report(**_event: Any) -> None:  # noqa: ANN401
    """Print the verdicts, below Locust's own tables."""
    sys.stdout.write(f"{Branch.run_.describe()}\n")


events.init_command_line_parser.add_listener(add_options)  # type: ignore[no-untyped-call]
events.init.add_listener(prepare)  # type: ignore[no-untyped-call]
