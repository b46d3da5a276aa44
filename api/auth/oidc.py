"""Authentication by the tokens of an OpenID Connect issuer: JWTs (RFC 7519) with the user and the role."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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
_AUDIENCE_CLAIM = "aud"
_OPTIONS: Options = {"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True}
_OPTIONS_WITHOUT_AUDIENCE: Options = {
    "require": ["exp", "iat", "iss", "sub"],
    "enforce_minimum_key_length": True,
    "verify_aud": False,
}

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
    openid-configuration. The organization of all users is ``organization``, a name or id; if that is None,
    ``organization_claim`` names it.

    Claims are names, or paths such as ``realm_access.roles``; of several, separated by commas, the first one
    that a token has counts. ``role_map`` maps the issuer's roles to roles; if it is empty, they have the same
    names. With ``require_email``, a user needs an e-mail address at the first sign-in.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    organization: str | None = None
    organization_claim: str = "organization"
    audience_claim: str = _AUDIENCE_CLAIM
    user_claim: str = "sub"
    role_claim: str = "role"
    role_map: Mapping[str, Role] = field(default_factory=dict)
    name_claim: str = "name"
    email_claim: str = "email"
    email_verified_claim: str = "email_verified"
    require_email: bool = True


class OidcAuthenticator:
    """Authenticates the tokens of one issuer."""

    def __init__(self, config: OidcConfig, database: Database) -> None:
        self._config = config
        self._database = database
        self._jwks = JwksClient(config.issuer, config.jwks_url)

    async def check_issuer(self) -> None:
        """Check the setting of the issuer; raises as ``JwksClient.check_issuer`` does."""
        await self._jwks.check_issuer()

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
            role=_role(claims, self._config.role_claim, self._config.role_map),
            name=_name(claims, self._config.name_claim),
            email=_optional_text(claims, self._config.email_claim) or None,
            email_verified=_is_verified(claims, self._config.email_verified_claim),
            email_required=self._config.require_email,
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
        type_, key_id, algorithm = header.get("typ"), header.get("kid"), header.get("alg")
        if (type_.lower() if isinstance(type_, str) else type_) not in _TYPES:
            raise InvalidCredentials("The token is not an access token (typ). Send an access token.")
        if "crit" in header or "b64" in header:
            raise InvalidCredentials(f"The token's header has unknown extensions (crit). {_SIGN_IN_AGAIN}")
        is_key_id = key_id is None or (isinstance(key_id, str) and len(key_id) <= MAX_KEY_ID_LENGTH)
        if not is_key_id or not isinstance(algorithm, str):
            raise InvalidCredentials(f"The token's header is not valid (kid, alg). {_SIGN_IN_AGAIN}")
        key = await self._jwks.key(key_id, algorithm)
        if key is None:
            raise InvalidCredentials(
                f"The issuer has no key with the token's key id and algorithm. {_SIGN_IN_AGAIN}"
            )
        audience_is_claim = self._config.audience_claim == _AUDIENCE_CLAIM
        with _translated_errors():
            claims: Claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._config.audience if audience_is_claim else None,
                issuer=self._config.issuer,
                leeway=LEEWAY_SECONDS,
                options=_OPTIONS if audience_is_claim else _OPTIONS_WITHOUT_AUDIENCE,
            )
            if not audience_is_claim and _claim(claims, self._config.audience_claim) != self._config.audience:
                raise jwt.InvalidAudienceError
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


def _claim(claims: Claims, names: str) -> object:
    """Return the first claim that the token has, of names separated by commas; None if all are missing.

    A claim's name may contain dots, or be a path of names. ``scope`` is a list of words (RFC 8693, section
    4.2).
    """
    for name in map(str.strip, names.split(",")):
        value = claims.get(name)
        if name not in claims:
            value = claims
            for step in name.split("."):
                value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            return value.split(" ") if name == "scope" and isinstance(value, str) else value
    return None


def _required_text(claims: Claims, name: str) -> str:
    value = _claim(claims, name)
    if not isinstance(value, str) or not is_name(value):
        raise InvalidCredentials(
            f"The token's claim {name} is missing, or is not a text of visible characters. {_SIGN_IN_AGAIN}"
        )
    return value


def _optional_text(claims: Claims, name: str) -> str | None:
    value = _claim(claims, name)
    return value if isinstance(value, str) else None


def _name(claims: Claims, name: str) -> str | None:
    """Return the name in a claim; None if it is missing or holds what a name must not hold."""
    value = (_optional_text(claims, name) or "").strip()
    return value if is_name(value) else None


def _is_verified(claims: Claims, name: str) -> bool | None:
    """Return whether a claim is true, or the text "true", as some issuers send it; None if it is missing."""
    value = _claim(claims, name)
    if value is None:
        return None
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _role(claims: Claims, name: str, role_map: Mapping[str, Role]) -> Role:
    """Return the highest of the roles in a claim."""
    names = _role_names(_claim(claims, name))
    if role_map:
        found = {role_map[each] for each in names if each in role_map}
    else:
        upper = {each.upper() for each in names if each.isascii()}
        found = {role for role in Role if role in upper}
    if not found:
        known = "that DEALDESK_OIDC_ROLE_MAP maps" if role_map else ", ".join(Role)
        raise InvalidCredentials(f"The token's claim {name} has none of the roles {known}. {_SIGN_IN_AGAIN}")
    return [role for role in Role if role in found][-1]


def _role_names(value: object) -> list[str]:
    """Return one role, a list of roles, or an object of roles with the organizations that grant them."""
    if isinstance(value, Mapping):
        return [each for each, grants in value.items() if isinstance(grants, Mapping) and grants]
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
