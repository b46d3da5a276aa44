"""Tokens that must be rejected."""

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


def encode(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def unsigned(issuer: IssuerServer, alg: str) -> str:
    return f"{encode({'alg': alg, 'kid': 'ec'})}.{encode(issuer.claims())}."


def sign_with_public_key(issuer: IssuerServer) -> str:
    """Algorithm confusion: a verifier that trusts the header would use the public key as a secret."""
    head = f"{encode({'alg': 'HS256', 'kid': 'rsa'})}.{encode(issuer.claims())}"
    secret = json.dumps(public_jwk("rsa")).encode()
    return f"{head}.{encode(hmac.digest(secret, head.encode(), sha256))}"


def change_after_signing(issuer: IssuerServer) -> str:
    head, _, signature = issuer.token().split(".")
    return f"{head}.{encode(issuer.claims(role='ADMIN'))}.{signature}"


def sign_with_other_key(issuer: IssuerServer, **header: Any) -> str:
    return jwt.encode(issuer.claims(), private_key("other"), "ES256", {"kid": "ec", **header})


def without_claim(claim: str) -> Hostile:
    omitted: dict[str, Any] = {claim: None}
    return lambda issuer: issuer.token(**omitted)


HOSTILE: dict[str, Hostile] = {
    "alg none": lambda issuer: unsigned(issuer, "none"),
    "alg None": lambda issuer: unsigned(issuer, "None"),
    "no alg": lambda issuer: f"{encode({'kid': 'ec'})}.{encode(issuer.claims())}.",
    "signature left out": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "public key used as a secret": sign_with_public_key,
    "algorithm of another key": lambda issuer: issuer.token(header={"kid": "rsa"}),
    "swapped key": sign_with_other_key,
    "embedded jwk": lambda issuer: sign_with_other_key(issuer, jwk=public_jwk("other")),
    "jku of its own": lambda issuer: sign_with_other_key(issuer, jku=f"{issuer.url}/mine"),
    "changed after signing": change_after_signing,
    "unknown key": lambda issuer: sign_with_other_key(issuer, kid="other"),
    "kid is a path": lambda issuer: sign_with_other_key(issuer, kid="../../../../dev/null"),
    "kid is SQL": lambda issuer: sign_with_other_key(issuer, kid="ec' OR '1'='1"),
    "kid is long": lambda issuer: sign_with_other_key(issuer, kid="e" * 257),
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
    **{f"no {claim}": without_claim(claim) for claim in CLAIMS},
    "unknown role": lambda issuer: issuer.token(role="OWNER"),
    "role with a dotless i": lambda issuer: issuer.token(role="adm\u0131n"),
    "role with a long s": lambda issuer: issuer.token(role="\u017fales"),
    "address with a KELVIN SIGN": lambda issuer: issuer.token(
        email="\u212aim@example.com", email_verified=True
    ),
    "address without a name": lambda issuer: issuer.token(email="@"),
    "address with a space": lambda issuer: issuer.token(email="x@y "),
    "address that is falsely verified": lambda issuer: issuer.token(email_verified="false"),
    "role is not a string": lambda issuer: issuer.token(role={"ADMIN": True}),
    "subject is not a string": lambda issuer: issuer.token(sub=7),
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
    "kid is not a string": (f"{encode({'alg': 'ES256', 'kid': ['ec']})}.{encode({})}.{encode(b'0' * 64)}"),
    "header is a list": f"{encode([])}.{encode({})}.",
    "payload is a list": jwt.PyJWS().encode(b"[]", private_key("ec"), "ES256", {"kid": "ec"}),
    "deep header": f"{encode(b'[' * 3000)}.{encode({})}.",
    "empty": "..",
}
"""Tokens that cannot be parsed."""


def hostile_tokens(issuer: IssuerServer) -> dict[str, str]:
    """Return the tokens by the names of their defects."""
    return {name: make(issuer) for name, make in HOSTILE.items()} | MALFORMED
