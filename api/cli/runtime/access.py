"""Letting in whom the settings say."""

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
    """Return who may come in through a bound socket.

    Raises:
        CannotServe: others than this machine could, and nothing is set that keeps strangers out.
    """
    loopback = loopback_hosts(bound)
    if not loopback:
        await _check_exposure(settings, bound.getsockname()[0], database)
    hosts = loopback.union(settings.allowed_hosts)
    issuer = None if settings.oidc is None else OidcAuthenticator(settings.oidc, database)
    return AccessPolicy(Authenticator(database, issuer), hosts, settings.allowed_origins, settings.limits)


async def _check_exposure(settings: Settings, address: str, database: Database) -> None:
    missing = []
    if settings.oidc is None and not await any_token_is_valid(database, datetime.now(UTC)):
        missing.append("set DEALDESK_OIDC_ISSUER, or make a token with `dealdesk token create`")
    if not settings.allowed_hosts:
        missing.append(
            "set DEALDESK_ALLOWED_HOSTS to the names that clients know the server by, such as deals.example"
        )
    if missing:
        raise ServerStartError(
            f"Other machines can reach {address}. First {', and '.join(missing)}; or leave --host out."
        )
