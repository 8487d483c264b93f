"""How long a container took to get ready, and who used the processors meanwhile."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

import psutil

from deploy.container_check.container import Container, Usages

READY_LIMIT_SECONDS = 4
BUSY_SHARE = 0.2
ENGINE_PROGRAMS = ("dockerd", "containerd")  # and containerd-shim-…, who waits for what `exec` ran


@dataclass(frozen=True, slots=True)
class Start:
    """A start, until the first ready answer.

    Attributes:
        seconds: From `docker run` on.
        busy_seconds: Processor time of the whole machine meanwhile.
        engine_seconds: What of it was the engine's and its clients'.
        usages: What of it was the container's.
    """

    seconds: float
    busy_seconds: float
    engine_seconds: float
    usages: Usages

    @property
    def is_late(self) -> bool:
        """Whether it took longer than promised."""
        return self.seconds > READY_LIMIT_SECONDS

    @property
    def others_seconds(self) -> float:
        """Processor time of those who have nothing to do with it."""
        return max(0.0, self.busy_seconds - self.engine_seconds - self.usages.cpu_seconds)

    @property
    def is_disturbed(self) -> bool:
        """Whether others took so much that being late tells nothing."""
        return self.others_seconds > BUSY_SHARE * self.busy_seconds

    def describe(self) -> str:
        """Return the figures."""
        cpu = ", ".join(f"{one.name} {one.cpu_seconds:.2f} s" for one in self.usages.processes)
        return (
            f"{self.seconds:.2f} s; processor time: {cpu}; "
            f"engine {self.engine_seconds:.1f} s, others meanwhile {self.others_seconds:.1f} s"
        )


def start_timed(
    stack: ExitStack,
    begin: Callable[[], AbstractContextManager[Container]],
    tell: Callable[[str], None],
) -> tuple[Container, Start]:
    """Return a ready container and its start; after a late one that others disturbed, a second.

    Args:
        stack: Ends the container.
        begin: Starts one.
        tell: Hears of a second start.
    """
    container, first = _time_start(stack, begin)
    if not (first.is_late and first.is_disturbed):
        return container, first
    tell(f"started once more, since others use this machine: {first.describe()}")
    container.remove()
    container, second = _time_start(stack, begin)
    return container, choose_start(first, second)


def choose_start(*starts: Start) -> Start:
    """Return the start to judge: one in time, else one that nobody disturbed, else the fastest."""
    return min(starts, key=lambda start: (start.is_late, start.is_disturbed, start.seconds))


def _time_start(
    stack: ExitStack, begin: Callable[[], AbstractContextManager[Container]]
) -> tuple[Container, Start]:
    began, busy, engine = time.monotonic(), _read_busy_seconds(), _read_engine_seconds()
    container = stack.enter_context(begin())
    container.wait_until_ready()
    seconds, busy_seconds = time.monotonic() - began, _read_busy_seconds() - busy
    engine_seconds = max(0.0, _read_engine_seconds() - engine)
    return container, Start(seconds, busy_seconds, engine_seconds, container.read_usage())


def _read_busy_seconds() -> float:
    """Return the processor time that this machine has used since it started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def _read_engine_seconds() -> float:
    """Return the processor time of the engine's processes and of our own `docker`s so far."""
    clients = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = clients.ru_utime + clients.ru_stime
    for process in psutil.process_iter(["name", "cpu_times"]):
        times = process.info["cpu_times"]
        if times is not None and str(process.info["name"]).startswith(ENGINE_PROGRAMS):
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds
