"""What is required of the image, one function a requirement or a few that go together."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from deploy.container_check.command import CheckImpossible
from deploy.container_check.container import (
    MEMORY_LIMIT_BYTES,
    Container,
    Usages,
    start_without_key,
)
from deploy.container_check.engine import Engine
from deploy.container_check.image import SITE_PACKAGES
from deploy.container_check.malformed import make_malformed
from deploy.container_check.offline import Expectation
from deploy.container_check.report import Report
from deploy.container_check.start import READY_LIMIT_SECONDS, Start
from parity import AskedOffline
from registry.parity import compare, read_answers

SIZE_LIMIT_MB = 700
SLIM_BASE_MB = 130  # of the registry's python:3.11-slim, for a size on it where it cannot be had
HEALTHY_SECONDS = 30
BURST = 10
IN_FLIGHT = 16
ROWS_IN_FLIGHT = 250  # more, and all together are more than the service lets wait
TAKING_SECONDS = 0.1  # at least, for the service to read what was sent
DRAIN_SECONDS = 30
OK = 200
UNAUTHORIZED = 401
REFUSAL = "without a key for access tokens"
SERVER_ERROR = 500

SCRATCH = "/tmp"  # noqa: S108 -- of the container, in memory
OURS = ("/app", "/home/bentoml")
REFUSED_WRITES = ("Read-only file system", "Permission denied", "No space left on device")
UNWANTED_PROGRAMS = ("gcc", "cc", "make", "git", "curl", "wget", "uv")
UNWANTED_PACKAGES = (
    "mlflow", "sklearn", "pandas", "matplotlib", "optuna", "pyspark", "locust", "pytest",
    "streamlit", "lightgbm", "catboost", "nvidia", "pip", "uv",
)  # fmt: skip


def check_size(report: Report, layers_bytes: Sequence[int], *, stand_in: bool) -> None:
    """Check the size on the registry's base image; on a stand-in, what comes on top is added."""
    base_mb, own_mb = layers_bytes[0] / 1e6, sum(layers_bytes[1:]) / 1e6
    found = f"base {base_mb:.0f} MB and {own_mb:.0f} MB of ours: {base_mb + own_mb:.0f} MB"
    size_mb = base_mb + own_mb
    if stand_in:
        size_mb = SLIM_BASE_MB + own_mb
        found += f"; about {size_mb:.0f} MB on python:3.11-slim of {SLIM_BASE_MB} MB"
    report.check(f"at most {SIZE_LIMIT_MB} MB", holds=size_mb <= SIZE_LIMIT_MB, found=found)


def check_labels(report: Report, labels: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Check that the image says which Bento, model and commit it is made of."""
    lacking = [name for name, text in expected.items() if labels.get(name) != text]
    found = f"lacking or other: {', '.join(lacking)}" if lacking else f"{len(labels)} labels"
    report.check("its labels are the Bento's", holds=not lacking, found=found)


def check_content(report: Report, container: Container) -> None:
    """Check that nothing is in the image that no request needs."""
    find = f"for name in {' '.join(UNWANTED_PROGRAMS)}; do command -v $name || true; done"
    programs = container.execute("sh", "-c", find)
    packages = container.execute("ls", SITE_PACKAGES).split()
    unwanted = [name for name in packages if name.lower() in UNWANTED_PACKAGES]
    report.check("no compiler, git, curl or uv", holds=not programs, found=programs)
    report.check("no package of training", holds=not unwanted, found=", ".join(unwanted))


def check_rights(report: Report, container: Container) -> None:
    """Check that the service has no rights to speak of."""
    user = container.execute("id", "-u")
    report.check("not root", holds=user not in {"0", ""}, found=f"uid {user}")
    find = f"find {' '.join(OURS)} ! -type l '(' -user {user} -o -group {user} -o -perm -002 ')'"
    own = container.execute("sh", "-c", find).split()
    report.check("may change nothing of ours in the image", holds=not own, found=", ".join(own[:5]))


def check_refusal(report: Report, engine: Engine, image: str) -> None:
    """Check that it does not start without a key for access tokens, and says so in one line."""
    try:
        log = start_without_key(engine, image)
    except CheckImpossible as error:
        log = str(error)
    told = [line for line in log.splitlines() if REFUSAL in line]
    report.check(
        "does not start without a key",
        holds=len(told) == 1 and "Traceback" not in log,
        found=told[0] if told else log[-300:],
    )


def check_gate(report: Report, container: Container) -> None:
    """Check that who brings no token is answered with 401."""
    (refused,) = replace(container, token="").ask([b"{}"])
    report.check(
        "401 without a token", holds=refused.status == UNAUTHORIZED, found=str(refused.status)
    )


def check_writes(report: Report, container: Container) -> None:
    """Check that it asked for nothing to be written but in /tmp: all else was refused so far."""
    refused = [line for line in container.read_log().splitlines() if find_refused_write(line)]
    written = container.execute("du", "-sk", SCRATCH).split()[0]
    report.check(
        "no write outside of /tmp was tried, by its log",
        holds=not refused,
        found=refused[0] if refused else f"{written} kB in /tmp",
    )


def find_refused_write(line: str) -> bool:
    """Return whether a line of the log says that something could not be written."""
    return any(reason in line for reason in REFUSED_WRITES)


def check_ready_time(report: Report, start: Start, *, always: bool) -> None:
    """Check the time to the first ready answer, unless others took the processors meanwhile.

    Args:
        report: Takes the verdict.
        start: The better one, if there were two.
        always: Give a verdict whatever others did.
    """
    title = f"ready within {READY_LIMIT_SECONDS} s of `docker run`"
    if start.is_late and start.is_disturbed and not always:
        report.leave_open(title, f"others use this machine: {start.describe()}")
        return
    report.check(title, holds=not start.is_late, found=start.describe())


def check_memory(report: Report, usages: Usages, when: str) -> None:
    """Check the memory of all processes together."""
    parts = ", ".join(
        f"{process.name} {process.pss_bytes / 1e6:.0f}" for process in usages.processes
    )
    found = f"{usages.pss_bytes / 1e6:.0f} MB PSS ({parts})"
    if usages.counted_by_kernel_bytes:
        found += f"; {usages.counted_by_kernel_bytes / 1e6:.0f} MB counted by the kernel"
    title = f"under {MEMORY_LIMIT_BYTES / 1e6:.0f} MB of memory {when}"
    report.check(title, holds=usages.pss_bytes < MEMORY_LIMIT_BYTES, found=found)


def check_information(report: Report, container: Container, expectation: Expectation) -> None:
    """Check that it says which model it serves, and that it is well."""
    (health,) = container.ask([b""], "/health")
    report.check("/health", holds=health.status == OK, found=health.body.decode()[:150])
    (info,) = container.ask([b""], "/model-info")
    told = json.loads(info.body)
    expected = {
        "model": expectation.model_tag,
        "model_version": expectation.bundle.model_version,
        "threshold": expectation.bundle.threshold,
        "fingerprint": expectation.bundle.fingerprint,
    }
    report.check(
        "/model-info tells the Bento's model",
        holds=expected.items() <= told.items(),
        found=f"{told['model']}, fingerprint {told['fingerprint']}",
    )


def check_predictions(report: Report, container: Container, expectation: Expectation) -> None:
    """Check every probability, to the last bit, in one request and alone."""
    applicants = list(expectation.applicants)
    (together,) = container.ask([json.dumps({"data": applicants}).encode()])
    alone = container.ask([json.dumps({"data": row}).encode() for row in applicants[:BURST]])
    if together.status != OK or any(reply.status != OK for reply in alone):
        body = together.body.decode()[:300]
        report.check("predictions", holds=False, found=f"status {together.status}: {body}")
        return
    answers = json.loads(together.body)
    answers = answers["data"] if isinstance(answers, dict) else answers
    found = [answer["probability"] for answer in answers]
    singles = [json.loads(reply.body)["probability"] for reply in alone]
    expected = list(expectation.pd)
    wrong = sum(a != b for a, b in zip(found + singles, expected + expected[:BURST], strict=True))
    report.check(
        "probabilities are those of the Bento's model, bit for bit",
        holds=wrong == 0,
        found=f"{len(found)} together and {len(singles)} alone, {wrong} differ",
    )


def check_parity(report: Report, container: Container, asked: AskedOffline) -> None:
    """Check that it says of real clients what the training process said."""
    bodies = [
        json.dumps({"data": asked.applicants[first : first + ROWS_IN_FLIGHT]}).encode()
        for first in range(0, len(asked.applicants), ROWS_IN_FLIGHT)
    ]
    replies = [reply for body in bodies for reply in container.ask([body])]
    title = "container, registry and training process say the same of the tables' clients"
    if any(reply.status != OK for reply in replies):
        report.check(title, holds=False, found=replies[0].body.decode()[:300])
        return
    answers = [answer for reply in replies for answer in json.loads(reply.body)]
    found = compare(asked.trained, read_answers("container", answers))
    registry = compare(asked.trained, asked.registered)
    report.check(
        title,
        holds=found.is_exact and registry.is_exact,
        found=f"{found.clients:,} clients, largest difference {found.largest_difference:g}, "
        f"{found.flipped} decisions flipped",
    )


def check_malformed(
    report: Report, container: Container, applicant: dict[str, object], number: int
) -> None:
    """Check that no body is answered with a fault of the service's own, or not at all."""
    bodies = make_malformed(applicant, number, seed=0)
    statuses: dict[int, int] = {}
    slowest = 0.0
    with container.open_questions() as questions:
        while burst := list(islice(bodies, BURST)):
            questions.send([body or b" " for body in burst], "/predict")
            for reply in questions.receive():
                statuses[reply.status] = statuses.get(reply.status, 0) + 1
                slowest = max(slowest, reply.seconds)
    counts = ", ".join(f"{count} with {status}" for status, count in sorted(statuses.items()))
    report.check(
        f"{number} malformed bodies: no fault of the service's own, and no silence",
        holds=all(0 < status < SERVER_ERROR for status in statuses),
        found=f"{counts}; slowest {slowest:.2f} s",
    )


def check_health_status(report: Report, container: Container) -> None:
    """Check the verdict of the image's own HEALTHCHECK."""
    limit = time.monotonic() + HEALTHY_SECONDS
    while (status := container.inspect("{{.State.Health.Status}}")) == "starting":
        if time.monotonic() > limit:
            break
        time.sleep(0.5)
    report.check("HEALTHCHECK", holds=status == "healthy", found=status)


def check_drain(report: Report, container: Container, applicant: dict[str, object]) -> None:
    """Check that SIGTERM ends the service after it has answered what it had accepted."""
    rows = [
        {**applicant, "SK_ID_CURR": client, "history": {}}
        for client in range(1, 1 + ROWS_IN_FLIGHT)
    ]
    body = json.dumps({"data": rows}).encode()
    (alone,) = container.ask([body])
    with container.open_questions() as questions:
        questions.send([body] * IN_FLIGHT, "/predict")
        sent = time.monotonic()
        time.sleep(max(TAKING_SECONDS, alone.seconds))  # of as many, one after the other
        container.send_signal("TERM")
        signalled_seconds = time.monotonic() - sent
        replies = questions.receive()
    exit_code = container.wait_for_end(DRAIN_SECONDS)
    answered = sum(reply.status == OK for reply in replies)
    late = sum(reply.seconds > signalled_seconds for reply in replies)
    last_seconds = max(reply.seconds for reply in replies) - signalled_seconds
    told = f"{late} of them after the signal, the last {last_seconds:.2f} s after it"
    report.check(
        "SIGTERM: requests in flight are answered",
        holds=answered == IN_FLIGHT,
        found=f"{answered} of {IN_FLIGHT} answered, "
        + (told if late else "all before the signal came: too fast to tell how it drains"),
    )
    report.check("SIGTERM: exit code 0", holds=exit_code == 0, found=str(exit_code))
