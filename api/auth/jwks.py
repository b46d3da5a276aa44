"""The keys with which an issuer signs its tokens: found where it says they are, and kept for a while."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
from jwt import PyJWK, PyJWTError

from db.domain.errors import Unavailable

REFRESH_AFTER_SECONDS = 600.0
"""Seconds for which keys are used before the issuer is asked whether they still are its keys."""

MAX_AGE_SECONDS = 3600.0
"""Seconds after which keys are used no more though the issuer does not answer."""

COOLDOWN_SECONDS = 10.0
"""Seconds between two questions to the issuer, however many tokens name keys that nobody knows."""

TIMEOUT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 256 * 1024

# With a secret that both sides know, whoever checks tokens could make them.
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)

_log = logging.getLogger("dealdesk.authentication")


class InvalidJwks(Exception):
    """What the issuer answers is not what it should be."""


class JwksClient:
    """The public keys of an issuer, each for the one algorithm that it is for."""

    def __init__(self, issuer: str, url: str | None = None) -> None:
        self._issuer = issuer
        self._url = url
        self._keys: dict[str, PyJWK] = {}
        self._asking = asyncio.Lock()
        self._meanwhile: asyncio.Task[None] | None = None
        self._asked = self._answered = float("-inf")

    async def key(self, key_id: str) -> PyJWK | None:
        """Return a key by its id, or None where the issuer has none of it.

        Raises:
            Unavailable: the issuer did not say lately which keys it has.
        """
        if key_id not in self._keys or self._age > MAX_AGE_SECONDS:
            await self._ask()
        elif self._age > REFRESH_AFTER_SECONDS and self._may_ask and not self._asking.locked():
            self._meanwhile = asyncio.create_task(self._ask())  # nobody waits for an issuer that is slow
        if self._age > MAX_AGE_SECONDS:
            raise Unavailable("The issuer of tokens can't be reached. Try again in a moment.")
        return self._keys.get(key_id)

    @property
    def _age(self) -> float:
        return time.monotonic() - self._answered

    @property
    def _may_ask(self) -> bool:
        return time.monotonic() - self._asked >= COOLDOWN_SECONDS

    async def _ask(self) -> None:
        async with self._asking:
            if not self._may_ask:
                return
            self._asked = time.monotonic()
            try:
                self._keys = _by_id(await self._fetch())
            except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, InvalidJwks) as error:
                _log.warning("the keys of the issuer can't be read: %r", error)
            else:
                self._answered = self._asked

    async def _fetch(self) -> Mapping[str, Any]:
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            return await _document(client, self._url or await self._found(client))

    async def _found(self, client: httpx2.AsyncClient) -> str:
        document = await _document(client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        url = document.get("jwks_uri")
        if document.get("issuer") != self._issuer or not isinstance(url, str) or not is_secure_url(url):
            raise InvalidJwks("The openid-configuration is not this issuer's, or names no safe jwks_uri.")
        return url


def is_secure_url(url: str) -> bool:
    """Say whether what a URL answers can be trusted: nobody on the way can change it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    return bool(parts.hostname) and (parts.scheme == "https" or is_local)


async def _document(client: httpx2.AsyncClient, url: str) -> Mapping[str, Any]:
    body = bytearray()
    async with asyncio.timeout(TIMEOUT_SECONDS), client.stream("GET", url) as answer:
        if answer.status_code != httpx2.codes.OK:
            raise InvalidJwks(f"The answer has status {answer.status_code}.")
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > MAX_RESPONSE_BYTES:
                raise InvalidJwks(f"The answer is longer than {MAX_RESPONSE_BYTES} bytes.")
    return _object(bytes(body))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidJwks("The answer is not JSON.") from error
    if not isinstance(document, dict):
        raise InvalidJwks("The answer is no JSON object.")
    return document


def _by_id(document: Mapping[str, Any]) -> dict[str, PyJWK]:
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise InvalidJwks("The answer has no list of keys.")
    return {each["kid"]: key for each in keys if (key := _key(each)) is not None}


def _key(each: Any) -> PyJWK | None:
    """Return a key to check signatures with; one for other uses, or of an unknown kind, is passed over."""
    if not isinstance(each, dict) or not isinstance(each.get("kid"), str):
        return None
    if each.get("use", "sig") != "sig" or each.get("kty") == "oct":
        return None
    try:
        key = PyJWK(each)
    except (PyJWTError, NotImplementedError):  # the latter where its algorithm is "none"
        return None
    return key if key.algorithm_name in _ALGORITHMS else None
