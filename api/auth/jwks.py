"""The signing keys (JWKS, RFC 7517) of an OpenID Connect issuer, fetched and cached.

PyJWT's own client is not used: it blocks the event loop, and fetches again for each unknown key id.
"""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from jwt import PyJWK, PyJWTError

from db.domain.errors import DealdeskError, Unavailable

REFRESH_AFTER_SECONDS = 600.0
"""Age after which keys are refreshed in the background."""

MAX_AGE_SECONDS = 3600.0
"""Age after which keys are not used any more, even if the issuer does not answer."""

COOLDOWN_SECONDS = 10.0
"""Minimum time between two requests to the issuer, however many tokens name unknown keys."""

TIMEOUT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 256 * 1024

# No symmetric algorithms: with a shared secret, every verifier of tokens could sign them.
_RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_ALGORITHMS = frozenset({*_RSA_ALGORITHMS, "ES256", "ES384", "ES512", "EdDSA"})

_log = logging.getLogger("dealdesk.authentication")


class InvalidJwks(Exception):
    """The issuer's response is not valid."""


class WrongIssuer(DealdeskError):
    """The setting of the issuer is not what the issuer calls itself, so no token can be valid."""

    def __init__(self, setting: str, found: object) -> None:
        super().__init__(
            f"DEALDESK_OIDC_ISSUER is {setting!r}, and its openid-configuration names the issuer {found!r}."
            " Set the name exactly as it stands there."
        )


_FETCH_ERRORS = (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, InvalidJwks)


@dataclass(frozen=True, slots=True)
class _SigningKey:
    """A public key by the algorithms that it may verify; ``key_id`` is None if the issuer gives it none."""

    key_id: str | None
    by_algorithm: Mapping[str, PyJWK]


class JwksClient:
    """The public keys of one issuer.

    ``url`` is the URL of the keys. If it is None, it is taken from the issuer's openid-configuration.
    """

    def __init__(self, issuer: str, url: str | None = None) -> None:
        self._issuer = issuer
        self._url = url
        self._keys: list[_SigningKey] = []
        self._lock = asyncio.Lock()
        self._refresh_task: asyncio.Task[None] | None = None
        self._requested_at = self._fetched_at = float("-inf")

    async def key(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """Return the key with this id for an algorithm, or None if the issuer has no such key.

        Without an id, return the issuer's key if it has exactly one.

        Raises:
            Unavailable: the keys are missing or too old, and the issuer does not answer.
        """
        if self._find(key_id) is None or self._age > MAX_AGE_SECONDS:
            await self._refresh()
        elif self._age > REFRESH_AFTER_SECONDS and self._has_cooled_down and not self._lock.locked():
            self._refresh_task = asyncio.create_task(self._refresh())  # no request waits for a slow issuer
        if self._age > MAX_AGE_SECONDS:
            raise Unavailable("The issuer of tokens can't be reached. Try again in a moment.")
        key = self._find(key_id)
        return None if key is None else key.by_algorithm.get(algorithm)

    async def check_issuer(self) -> None:
        """Check that the issuer is set as it calls itself, if it answers.

        Raises:
            WrongIssuer: its openid-configuration names another one.
        """
        if self._url is None:
            with suppress(*_FETCH_ERRORS):
                async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                    await self._discover_url(client)

    def _find(self, key_id: str | None) -> _SigningKey | None:
        found = [key for key in self._keys if key_id is None or key.key_id == key_id]
        return found[-1] if len(found) == 1 or (found and key_id is not None) else None

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
            except (*_FETCH_ERRORS, WrongIssuer) as error:
                _log.warning("cannot fetch the keys of the issuer: %r", error)
            else:
                self._fetched_at = self._requested_at

    async def _fetch_keys(self) -> list[_SigningKey]:
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            url = self._url or await self._discover_url(client)
            jwks = await _fetch_object(client, url)
        keys = jwks.get("keys")
        if not isinstance(keys, list):
            raise InvalidJwks("The response has no list of keys.")
        signing_keys = [_signing_key(jwk) for jwk in keys if isinstance(jwk, dict)]
        return [key for key in signing_keys if key.by_algorithm]

    async def _discover_url(self, client: httpx2.AsyncClient) -> str:
        """Return the ``jwks_uri`` of the issuer (OpenID Connect Discovery 1.0, section 4)."""
        configuration = await _fetch_object(
            client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        )
        url = configuration.get("jwks_uri")
        if configuration.get("issuer") != self._issuer:
            raise WrongIssuer(self._issuer, configuration.get("issuer"))
        if not isinstance(url, str) or not is_secure_url(url):
            raise InvalidJwks("The openid-configuration names no secure jwks_uri.")
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


def _signing_key(jwk: dict[str, object]) -> _SigningKey:
    """Return a key with the algorithms for which it verifies signatures; none for other uses.

    A key without ``alg`` (RFC 7517, section 4.4) is for all algorithms of its type.
    """
    key_id, use, operations = jwk.get("kid"), jwk.get("use", "sig"), jwk.get("key_ops", ["verify"])
    by_algorithm: dict[str, PyJWK] = {}
    if use == "sig" and isinstance(operations, list) and "verify" in operations and jwk.get("kty") != "oct":
        named = jwk.get("alg")
        for algorithm in _RSA_ALGORITHMS if named is None and jwk.get("kty") == "RSA" else (named,):
            key = _usable_key(jwk, algorithm)
            if key is not None:
                by_algorithm[key.algorithm_name] = key
    return _SigningKey(key_id if isinstance(key_id, str) else None, by_algorithm)


def _usable_key(jwk: dict[str, object], algorithm: object) -> PyJWK | None:
    """Return the key for an algorithm, by default the one of its type; None if it is unknown or symmetric."""
    if not (algorithm is None or (isinstance(algorithm, str) and algorithm in _ALGORITHMS)):
        return None
    try:
        key = PyJWK(jwk, algorithm)
    except PyJWTError:
        return None
    return key if key.algorithm_name in _ALGORITHMS else None
