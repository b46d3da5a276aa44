"""Authentication by the tokens of an OpenID Connect issuer: JWTs (RFC 7519) with the user and the role."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import jwt
from jwt.types import Options

from api.auth.jwks import JwksClient
from api.auth.principal import Principal
from api.http.errors import InvalidCredentials
from db.auth.oidc_identities import AccessDenied, OidcUser, resolve_user
from db.domain.caller import Role
from db.domain.names import is_name
from db.sql.database import Database

LEEWAY_SECONDS = 30.0
"""Tolerated difference between the clocks of the issuer and of this server."""

MAX_KEY_ID_LENGTH = 256

_TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
_OPTIONS: Options = {"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True}

_SIGN_IN_AGAIN = "Sign in again to get another one."
_MESSAGES: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidAudienceError: "The token is for another audience (aud).",
    jwt.InvalidIssuerError: "The token is from another issuer (iss).",
}

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcConfig:
    """A trusted issuer, and the claims of its tokens.

    Its tokens must be for ``audience``. ``jwks_url`` is the URL of its keys; None to take it from the
    openid-configuration. Claims are names, or paths such as ``realm_access.roles``. The organization of all
    users is ``organization``, a name or id; if that is None, ``organization_claim`` names it.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    organization: str | None = None
    organization_claim: str = "organization"
    user_claim: str = "sub"
    role_claim: str = "role"


class OidcAuthenticator:
    """Authenticates the tokens of one issuer."""

    def __init__(self, config: OidcConfig, database: Database) -> None:
        self._config = config
        self._database = database
        self._jwks = JwksClient(config.issuer, config.jwks_url)

    async def authenticate(self, token: str) -> Principal:
        """Return the principal of a token. A user who is new to the organization is created.

        Raises:
            InvalidCredentials: the token is not valid; the message never repeats its content.
            Unavailable: the issuer's keys, or the database, cannot be reached.
        """
        claims = await self._verify(token)
        try:
            expiry = int(cast("int", claims["exp"]))  # PyJWT has checked that it converts
            expires_at = datetime.fromtimestamp(expiry + LEEWAY_SECONDS, UTC)
        except (OSError, ValueError, OverflowError):
            raise InvalidCredentials(f"The token's expiry (exp) is out of range. {_SIGN_IN_AGAIN}") from None
        user = OidcUser(
            issuer=self._config.issuer,
            subject=_required_text(claims, self._config.user_claim),
            role=_role(claims, self._config.role_claim),
            name=_name(claims, "name"),
            email=_optional_text(claims, "email"),
            email_verified=_is_verified(claims, "email_verified"),
        )
        organization = self._config.organization or _required_text(claims, self._config.organization_claim)
        try:
            ref = await resolve_user(self._database, organization, user, now=datetime.now(UTC))
        except AccessDenied as error:
            raise InvalidCredentials(str(error)) from None
        return Principal(ref.organization_id, ref.user_id, user.role, expires_at)

    async def _verify(self, token: str) -> Claims:
        """Return the claims of a token whose signature, issuer, audience and times are valid."""
        with _translated_errors():
            header = jwt.get_unverified_header(token)
        type_, key_id = header.get("typ"), header.get("kid")
        if (type_.lower() if isinstance(type_, str) else type_) not in _TYPES:
            raise InvalidCredentials("The token is not an access token (typ). Send an access token.")
        if "crit" in header or "b64" in header:
            raise InvalidCredentials(f"The token's header has unknown extensions (crit). {_SIGN_IN_AGAIN}")
        if not isinstance(key_id, str) or len(key_id) > MAX_KEY_ID_LENGTH:
            raise InvalidCredentials(f"The token's header names no key (kid). {_SIGN_IN_AGAIN}")
        key = await self._jwks.key(key_id)
        if key is None:
            raise InvalidCredentials(f"The issuer has no key with the token's key id. {_SIGN_IN_AGAIN}")
        with _translated_errors():
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._config.audience,
                issuer=self._config.issuer,
                leeway=LEEWAY_SECONDS,
                options=_OPTIONS,
            )
        return claims


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise InvalidCredentials for every error of PyJWT, without its text."""
    try:
        yield
    except jwt.MissingRequiredClaimError as error:
        raise InvalidCredentials(f"The token lacks the claim {error.claim}. {_SIGN_IN_AGAIN}") from None
    except jwt.PyJWTError as error:
        message = _MESSAGES.get(type(error), "The token is not valid.")
        raise InvalidCredentials(f"{message} {_SIGN_IN_AGAIN}") from None
    except (ValueError, OverflowError):
        raise InvalidCredentials(f"The token is not valid. {_SIGN_IN_AGAIN}") from None


def _claim(claims: Claims, name: str) -> object:
    """Return a claim by its name, which may contain dots, or by a path of names; None if it is missing."""
    if name in claims:
        return claims[name]
    value: object = claims
    for step in name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _required_text(claims: Claims, name: str) -> str:
    value = _claim(claims, name)
    if not isinstance(value, str) or not is_name(value):
        raise InvalidCredentials(
            f"The token's claim {name} is missing, or is not a text of visible characters. {_SIGN_IN_AGAIN}"
        )
    return value


def _optional_text(claims: Claims, name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) else None


def _name(claims: Claims, name: str) -> str | None:
    """Return the name in a claim; None if it is missing or holds what a name must not hold."""
    value = (_optional_text(claims, name) or "").strip()
    return value if is_name(value) else None


def _is_verified(claims: Claims, name: str) -> bool | None:
    """Return whether a claim is true, or the text "true", as some issuers send it; None if it is missing."""
    if name not in claims:
        return None
    value = claims[name]
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _role(claims: Claims, name: str) -> Role:
    """Return the highest of the roles in a claim: one role, or a list of them."""
    value = _claim(claims, name)
    names = {
        each.upper()
        for each in (value if isinstance(value, list) else [value])
        if isinstance(each, str) and each.isascii()
    }
    roles = [role for role in Role if role in names]
    if not roles:
        known = ", ".join(Role)
        raise InvalidCredentials(f"The token's claim {name} has none of the roles {known}. {_SIGN_IN_AGAIN}")
    return roles[-1]
