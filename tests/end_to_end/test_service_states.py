"""The service with parts that are missing, do not fit together, or stop answering."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psutil

    from credit.bundle import Bundle
    from tests.end_to_end.conftest import Published, Service, Start


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve_files(folder: Path) -> Iterator[str]:
    """Serve a folder's files on 127.0.0.1, and give the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def bare_service(start_service: Start, published: Published) -> Iterator[Service]:
    """The service without a history store, and without a setting that names one."""
    with start_service(published.bentoml_home, None) as service:
        yield service


def test_a_history_store_that_was_set_and_is_not_there_is_refused_at_start(
    fail_to_start: Callable[[Path, Path], str], published: Published, tmp_path: Path
) -> None:
    output = fail_to_start(published.bentoml_home, tmp_path / "gone.arrow")

    assert "There is no history store at" in output
    assert "Traceback" not in output


def test_without_a_history_store_everyone_counts_as_without_history(
    bare_service: Service, published: Published
) -> None:
    answers = bare_service.post({"data": list(published.applicants)}).json()
    health = bare_service.get("/health").json()

    expected = published.score_offline(with_histories=False)
    assert [answer["probability"] for answer in answers] == expected
    assert expected != published.score_offline()
    assert health["status"] == "ok"
    assert health["history_store"] == {"state": "absent", "clients": 0, "made_at": None}
    assert "No history store at" in bare_service.output.read_text()


def test_a_model_of_other_code_is_refused_at_start(
    fail_to_start: Callable[[Path, Path], str],
    publish_bundle: Callable[[Path, Bundle], None],
    published: Published,
    tmp_path: Path,
) -> None:
    publish_bundle(tmp_path, published.bundle.model_copy(update={"fingerprint": "0" * 16}))

    output = fail_to_start(tmp_path, published.history_store)

    assert f"was fitted with fingerprint {'0' * 16}" in output
    assert "Traceback" not in output


@pytest.mark.slow
def test_a_history_store_of_other_code_is_refused_at_start(
    fail_to_start: Callable[[Path, Path], str],
    write_store: Callable[[Path, str], None],
    published: Published,
    tmp_path: Path,
) -> None:
    store = tmp_path / "history.arrow"
    write_store(store, "f" * 16)

    output = fail_to_start(published.bentoml_home, store)

    assert f"has fingerprint {'f' * 16}" in output
    assert "Traceback" not in output


def test_a_history_store_behind_a_url_is_downloaded_once_and_kept(
    start_service: Start, published: Published
) -> None:
    with serve_files(published.history_store.parent) as url:
        location = f"{url}/{published.history_store.name}"
        with start_service(published.bentoml_home, location) as service:
            answers = service.post({"data": list(published.applicants)}).json()
            info = service.get("/model-info").json()
            cached = list((service.bentoml_home.parent / "var" / "cache").iterdir())

    assert [answer["probability"] for answer in answers] == published.score_offline()
    assert info["history_store"] == published.store_origin
    assert [path.read_bytes() for path in cached] == [published.history_store.read_bytes()]


@pytest.mark.slow
def test_a_history_store_that_cannot_be_fetched_is_told_without_a_password(
    fail_to_start: Callable[[Path, Path | str], str], published: Published
) -> None:
    with serve_files(published.history_store.parent) as url:
        missing = fail_to_start(published.bentoml_home, f"{url}/gone.arrow")
    location = f"{url}/{published.history_store.name}"
    unreachable = fail_to_start(published.bentoml_home, location.replace("//", "//ann:s3cret@"))

    assert f"{url}/gone.arrow cannot be fetched: the server answers 404" in missing
    assert f"{location} cannot be fetched: Cannot connect" in unreachable
    for output in (missing, unreachable):
        assert "Traceback" not in output
        assert "s3cret" not in output


@pytest.mark.slow
def test_a_damaged_history_store_is_refused_at_start(
    fail_to_start: Callable[[Path, Path], str], published: Published, tmp_path: Path
) -> None:
    store = tmp_path / "history.arrow"
    whole = published.history_store.read_bytes()
    store.write_bytes(whole[: len(whole) // 2])

    output = fail_to_start(published.bentoml_home, store)

    assert "is not a whole Arrow file" in output
    assert "Traceback" not in output


def test_without_a_model_it_is_said_how_to_get_one(
    fail_to_start: Callable[[Path, Path], str], published: Published, tmp_path: Path
) -> None:
    output = fail_to_start(tmp_path, published.history_store)

    assert "credit build" in output
    assert "Traceback" not in output


@pytest.fixture
def stopped_runner(service: Service) -> Iterator[psutil.Process]:
    runner = service.find_runner()
    runner.suspend()
    yield runner
    runner.resume()
    wait_for_an_answer(service)


def test_while_the_model_does_not_answer_clients_are_told_to_come_back(
    service: Service, stopped_runner: psutil.Process, published: Published
) -> None:
    stalled = service.post({"data": published.applicants[0]})
    health = service.get("/health")
    probes = [service.get(path).status_code for path in ("/readyz", "/livez")]
    stopped_runner.resume()
    wait_for_an_answer(service)
    recovered = service.ask(published.applicants[0])

    assert stalled.status_code == 503
    assert stalled.headers["Retry-After"] == "1"
    assert stalled.json()["detail"][0]["type"] == "unavailable"
    assert (health.status_code, health.json()["status"]) == (503, "unavailable")
    assert probes == [503, 200]
    assert recovered["probability"] == published.score_offline()[0]


def test_a_model_that_died_comes_back_as_the_same_version_though_a_newer_one_was_imported(
    bare_service: Service,
    publish_bundle: Callable[[Path, Bundle], None],
    published: Published,
) -> None:
    newer = published.bundle.model_copy(update={"model_version": "2"})
    publish_bundle(bare_service.bentoml_home, newer)

    bare_service.find_runner().kill()
    started = time.monotonic()
    during = bare_service.post({"data": published.applicants[0]})
    waited_seconds = time.monotonic() - started
    wait_for_an_answer(bare_service)
    answers = bare_service.post({"data": list(published.applicants)}).json()

    expected = published.score_offline(with_histories=False)
    assert (during.status_code, during.headers["Retry-After"]) == (503, "1")
    assert waited_seconds < 1
    assert [answer["probability"] for answer in answers] == expected
    assert {answer["model_version"] for answer in answers} == {"1"}


def wait_for_an_answer(service: Service) -> None:
    deadline = time.monotonic() + 60
    while service.get("/health").status_code != 200:
        assert time.monotonic() < deadline, "The service does not recover."
