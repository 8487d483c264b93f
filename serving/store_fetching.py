"""Brings a store to this machine, where it can be mapped into memory."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from credit.errors import UnreadableTable

ABANDONED_SECONDS = 3_600  # a download under way writes more often than that

# What the various file systems call that which changes when a file does.
VERSION_FACTS = {
    "blob_id", "content-md5", "created", "digest", "etag", "generation", "last-modified",
    "last_modified", "lastmodified", "md5hash", "modify", "mtime", "sha", "size", "updated",
}  # fmt: skip

# A password may hold slashes, as AWS's do; after a port, or without a colon, @ is part of a path.
_CREDENTIALS = re.compile(r"//([^/@:]*:(?!\d+/)[^@]*|[^/@]*)@")

# aiohttp gives a request five minutes in all, too little for a large store on a slow line.
_HTTP_OPTIONS = {
    "client_kwargs": {"timeout": aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)}
}


def is_url(location: str) -> bool:
    """Return whether the location is one that fsspec understands, and no path."""
    return "://" in location


def fetch_store(
    location: str,
    cache: Path,
    noun: str = "history store",
    setting: str = "CREDIT_HISTORY_STORE",
) -> Path:
    """Return the store's file on this machine: a path as it is, what a URL names downloaded.

    A download is kept in the cache under the URL and the version that the file system tells, and
    used again until there is another version. It appears whole or not at all, however many
    processes fetch it, and no other process removes it while this one lives: services that are
    older than the version may start their workers anew.

    Args:
        location: A path, or any URL of fsspec, whose options and credentials are those of its
            file system; ``file://`` is not copied.
        cache: Folder for downloads.
        noun: What errors call the store.
        setting: What names its location.

    Raises:
        UnreadableTable: If it cannot be fetched, in one line without the URL's credentials.
    """
    if not is_url(location):
        return Path(location)
    try:
        return _fetch(location, cache)
    except Exception as error:  # noqa: BLE001 -- each file system's library has errors of its own
        raise UnreadableTable(
            f"The {noun} {hide_credentials(location)} cannot be fetched: "
            f"{_describe(error, location)}. Set {setting} to where the file that `credit train` "
            "wrote can be had."
        ) from None


def hide_credentials(url: str) -> str:
    """Return the URL without user, password and query, in which a signature may be."""
    return re.sub(r"\?.*", "?…", _CREDENTIALS.sub("//", url))


def _fetch(url: str, cache: Path) -> Path:
    system, source = url_to_fs(url, **(_HTTP_OPTIONS if url.startswith("http") else {}))
    if isinstance(system, LocalFileSystem):
        return Path(source)
    key = _hash(url)
    system.invalidate_cache()
    information = system.info(source)
    copy = cache / f"{key}-{_name_version(information)}.arrow"
    if not copy.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _download(system, source, copy, information.get("size"))
    _keep(copy)
    _remove_others(copy, key)
    return copy


def _name_version(information: Mapping[str, Any]) -> str:
    """Return a text that changes with the file; a new one if nothing tells whether it changed."""
    facts = {
        name.lower(): str(fact)
        for name, fact in information.items()
        if name.lower() in VERSION_FACTS and fact is not None
    }
    if facts.keys() <= {"size"}:
        return _hash(f"{time.time_ns()} {os.getpid()}")
    return _hash(str(sorted(facts.items())))


def _download(system: AbstractFileSystem, source: str, copy: Path, size: int | None) -> None:
    descriptor, name = tempfile.mkstemp(dir=copy.parent, prefix=f".{copy.stem}.", suffix=".part")
    os.close(descriptor)
    part = Path(name)
    try:
        system.get_file(source, str(part))
        if size is not None and part.stat().st_size != size:
            raise OSError(f"{part.stat().st_size} bytes came of {size}")
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)


def _keep(copy: Path) -> None:
    """Lock the file, shared with others, until this process ends."""
    descriptor = os.open(copy, os.O_RDONLY)  # left open: the lock lives as long
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def _remove_others(copy: Path, key: str) -> None:
    """Remove other versions that no process keeps, and what interrupted downloads left."""
    for old in copy.parent.glob(f"{key}-*.arrow"):
        if old != copy:
            with suppress(OSError), old.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                old.unlink()
    for part in copy.parent.glob(f".{key}-*.part"):
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > ABANDONED_SECONDS:
                part.unlink()


def _describe(error: Exception, url: str) -> str:
    """Return why it failed; fsspec says that a file is not there whatever a server answers."""
    if isinstance(error, FileNotFoundError):
        cause = error.__cause__
        if not isinstance(cause, Exception):
            return "nothing is there"
        error = cause
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the server answers {error.status} {error.message}"
    return _hide(f"{str(error).strip() or type(error).__name__}", url).rstrip(".")


def _hide(text: str, url: str) -> str:
    shown = re.sub(r"\w[\w+.-]*://[^\s'\")]+", hide_credentials(url), " ".join(text.split()))
    secrets = _CREDENTIALS.findall(url) + re.findall(r"\?(.+)", url)
    secrets += [secret.partition(":")[2] for secret in secrets]
    for secret in filter(None, secrets):
        shown = shown.replace(secret, "…")
    return shown


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
