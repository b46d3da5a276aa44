"""Tokens of an OpenID Connect issuer: JWTs that say who somebody is, and in which role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from jwt.types import Options

from api.auth.jwks import JwksClient
from api.auth.principal import Principal
from api.http.errors import InvalidCredentials
from db.auth.oidc_identities import AccessDenied, OidcUser, resolve_user
from db.domain.caller import Role
from db.sql.database import Database

LEEWAY_SECONDS = 30.0
"""Seconds by which the issuer's clock and ours may differ."""

MAX_KEY_ID_LENGTH = 256

_TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
_OPTIONS: Options = {"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcConfig:
    """Which issuer is trusted with what.

    Its tokens are for ``audience``; ``jwks_url`` is where its keys are, unless its openid-configuration says
    so. The claims are names, or paths such as ``realm_access.roles``. All its tokens are those of
    ``organization``, where that is set; else the claim names it.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    organization: str | None = None
    organization_claim: str = "organization"
    user_claim: str = "sub"
    role_claim: str = "role"


class OidcAuthenticator:
    """Vouches for users by the tokens of one issuer."""

    def __init__(self, trust: OidcConfig, database: Database) -> None:
        self._trust = trust
        self._database = database
        self._keys = JwksClient(trust.issuer, trust.jwks_url)

    async def principal(self, token: str) -> Principal:
        """Return whom a token lets in; a user that nobody has seen yet is entered.

        Raises:
            BadCredential: nobody; the message says what the token lacks, never what is in it.
            Unavailable: the issuer's keys, or the database, can't be reached.
        """
        claims = await self._claims(token)
        expires_at = _end(claims)
        person = self._person(claims)
        try:
            served = await resolve_user(
                self._database, self._organization(claims), person, now=datetime.now(UTC)
            )
        except AccessDenied as refusal:
            raise InvalidCredentials(str(refusal)) from None
        return Principal(served.organization_id, served.user_id, person.role, expires_at)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        key = await self._keys.key(_key_id(token))
        if key is None:
            raise InvalidCredentials(f"The issuer has no key of this id. {_ANOTHER}")
        return _checked(lambda: self._decoded(token, key))

    def _decoded(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._trust.audience,
            issuer=self._trust.issuer,
            leeway=LEEWAY_SECONDS,
            options=_OPTIONS,
        )

    def _person(self, claims: Mapping[str, Any]) -> OidcUser:
        verified = claims.get("email_verified")
        return OidcUser(
            issuer=self._trust.issuer,
            subject=_text(claims, self._trust.user_claim),
            role=_role(claims, self._trust.role_claim),
            name=_optional_text(claims, "name"),
            email=_optional_text(claims, "email"),
            email_verified=verified if isinstance(verified, bool) else None,
        )

    def _organization(self, claims: Mapping[str, Any]) -> str:
        return self._trust.organization or _text(claims, self._trust.organization_claim)


def _key_id(token: str) -> str:
    header = _checked(lambda: jwt.get_unverified_header(token))
    type_, key_id = header.get("typ"), header.get("kid")
    if (type_.lower() if isinstance(type_, str) else type_) not in _TYPES:
        raise InvalidCredentials("This is another type of JWT than an access token. Send an access token.")
    if "crit" in header or "b64" in header:
        raise InvalidCredentials(
            f"The token's header asks for extensions that are not known here. {_ANOTHER}"
        )
    if not isinstance(key_id, str) or len(key_id) > MAX_KEY_ID_LENGTH:
        raise InvalidCredentials(f"The token's header names no key (kid). {_ANOTHER}")
    return key_id


def _checked(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return read()
    except jwt.MissingRequiredClaimError as error:
        raise InvalidCredentials(f"The token lacks the claim {error.claim}. {_ANOTHER}") from None
    except jwt.PyJWTError as error:
        raise InvalidCredentials(f"{_WHY.get(type(error), 'The token is not valid.')} {_ANOTHER}") from None
    except (ValueError, OverflowError):
        raise InvalidCredentials(f"The token is not valid. {_ANOTHER}") from None


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, which may have dots in it, or by a path of names."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = _claim(claims, name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise InvalidCredentials(f"The token lacks the claim {name}, or it is no text. {_ANOTHER}")
    return value


def _optional_text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value.isprintable() else None


def _role(claims: Mapping[str, Any], name: str) -> Role:
    """Return the role that may do most of those that a claim names: one, or a list."""
    value = _claim(claims, name)
    named = {
        each.upper() for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)
    }
    roles = [role for role in Role if role in named]
    if not roles:
        raise InvalidCredentials(
            f"The token's claim {name} names none of the roles {', '.join(Role)}. {_ANOTHER}"
        )
    return roles[-1]


def _end(claims: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromtimestamp(int(claims["exp"]) + LEEWAY_SECONDS, UTC)
    except (OSError, ValueError, OverflowError):
        raise InvalidCredentials(f"The token expires on no day of the calendar. {_ANOTHER}") from None


_ANOTHER = "Sign in again for another one."
_WHY: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidAudienceError: "The token is for somebody else (aud).",
    jwt.InvalidIssuerError: "The token is of another issuer (iss).",
}
