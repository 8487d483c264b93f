from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest

from credit.errors import UnreadableTable
from serving.store_fetching import ABANDONED_SECONDS, fetch_store, hide_credentials

SECONDS = 30
FETCH = """
import sys
from pathlib import Path
from serving.store_fetching import fetch_store
print(fetch_store(sys.argv[1], Path(sys.argv[2])), flush=True)
sys.stdin.readline()
"""


class Remote(ThreadingHTTPServer):
    """A web server on 127.0.0.1 that gives the same bytes under every path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = b"the first version"
        self.version: dict[str, str] = {"ETag": '"1"'}
        self.status = 200
        self.sent_bytes: int | None = None
        self.downloads = 0
        self.authorizations: set[str | None] = set()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/history.arrow"

    def give(self, content: bytes, version: str) -> None:
        self.content, self.version = content, {"ETag": f'"{version}"'}


class Answer(BaseHTTPRequestHandler):
    server: Remote

    def do_HEAD(self) -> None:
        remote = self.server
        remote.authorizations.add(self.headers.get("Authorization"))
        self.send_response(remote.status)
        for name, text in remote.version.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(remote.content)))
        self.end_headers()

    def do_GET(self) -> None:
        remote = self.server
        self.do_HEAD()
        if remote.status != 200:
            return
        remote.downloads += 1
        self.wfile.write(remote.content[:5])
        self.wfile.flush()
        remote.may_go_on.wait(SECONDS)
        self.wfile.write(remote.content[5 : remote.sent_bytes])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def remote() -> Iterator[Remote]:
    with Remote() as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
        thread.start()
        yield server
        server.may_go_on.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "home" / "cache"


@contextmanager
def start_fetching(url: str, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """Fetch in a process of its own, which lives on until the context ends."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", FETCH, url, str(cache)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_path(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().strip())


def fetch_elsewhere(url: str, cache: Path) -> Path:
    """Fetch in a process that ends then."""
    with start_fetching(url, cache) as process:
        return read_path(process)


def wait_until_there(folder: Path, pattern: str) -> Path:
    deadline = time.monotonic() + SECONDS
    while not (found := list(folder.glob(pattern))):
        assert time.monotonic() < deadline, f"{pattern} never appears."
        time.sleep(0.01)
    return found[0]


def test_a_path_is_taken_as_it_is(cache: Path) -> None:
    assert fetch_store("here/history.arrow", cache) == Path("here/history.arrow")
    assert not cache.exists()


def test_a_local_url_is_not_copied(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "history.arrow"
    path.write_bytes(b"store")

    assert fetch_store(path.as_uri(), cache) == path
    assert not cache.exists()


def test_any_file_system_of_fsspec_will_do(cache: Path) -> None:
    fsspec.filesystem("memory").pipe_file("/bucket/history.arrow", b"store")

    copy = fetch_store("memory://bucket/history.arrow", cache)

    assert copy.parent == cache
    assert copy.read_bytes() == b"store"


def test_what_was_downloaded_is_used_again(remote: Remote, cache: Path) -> None:
    copies = {fetch_store(remote.url, cache), fetch_elsewhere(remote.url, cache)}

    (copy,) = copies
    assert copy.read_bytes() == remote.content
    assert list(cache.iterdir()) == [copy]
    assert remote.downloads == 1


@pytest.mark.parametrize("header", ["ETag", "Last-Modified", "Content-MD5"])
def test_another_version_is_downloaded_and_the_one_that_nobody_uses_removed(
    remote: Remote, cache: Path, header: str
) -> None:
    remote.version = {header: "one"}
    old = fetch_elsewhere(remote.url, cache)
    remote.content, remote.version = b"another version", {header: "two"}

    new = fetch_store(remote.url, cache)

    assert new != old
    assert new.read_bytes() == b"another version"
    assert list(cache.iterdir()) == [new]


def test_a_version_that_a_running_service_uses_stays(remote: Remote, cache: Path) -> None:
    with start_fetching(remote.url, cache) as service:
        old = read_path(service)
        remote.give(b"another version", "2")
        new = fetch_elsewhere(remote.url, cache)

        assert old.read_bytes() == b"the first version"

    assert new.read_bytes() == b"another version"
    assert fetch_elsewhere(remote.url, cache) == new
    assert list(cache.iterdir()) == [new]


def test_stores_of_other_urls_stay(remote: Remote, cache: Path) -> None:
    other = fetch_elsewhere(f"{remote.url}?of=another", cache)

    fetch_store(remote.url, cache)

    assert other.exists()


def test_without_a_version_it_is_downloaded_every_time(remote: Remote, cache: Path) -> None:
    remote.version = {}
    fetch_elsewhere(remote.url, cache)
    remote.content = b"the next version!"

    assert fetch_store(remote.url, cache).read_bytes() == b"the next version!"


def test_processes_that_fetch_at_once_all_get_the_whole_file(remote: Remote, cache: Path) -> None:
    remote.content = os.urandom(1 << 20)
    remote.may_go_on.clear()
    with ExitStack() as stack:
        processes = [stack.enter_context(start_fetching(remote.url, cache)) for _ in range(3)]
        wait_until_there(cache, ".*.part")
        remote.may_go_on.set()
        copies = {read_path(process) for process in processes}

        (copy,) = copies
        assert copy.read_bytes() == remote.content
    assert list(cache.iterdir()) == [copy]


def test_a_download_that_was_killed_is_not_taken_for_whole_and_removed_in_time(
    remote: Remote, cache: Path
) -> None:
    remote.may_go_on.clear()
    with start_fetching(remote.url, cache):
        part = wait_until_there(cache, ".*.part")
    remote.may_go_on.set()

    copy = fetch_store(remote.url, cache)
    recent = part.exists()
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(part, (long_ago, long_ago))
    fetch_store(remote.url, cache)

    assert copy.read_bytes() == remote.content
    assert recent  # it may be another process's, under way
    assert list(cache.iterdir()) == [copy]


def test_a_download_that_is_cut_off_is_told_and_leaves_nothing(remote: Remote, cache: Path) -> None:
    remote.sent_bytes = 10

    with pytest.raises(UnreadableTable, match="cannot be fetched"):
        fetch_store(remote.url, cache)

    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_told(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")

    with pytest.raises(UnreadableTable, match="Not a directory"):
        fetch_store(remote.url, tmp_path / "home" / "cache")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("memory://nowhere/history.arrow", "nothing is there"),
        ("nosuch://bucket/history.arrow", "Protocol not known: nosuch"),
        ("s3://bucket/history.arrow", "Install s3fs"),
        ("gs://bucket/history.arrow", "install gcsfs"),
        ("hf://datasets/who/what/history.arrow", "Install huggingface_hub"),
        ("http://127.0.0.1:1/history.arrow", "Cannot connect to host 127.0.0.1:1"),
    ],
)
def test_what_cannot_be_fetched_is_told_in_one_line(cache: Path, url: str, reason: str) -> None:
    with pytest.raises(UnreadableTable) as caught:
        fetch_store(url, cache)

    message = str(caught.value)
    assert f"The history store {url} cannot be fetched: " in message
    assert reason in message
    assert "\n" not in message
    assert caught.value.__suppress_context__
    assert not cache.exists()


@pytest.mark.parametrize(("status", "name"), [(404, "Not Found"), (403, "Forbidden")])
def test_the_servers_refusal_is_told(remote: Remote, cache: Path, status: int, name: str) -> None:
    remote.status = status

    with pytest.raises(UnreadableTable, match=f"the server answers {status} {name}"):
        fetch_store(remote.url, cache)


def test_credentials_reach_the_server_and_no_message(remote: Remote, cache: Path) -> None:
    url = remote.url.replace("//", "//ann:s3cret@") + "?signature=51gned"
    fetch_store(url, cache)
    remote.status = 403
    names = "".join(path.name for path in cache.iterdir())

    with pytest.raises(UnreadableTable) as caught:
        fetch_store(url, cache)

    assert "Basic YW5uOnMzY3JldA==" in remote.authorizations
    for text in (str(caught.value), names):
        assert "s3cret" not in text
        assert "51gned" not in text
    assert f"http://127.0.0.1:{remote.server_port}/history.arrow?…" in str(caught.value)


def test_credentials_are_hidden_where_a_library_quotes_them(cache: Path) -> None:
    url = "http://ann:s3cret@127.0.0.1:1/history.arrow?signature=51gned"

    with pytest.raises(UnreadableTable) as caught:
        fetch_store(url, cache)

    assert "s3cret" not in str(caught.value)
    assert "51gned" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/a/history.arrow", "s3://bucket/a/history.arrow"),
        ("s3://key:se/cret@bucket/history.arrow", "s3://bucket/history.arrow"),
        ("https://key@host:8000/history.arrow", "https://host:8000/history.arrow"),
        ("http://host:8000/a@b", "http://host:8000/a@b"),
        ("https://host/a?X-Signature=1&b=2#c", "https://host/a?…"),
        ("hf://datasets/who/what@v1/history.arrow", "hf://datasets/who/what@v1/history.arrow"),
    ],
)
def test_a_url_is_shown_without_its_credentials(url: str, shown: str) -> None:
    assert hide_credentials(url) == shown
