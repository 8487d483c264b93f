"""A JWKS that may change while the service runs: kept for a while, read again off the loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from credit.errors import TokenKeyUnusable
from serving.token_keys import PublicKey, choose_keys, read_jwks

logger = logging.getLogger("bentoml.credit")

FRESH_SECONDS = 300
STALE_SECONDS = 600  # of a service that was not asked for a while: a key may have been withdrawn
USABLE_SECONDS = 3_600  # without news: an issuer that is away for an hour stops nobody
RETRY_SECONDS = 30
FETCH_SECONDS = 5
MAX_JWKS_BYTES = 1_000_000

Load = Callable[[], Awaitable[bytes]]


class KeysAway(Exception):
    """The keys cannot be had, so no token can be told good from bad."""


class Jwks:
    """The keys of a JWKS, as they were a few minutes ago.

    Older ones are read again in the background, while they still count; stale ones before they
    count again, unless they cannot be had. A token of an unknown key
    has them read at once, yet never more often than twice a minute, however many such tokens come.

    Args:
        location: For the log.
        load: Gives the file's or the URL's content.
        clock: Tells seconds.
    """

    def __init__(
        self, location: str, load: Load, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._location = location
        self._load = load
        self._clock = clock
        self._keys: tuple[PublicKey, ...] = ()
        self._read_s = -float("inf")
        self._tried_s = -float("inf")
        self._reading: asyncio.Task[None] | None = None

    async def find(self, key_id: str | None) -> Sequence[RSAPublicKey]:
        """Return the keys that may have signed a token which names a key, or none.

        Raises:
            KeysAway: If they were never read, or long ago, and cannot be read now.
        """
        age_s = self._clock() - self._read_s
        if age_s > STALE_SECONDS:
            await self._read_soon()
            if self._clock() - self._read_s > USABLE_SECONDS:
                raise KeysAway(self._location)
        elif age_s > FRESH_SECONDS:
            self._begin_reading()
        found = choose_keys(self._keys, key_id)
        if not found:
            await self._read_soon()
            found = choose_keys(self._keys, key_id)
        return found

    async def _read_soon(self) -> None:
        """Return when the keys were read, or it was found that this must wait."""
        if (reading := self._begin_reading()) is not None:
            await asyncio.shield(reading)  # others wait for it, too, when this caller is gone

    def _begin_reading(self) -> asyncio.Task[None] | None:
        """Return the reading that is under way, if need be a new one; None: not now."""
        if self._reading is not None and not self._reading.done():
            return self._reading
        if self._clock() - self._tried_s < RETRY_SECONDS:
            return None
        self._tried_s = self._clock()
        self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                content = await self._load()
            self._keys = read_jwks(content, f"The JWKS {self._location}")
        except TokenKeyUnusable as error:
            logger.error("%s Tokens by RS256 are checked with the keys of before, if any.", error)  # noqa: TRY400 -- one line
        except Exception as error:  # noqa: BLE001 -- a request waits for this, and must be answered
            logger.error(  # noqa: TRY400 -- one line
                "The JWKS %s cannot be read (%s). Tokens by RS256 are checked with the keys of "
                "before, if any.",
                self._location,
                _describe(error),
            )
        else:
            self._read_s = self._clock()


def open_jwks(location: str) -> Jwks:
    """Return the keys of a file or URL; a file is read once, to see whether it can be used.

    Raises:
        TokenKeyUnusable: If the file is not there or no JWKS.
    """
    if is_web_address(location):
        return Jwks(_hide_credentials(location), lambda: _fetch(location))
    path = Path(location)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise TokenKeyUnusable(
            f"CREDIT_TOKEN_JWKS is {location}, which cannot be read ({reason}). Expected a file, "
            "or an address that begins with https://."
        ) from None
    read_jwks(content, f"The JWKS {location}")
    return Jwks(location, lambda: asyncio.to_thread(path.read_bytes))


def is_web_address(location: str) -> bool:
    """Return whether it is to be fetched, and no path."""
    return urlsplit(location).scheme in {"http", "https"}


def _hide_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _describe(error: Exception) -> str:
    """Return what went wrong; others than the system's errors may quote the whole address."""
    return str(error) if isinstance(error, OSError) else type(error).__name__


async def _fetch(url: str) -> bytes:
    import aiohttp

    async with (
        aiohttp.ClientSession(trust_env=True) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        if response.status != HTTPStatus.OK:  # a redirect may lead anywhere
            raise TokenKeyUnusable(
                f"The JWKS {_hide_credentials(url)} was answered with {response.status}."
            )
        content = await response.content.read(MAX_JWKS_BYTES + 1)
        while len(content) <= MAX_JWKS_BYTES and (more := await response.content.read(65_536)):
            content += more
    if len(content) > MAX_JWKS_BYTES:
        raise TokenKeyUnusable(f"The JWKS {_hide_credentials(url)} is larger than a megabyte.")
    return content
