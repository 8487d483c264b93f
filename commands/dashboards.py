"""`credit dashboard`: the pages that ask a running service."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from commands.options import read_settings
from console import say
from credit.errors import ServiceFailed

HOST = "127.0.0.1"
DEFAULT_PORT = 8501


def dashboard(
    service: Annotated[
        str | None,
        typer.Option(
            help="Where the service answers; default: CREDIT_SERVICE_URL.", show_default=False
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = DEFAULT_PORT,
) -> None:
    """Show state, model and decisions of a running service in a browser."""
    from registry.trial import require_free_port

    url = service or read_settings().service_url
    if find_spec("streamlit") is None:
        raise ServiceFailed(
            "The dashboard needs Streamlit, which is not installed: `uv sync --extra dashboard`."
        )
    require_free_port(port)
    say(f"Dashboard on http://{HOST}:{port} for the service on {url}; Ctrl-C ends it.")
    sys.stdout.flush()
    _become_streamlit(url, port)


def _become_streamlit(service_url: str, port: int) -> None:
    """Replace this process by Streamlit, so that signals reach it and nothing is left behind."""
    options = {
        "server.address": HOST,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    page = find_spec("dashboard.app")
    if page is None or page.origin is None:
        raise ServiceFailed("The package `dashboard` is not installed; run `uv sync`.")
    command = [sys.executable, "-m", "streamlit", "run", page.origin]
    for name, text in options.items():
        command += [f"--{name}", text]
    os.execve(sys.executable, command, {**os.environ, "CREDIT_SERVICE_URL": service_url})  # noqa: S606
