"""An OpenID Connect issuer on the loopback interface, with keys and tokens for tests."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from api.auth.oidc import OidcConfig

AUDIENCE = "https://deals.example"

TIMEOUT_SECONDS = 20.0
"""Seconds for which an answer is held back at most."""


class IssuerServer:
    """``responses`` holds the response of each path, ``requests`` counts the requests of each path."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: Counter[str] = Counter()
        self.responses: dict[str, Any] = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [public_jwk("ec"), public_jwk("rsa")]},
        }

    @property
    def config(self) -> OidcConfig:
        return OidcConfig(issuer=self.url, audience=AUDIENCE)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return the claims of a valid token; a value of None omits the claim."""
        defaults = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "7",
            "iat": int(time()),
            "exp": int(time()) + 600,
            "organization": "Northwind Works",
            "role": "SALES",
            "name": "Bob Reyes",
            "email": "bob@example.com",
        }
        return {name: value for name, value in (defaults | changed).items() if value is not None}

    def token(self, *, key: str = "ec", header: dict[str, Any] | None = None, **changed: Any) -> str:
        """Return a signed token, which is valid by default."""
        headers = {"kid": key} | (header or {})
        return jwt.encode(self.claims(**changed), private_key(key), ALGORITHMS[key], headers)


ALGORITHMS = {"ec": "ES256", "rsa": "RS256", "other": "ES256"}


@cache
def private_key(name: str) -> Any:
    if name == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(name: str) -> dict[str, Any]:
    algorithm = RSAAlgorithm if name == "rsa" else ECAlgorithm
    jwk = algorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {**jwk, "kid": name, "alg": ALGORITHMS[name], "use": "sig"}


@contextmanager
def run_issuer() -> Iterator[IssuerServer]:
    """Run an issuer until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.issuer = IssuerServer(server.server_port)  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.issuer  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join(TIMEOUT_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer: IssuerServer = self.server.issuer  # type: ignore[attr-defined]
        issuer.requests[self.path] += 1
        response = issuer.responses.get(self.path)
        if isinstance(response, Event):
            response.wait(TIMEOUT_SECONDS)
            return
        body = response if isinstance(response, bytes) else json.dumps(response).encode()
        self.send_response(404 if response is None else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""
