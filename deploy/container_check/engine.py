"""The Docker engine: the one that runs already, or else one of our own, ended with the check."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.container_check.command import CheckImpossible, run

PACKAGE = "docker.io"
START_SECONDS = 60
STOP_SECONDS = 30

# No bridge and no packet filters: what it builds uses the machine's network, what it runs has none.
NO_NETWORK = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")


@dataclass(frozen=True, slots=True)
class Engine:
    """A Docker engine that answers.

    Attributes:
        own: True if it was started for this check.
        environment: What the client needs to find it.
    """

    own: bool
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, timeout_seconds: float = 120, with_errors: bool = False) -> str:
        """Return what `docker` with these arguments writes."""
        return run(
            ["docker", *arguments],
            self.environment,
            timeout_seconds=timeout_seconds,
            with_errors=with_errors,
        ).strip()


@contextmanager
def use_engine(cache: Path, *, keep: bool, install: bool) -> Iterator[Engine]:
    """Return an engine; one that was started here is ended on leaving, unless it is to be kept.

    Args:
        cache: Folder for the images of an engine of our own.
        keep: Leave it running.
        install: Whether apt may install it, for good.

    Raises:
        CheckImpossible: If none runs, and none can be started.
    """
    if answers({}):
        yield Engine(own=False)
        return
    _require_root()
    require_program("dockerd", PACKAGE, install=install)
    with ExitStack() as stack:
        yield stack.enter_context(_start_own(cache))
        if keep:
            stack.pop_all()


def answers(environment: Mapping[str, str]) -> bool:
    """Return whether an engine is running."""
    try:
        run(["docker", "version"], environment, timeout_seconds=20)
    except CheckImpossible:
        return False
    return True


@contextmanager
def _start_own(cache: Path) -> Iterator[Engine]:
    state = cache / "engine"
    state.mkdir(parents=True, exist_ok=True)
    # A newer client that came first on the PATH may lack what Debian's has built in: BuildKit.
    client = state / "bin" / "docker"
    client.parent.mkdir(exist_ok=True)
    client.unlink(missing_ok=True)
    client.symlink_to("/usr/bin/docker")
    environment = {
        "DOCKER_HOST": f"unix://{state}/docker.sock",
        "DOCKER_CONFIG": str(state / "client"),
        "PATH": f"{client.parent}:{os.environ['PATH']}",
    }
    os.environ["PATH"] = environment["PATH"]  # what finds the client here, too
    folders = ["--data-root", str(state / "data"), "--exec-root", str(state / "exec")]
    socket = ["--pidfile", str(state / "pid"), "--host", environment["DOCKER_HOST"]]
    with (state / "log").open("wb") as log:
        process = subprocess.Popen(
            ["dockerd", *folders, *socket, *NO_NETWORK],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us: it still has to remove the container
        )
    try:
        _wait_for(process, environment, state / "log")
        yield Engine(own=True, environment=environment)
    except BaseException:
        _stop(process, state)
        raise
    _stop(process, state)


def _wait_for(process: subprocess.Popen[bytes], environment: Mapping[str, str], log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while not answers(environment):
        if process.poll() is not None or time.monotonic() > limit:
            lines = log.read_text(errors="replace").splitlines()[-5:]
            raise CheckImpossible("dockerd did not start:\n" + "\n".join(lines))
        time.sleep(0.2)


def _stop(process: subprocess.Popen[bytes], state: Path) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # The engine leaves the mount of its network name space behind.
    subprocess.run(
        ["umount", str(state / "exec" / "netns" / "default")],
        stderr=subprocess.DEVNULL,
        check=False,
    )


def _require_root() -> None:
    if os.geteuid() != 0:
        raise CheckImpossible(
            "No Docker engine answers. Start one, or run this as root on Debian: then it starts "
            "one of its own, and ends it (`--install` has apt install what it needs)."
        )


def require_program(program: str, package: str, *, install: bool) -> None:
    """Have a program of a Debian package there; what apt installs for it stays.

    Raises:
        CheckImpossible: If it is not there, and may not or cannot be installed.
    """
    if shutil.which(program):
        return
    if not install:
        raise CheckImpossible(
            f"`{program}` is not installed; it is in Debian's package {package}. Install it, or "
            "give `--install`: apt does it then, and the package stays."
        )
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], timeout_seconds=300)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    run(command, quiet, timeout_seconds=600)
