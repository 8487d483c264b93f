"""One scenario: clients ask for decisions as fast as they get them, and check every answer.

`locust -f loadtests/locustfile.py --headless -u 64 -r 64 -t 30s --host http://127.0.0.1:3000`
ends with exit code 1 if a request failed or none was made. The applicants come from the folder
`CREDIT_LOADTEST_DATA`, or are made up.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

from gevent import get_hub
from locust import FastHttpUser, constant, events, task
from locust.env import Environment
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from loadtests.answer_check import find_fault
from loadtests.applicants import Question, make_questions, read_questions
from settings import Settings


class LoadTestSettings(BaseSettings):
    """Settings of the load test; environment variables `CREDIT_LOADTEST_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="CREDIT_LOADTEST_")

    data: Path | None = Field(None, description="Folder of an application table; made up if unset.")
    applicants: int = Field(2_000, gt=0, description="Different applicants to ask about.")
    seed: int = Field(7, description="Of the applicants that are made up.")


questions: list[Question] = []
turns = count()


def gather_questions(**_event: Any) -> None:  # noqa: ANN401 -- locust's events carry anything
    """Read or make the applicants before the first client starts."""
    settings = LoadTestSettings()
    if settings.data is None:
        questions.extend(make_questions(settings.applicants, settings.seed))
    else:
        questions.extend(read_questions(settings.data, settings.applicants))
    # Else the seconds that this took would be taken from the run time.
    get_hub().loop.update_now()


def fail_if_a_request_failed(environment: Environment, **_event: Any) -> None:  # noqa: ANN401
    """Make locust's exit code tell whether every request was answered as it must be."""
    total = environment.stats.total
    broken = environment.runner is not None and bool(environment.runner.exceptions)
    failed = total.num_failures > 0 or total.num_requests == 0 or broken
    environment.process_exit_code = int(failed)


events.init.add_listener(gather_questions)  # type: ignore[no-untyped-call]
events.quitting.add_listener(fail_if_a_request_failed)  # type: ignore[no-untyped-call]


class Branch(FastHttpUser):
    """A branch of the lender that asks about one applicant after the other, without a pause."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Bring the token along, where the service wants one."""
        if (token := Settings().service_token_text) is not None:
            self.client.auth_header = f"Bearer {token}"

    @task
    def ask_for_a_decision(self) -> None:
        """Ask about the next applicant."""
        question = questions[next(turns) % len(questions)]
        with self.client.post(
            "/predict",
            data=question.body,
            headers={"Content-Type": "application/json"},
            catch_response=True,
        ) as response:
            fault = find_fault(response.status_code, response.content or b"", question.client)
            if fault is not None:
                response.failure(fault)
