"""The access policy that the settings describe, which must not expose an unprotected server."""

from datetime import UTC, datetime
from socket import socket

from api.auth.access_policy import AccessPolicy, loopback_hosts
from api.auth.authenticator import Authenticator
from api.auth.oidc import OidcAuthenticator
from api.server.server import ServerStartError
from api.settings import Settings
from db.auth.tokens import any_token_is_valid
from db.sql.database import Database


async def build_access_policy(settings: Settings, bound: socket, database: Database) -> AccessPolicy:
    """Return the access policy for clients of a bound socket.

    Raises:
        ServerStartError: other machines can reach the socket, but there is no token (or OIDC issuer), or no
            allowed host.
        WrongIssuer: the issuer calls itself otherwise.
    """
    loopback = loopback_hosts(bound)
    if not loopback:
        await _check_exposure(settings, bound.getsockname()[0], database)
    hosts = loopback.union(settings.allowed_hosts)
    issuer = None if settings.oidc is None else OidcAuthenticator(settings.oidc, database)
    if issuer is not None:
        await issuer.check_issuer()
    return AccessPolicy(Authenticator(database, issuer), hosts, settings.allowed_origins, settings.limits)


async def _check_exposure(settings: Settings, address: str, database: Database) -> None:
    missing = []
    if settings.oidc is None and not await any_token_is_valid(database, datetime.now(UTC)):
        missing.append("set DEALDESK_OIDC_ISSUER, or create a token with `dealdesk token create`")
    if not settings.allowed_hosts:
        missing.append("set DEALDESK_ALLOWED_HOSTS to the host names that clients use, such as deals.example")
    if missing:
        raise ServerStartError(
            f"Other machines can reach {address}. First {', and '.join(missing)}; or omit --host."
        )
