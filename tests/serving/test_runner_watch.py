from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from serving import runner_watch
from serving.runner_call import RunnerUnavailable
from serving.runner_watch import RunnerWatch, is_alive

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from numpy.typing import NDArray

FEATURES = np.ones((2, 3), np.float32)
SLEEP = "import time; print(flush=True); time.sleep(60)"


class Model:
    """Answers, unless it is held up or stalled."""

    def __init__(self) -> None:
        self.answers = True
        self.is_asked = asyncio.Event()
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.calls = 0

    async def probe(self) -> bool:
        return self.answers

    async def predict(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        self.calls += 1
        self.is_asked.set()
        await self.let_go.wait()
        if not self.answers:
            raise RunnerUnavailable("It does not answer.")
        return features[:, 0].astype(np.float64)


@pytest.fixture(autouse=True)
def _watch_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_watch, "CHECK_SECONDS", 0.001)


@pytest.fixture
def process() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", SLEEP], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.readline()
        yield psutil.Process(started.pid)
        started.kill()


def watch(
    script: Callable[[Model, RunnerWatch], Awaitable[None]],
    processes: Sequence[psutil.Process] = (),
) -> None:
    """Run what happens while the watch goes on."""

    async def run() -> None:
        model = Model()
        watching = RunnerWatch(lambda: processes, model.probe)
        task = asyncio.create_task(watching.run())
        try:
            async with asyncio.timeout(20):
                await script(model, watching)
        finally:
            task.cancel()

    asyncio.run(run())


async def wait_until(watching: RunnerWatch, *, available: bool) -> None:
    while watching.available is not available:  # noqa: ASYNC110 -- the watch tells nobody
        await asyncio.sleep(0.001)


def test_before_the_model_has_answered_once_nobody_waits_for_it() -> None:
    async def ask(model: Model, watching: RunnerWatch) -> None:
        model.answers = False
        await asyncio.sleep(0.01)
        with pytest.raises(RunnerUnavailable, match="send the request again"):
            await watching.guard(model.predict)(FEATURES)
        assert model.calls == 0

    watch(ask)


def test_while_the_model_answers_calls_go_through() -> None:
    async def ask(model: Model, watching: RunnerWatch) -> None:
        await wait_until(watching, available=True)
        assert (await watching.guard(model.predict)(FEATURES)).tolist() == [1.0, 1.0]

    watch(ask)


def test_when_its_process_ends_a_call_in_flight_fails_at_once(process: psutil.Process) -> None:
    async def ask(model: Model, watching: RunnerWatch) -> None:
        await wait_until(watching, available=True)
        model.let_go.clear()
        call = asyncio.ensure_future(watching.guard(model.predict)(FEATURES))
        await model.is_asked.wait()
        model.answers = False
        process.kill()
        with pytest.raises(RunnerUnavailable):
            await call
        assert not watching.available

    watch(ask, [process])


def test_one_that_was_too_slow_is_not_asked_again_before_it_answers() -> None:
    async def ask(model: Model, watching: RunnerWatch) -> None:
        await wait_until(watching, available=True)
        guarded = watching.guard(model.predict)
        model.answers = False
        for _ in range(3):
            with pytest.raises(RunnerUnavailable):
                await guarded(FEATURES)
        assert model.calls == 1
        model.answers = True
        await wait_until(watching, available=True)
        assert len(await guarded(FEATURES)) == 2

    watch(ask)


def test_a_caller_who_is_cancelled_is_cancelled() -> None:
    async def ask(model: Model, watching: RunnerWatch) -> None:
        await wait_until(watching, available=True)
        model.let_go.clear()
        call = asyncio.ensure_future(watching.guard(model.predict)(FEATURES))
        await model.is_asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert watching.available

    watch(ask)


def test_a_probe_that_fails_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(model: Model, watching: RunnerWatch) -> None:
        del model.answers
        await asyncio.sleep(0.01)
        model.answers = True
        await wait_until(watching, available=True)

    watch(ask)

    assert "The watch failed: AttributeError" in caplog.text


def test_a_process_that_ended_unnoticed_by_its_parent_is_not_alive(
    process: psutil.Process,
) -> None:
    before = is_alive(process)
    process.kill()
    while process.status() != psutil.STATUS_ZOMBIE:
        pass

    assert before
    assert not is_alive(process)
