"""The signing keys (JWKS, RFC 7517) of an OpenID Connect issuer, fetched and cached.

PyJWT's own client is not used: it blocks the event loop, and fetches again for each unknown key id.
"""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2
from jwt import PyJWK, PyJWTError

from db.domain.errors import Unavailable

REFRESH_AFTER_SECONDS = 600.0
"""Age after which keys are refreshed in the background."""

MAX_AGE_SECONDS = 3600.0
"""Age after which keys are not used any more, even if the issuer does not answer."""

COOLDOWN_SECONDS = 10.0
"""Minimum time between two requests to the issuer, however many tokens name unknown keys."""

TIMEOUT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 256 * 1024

# No symmetric algorithms: with a shared secret, every verifier of tokens could sign them.
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)

_log = logging.getLogger("dealdesk.authentication")


class InvalidJwks(Exception):
    """The issuer's response is not valid."""


class JwksClient:
    """The public keys of one issuer.

    ``url`` is the URL of the keys. If it is None, it is taken from the issuer's openid-configuration.
    """

    def __init__(self, issuer: str, url: str | None = None) -> None:
        self._issuer = issuer
        self._url = url
        self._keys: dict[str, PyJWK] = {}
        self._lock = asyncio.Lock()
        self._refresh_task: asyncio.Task[None] | None = None
        self._requested_at = self._fetched_at = float("-inf")

    async def key(self, key_id: str) -> PyJWK | None:
        """Return the key with this id, or None if the issuer has no such key.

        Raises:
            Unavailable: the keys are missing or too old, and the issuer does not answer.
        """
        if key_id not in self._keys or self._age > MAX_AGE_SECONDS:
            await self._refresh()
        elif self._age > REFRESH_AFTER_SECONDS and self._has_cooled_down and not self._lock.locked():
            self._refresh_task = asyncio.create_task(self._refresh())  # no request waits for a slow issuer
        if self._age > MAX_AGE_SECONDS:
            raise Unavailable("The issuer of tokens can't be reached. Try again in a moment.")
        return self._keys.get(key_id)

    @property
    def _age(self) -> float:
        return time.monotonic() - self._fetched_at

    @property
    def _has_cooled_down(self) -> bool:
        return time.monotonic() - self._requested_at >= COOLDOWN_SECONDS

    async def _refresh(self) -> None:
        async with self._lock:
            if not self._has_cooled_down:
                return
            self._requested_at = time.monotonic()
            try:
                self._keys = await self._fetch_keys()
            except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, InvalidJwks) as error:
                _log.warning("cannot fetch the keys of the issuer: %r", error)
            else:
                self._fetched_at = self._requested_at

    async def _fetch_keys(self) -> dict[str, PyJWK]:
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            url = self._url or await self._discover_url(client)
            jwks = await _fetch_object(client, url)
        keys = jwks.get("keys")
        if not isinstance(keys, list):
            raise InvalidJwks("The response has no list of keys.")
        signing_keys: dict[str, PyJWK] = {}
        for jwk in keys:
            if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str):
                key = _signing_key(jwk)
                if key is not None:
                    signing_keys[jwk["kid"]] = key
        return signing_keys

    async def _discover_url(self, client: httpx2.AsyncClient) -> str:
        """Return the ``jwks_uri`` of the issuer (OpenID Connect Discovery 1.0, section 4)."""
        configuration = await _fetch_object(
            client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        )
        url = configuration.get("jwks_uri")
        if configuration.get("issuer") != self._issuer or not isinstance(url, str) or not is_secure_url(url):
            raise InvalidJwks("The openid-configuration names another issuer, or no secure jwks_uri.")
        return url


def is_secure_url(url: str) -> bool:
    """Return whether a response from the URL cannot be changed in transit: https, or http on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    return bool(parts.hostname) and (parts.scheme == "https" or is_local)


async def _fetch_object(client: httpx2.AsyncClient, url: str) -> Mapping[str, object]:
    """Return the JSON object at a URL."""
    body = bytearray()
    async with asyncio.timeout(TIMEOUT_SECONDS), client.stream("GET", url) as response:
        if response.status_code != httpx2.codes.OK:
            raise InvalidJwks(f"The response has the status {response.status_code}.")
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                raise InvalidJwks(f"The response is longer than {MAX_RESPONSE_BYTES} bytes.")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidJwks("The response is not JSON.") from error
    if not isinstance(value, dict):
        raise InvalidJwks("The response is not a JSON object.")
    return value


def _signing_key(jwk: dict[str, object]) -> PyJWK | None:
    """Return a key that verifies signatures; None for other uses and for unknown or symmetric algorithms."""
    if jwk.get("use", "sig") != "sig" or jwk.get("kty") == "oct":
        return None
    try:
        key = PyJWK(jwk)
    except (PyJWTError, NotImplementedError):  # the latter for the algorithm "none"
        return None
    return key if key.algorithm_name in _ALGORITHMS else None
