"""Tokens that must let nobody in."""

import base64
import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from time import time
from typing import Any

import jwt

from tests.api.support.oidc_issuer import IssuerServer, private_key, public_jwk

Hostile = Callable[[IssuerServer], str]

CLAIMS = ("exp", "iat", "iss", "aud", "sub", "organization", "role")


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def unsigned(issuer: IssuerServer, alg: str) -> str:
    return f"{encoded({'alg': alg, 'kid': 'ec'})}.{encoded(issuer.claims())}."


def signed_with_the_public_key(issuer: IssuerServer) -> str:
    """The confusion of a public key with a secret: a checker that believes the header takes it."""
    head = f"{encoded({'alg': 'HS256', 'kid': 'rsa'})}.{encoded(issuer.claims())}"
    secret = json.dumps(public_jwk("rsa")).encode()
    return f"{head}.{encoded(hmac.digest(secret, head.encode(), sha256))}"


def changed_after_signing(issuer: IssuerServer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{encoded(issuer.claims(role='ADMIN'))}.{signature}"


def with_a_key_of_its_own(issuer: IssuerServer, **header: Any) -> str:
    return jwt.encode(issuer.claims(), private_key("other"), "ES256", {"kid": "ec", **header})


def lacking(claim: str) -> Hostile:
    left_out: dict[str, Any] = {claim: None}
    return lambda issuer: issuer.token(**left_out)


HOSTILE: dict[str, Hostile] = {
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg None": lambda issuer: unsigned(issuer, "None"),
    "no alg": lambda issuer: f"{encoded({'kid': 'ec'})}.{encoded(issuer.claims())}.",
    "signature left out": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "public key taken for a secret": signed_with_the_public_key,
    "algorithm of another key": lambda issuer: issuer.token(header={"kid": "rsa"}),
    "swapped key": with_a_key_of_its_own,
    "embedded jwk": lambda issuer: with_a_key_of_its_own(issuer, jwk=public_jwk("other")),
    "jku of its own": lambda issuer: with_a_key_of_its_own(issuer, jku=f"{issuer.url}/mine"),
    "changed after signing": changed_after_signing,
    "unknown key": lambda issuer: with_a_key_of_its_own(issuer, kid="other"),
    "kid is a path": lambda issuer: with_a_key_of_its_own(issuer, kid="../../../../dev/null"),
    "kid is SQL": lambda issuer: with_a_key_of_its_own(issuer, kid="ec' OR '1'='1"),
    "kid is long": lambda issuer: with_a_key_of_its_own(issuer, kid="e" * 257),
    "no kid": lambda issuer: jwt.encode(issuer.claims(), private_key("ec"), "ES256"),
    "crit": lambda issuer: issuer.token(header={"crit": ["exp"], "exp": 0}),
    "empty crit": lambda issuer: issuer.token(header={"crit": []}),
    "logout token": lambda issuer: issuer.token(header={"typ": "logout+jwt"}),
    "wrong audience": lambda issuer: issuer.token(aud="https://other.example"),
    "audiences without ours": lambda issuer: issuer.token(aud=["a", "b"]),
    "wrong issuer": lambda issuer: issuer.token(iss="https://login.example"),
    "issuer with a slash": lambda issuer: issuer.token(iss=f"{issuer.url}/"),
    "expired": lambda issuer: issuer.token(exp=int(time()) - 31),
    "expires never": lambda issuer: issuer.token(exp="never"),
    "expires after the calendar": lambda issuer: issuer.token(exp=10**15),
    "not yet valid": lambda issuer: issuer.token(nbf=int(time()) + 60),
    "issued in the future": lambda issuer: issuer.token(iat=int(time()) + 60),
    **{f"no {claim}": lacking(claim) for claim in CLAIMS},
    "unknown role": lambda issuer: issuer.token(role="OWNER"),
    "role is no text": lambda issuer: issuer.token(role={"ADMIN": True}),
    "subject is no text": lambda issuer: issuer.token(sub=7),
    "subject holds NUL": lambda issuer: issuer.token(sub="7\0"),
    "other organization": lambda issuer: issuer.token(organization="Elsewhere"),
    "organization is a pattern": lambda issuer: issuer.token(organization="%"),
    "unverified address of a user": lambda issuer: issuer.token(email="ada@example.com"),
    "no address": lambda issuer: issuer.token(email=None),
    "100 kB": lambda issuer: issuer.token(groups=["everybody"] * 8000),
    "bad base64": lambda issuer: issuer.token().replace(".", ".=", 1),
    "whitespace inside": lambda issuer: issuer.token().replace(".", ". "),
    "two parts": lambda issuer: issuer.token().rpartition(".")[0],
    "five parts": lambda issuer: f"{issuer.token()}.a.b",
}

MALFORMED = {
    "kid is no text": (f"{encoded({'alg': 'ES256', 'kid': ['ec']})}.{encoded({})}.{encoded(b'0' * 64)}"),
    "header is a list": f"{encoded([])}.{encoded({})}.",
    "payload is a list": jwt.PyJWS().encode(b"[]", private_key("ec"), "ES256", {"kid": "ec"}),
    "deep header": f"{encoded(b'[' * 3000)}.{encoded({})}.",
    "empty": "..",
}
"""Those that no issuer has to do with."""


def hostile_tokens(issuer: IssuerServer) -> dict[str, str]:
    """Return all of them by what is wrong with each."""
    return {name: make(issuer) for name, make in HOSTILE.items()} | MALFORMED
