"""Servers of others that tests start: PostgreSQL and MLflow's, on 127.0.0.1 and free ports."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from registry.trial import find_free_port

START_SECONDS = 180
STOP_SECONDS = 20


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps them out of the path."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent  # where its other programs are
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


@contextmanager
def start_postgres() -> Iterator[str]:
    """Start a PostgreSQL that is empty and forgets all; gives its URL for SQLAlchemy.

    PostgreSQL refuses to run as root: root starts it as `nobody`, in a folder that is theirs.
    """
    programs = find_postgres()
    assert programs, "PostgreSQL is not here: `apt-get install postgresql`, or `-m 'not postgres'`."
    # Not below pytest's folder, which nobody but its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="credit-postgres-"))
    try:
        owner = _find_owner()
        data, password, port = folder / "data", secrets.token_hex(16), find_free_port()
        _make_cluster(programs, data, password, owner)
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        # It need not survive a crash, only be quick.
        command += ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB"]
        asked = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]

        def answers() -> bool:
            return subprocess.run(asked, check=False).returncode == 0

        with _run(command, folder / "postgres.log", answers, signal.SIGINT, owner=owner):
            yield f"postgresql+psycopg2://postgres:{password}@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder)


@contextmanager
def start_mlflow_server(folder: Path, backend_uri: str) -> Iterator[str]:
    """Start `mlflow server`, which keeps artifacts in the folder and hands them on; gives its URL.

    One worker, and none of the eight processes that wait for jobs which we don't have.
    """
    url = f"http://127.0.0.1:{(port := find_free_port())}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1"]
    command += ["--serve-artifacts", "--artifacts-destination", (folder / "artifacts").as_uri()]
    with _run(
        command,
        folder / "server.log",
        lambda: _is_up(f"{url}/health"),
        cwd=folder,
        environment={
            "MLFLOW_BACKEND_STORE_URI": backend_uri,  # with its password, which `ps` would show
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        },
    ):
        yield url


@contextmanager
def start_model_server(
    folder: Path, model_uri: str, environment: Mapping[str, str]
) -> Iterator[str]:
    """Start `mlflow models serve` on this environment's packages; gives its URL."""
    url = f"http://127.0.0.1:{(port := find_free_port())}"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["--model-uri", model_uri, "--host", "127.0.0.1", "--port", str(port)]
    # It looks for `uvicorn` in the path, as it finds it where an environment is activated.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**environment, "PATH": path}
    with _run(
        command,
        folder / "model-server.log",
        lambda: _is_up(f"{url}/ping"),
        cwd=folder,
        environment=environment,
    ):
        yield url


def _find_owner() -> pwd.struct_passwd | None:
    """Return who is to run PostgreSQL; None: whoever runs the tests."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _make_cluster(
    programs: Path, data: Path, password: str, owner: pwd.struct_passwd | None
) -> None:
    password_file = data.with_name("password")
    password_file.write_text(password)
    if owner:
        for path in (data.parent, password_file):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--pwfile",
        password_file,
    ]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(command, check=True, capture_output=True, cwd=data.parent, **_become(owner))


@contextmanager
def _run(
    command: Sequence[str],
    log: Path,
    is_ready: Callable[[], bool],
    ending: signal.Signals = signal.SIGTERM,
    *,
    owner: pwd.struct_passwd | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a server while the context lasts; it and all it started are ended by their group."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=cwd or log.parent,
            env={**os.environ, **(environment or {})},
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **_become(owner),
        )
    try:
        _wait(process, log, is_ready)
        yield
    finally:
        _end(process, ending)


def _become(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}


def _wait(process: subprocess.Popen[bytes], log: Path, is_ready: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline_s and process.poll() is None:
        if is_ready():
            return
        time.sleep(0.1)
    raise AssertionError(f"{process.args!r} did not start:\n{log.read_text()}")


def _is_up(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _end(process: subprocess.Popen[bytes], ending: signal.Signals) -> None:
    if process.poll() is None:
        # PostgreSQL's main process ends its own; the others' are a group of shells and workers.
        os.killpg(process.pid, ending)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
