"""An issuer of tokens on the loopback interface, which signs whatever a test wants."""

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

PATIENCE = 20.0
"""Seconds for which an answer is held back at most."""


class IssuerServer:
    """``answers`` is what each path answers, ``asked`` how often it was asked for."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, Any] = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [public_jwk("ec"), public_jwk("rsa")]},
        }

    @property
    def trust(self) -> OidcConfig:
        return OidcConfig(issuer=self.url, audience=AUDIENCE)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return what a good token says; None leaves a claim out."""
        usual = {
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
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def token(self, *, key: str = "ec", header: dict[str, Any] | None = None, **changed: Any) -> str:
        """Return a signed token; it is a good one unless told otherwise."""
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
            thread.join(PATIENCE)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer: IssuerServer = self.server.issuer  # type: ignore[attr-defined]
        issuer.asked[self.path] += 1
        answer = issuer.answers.get(self.path)
        if isinstance(answer, Event):
            answer.wait(PATIENCE)
            return
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""
