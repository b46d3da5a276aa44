"""Access policies, tokens and HTTP clients for tests of the application."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx2
from starlette.types import ASGIApp

from api.auth.access_policy import AccessPolicy
from api.auth.authenticator import Authenticator
from db import models
from db.auth.tokens import TOKEN_PREFIX, token_digest
from db.domain.caller import Role
from db.domain.ids import new_id
from db.sql.database import Database
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder

TOKEN = TOKEN_PREFIX + "t" * 43
"""The default token of the clients."""

BEARER = f"Bearer {TOKEN}"
HOST = "dealdesk.test"


def access_policy(
    database: Database, clock: Callable[[], datetime] = lambda: NOW, **options: Any
) -> AccessPolicy:
    """Return a policy that allows the host ``dealdesk.test``; the default clock always returns ``NOW``."""
    return AccessPolicy(Authenticator(database, clock=clock), **{"hosts": [HOST], **options})


def http_client(app: ASGIApp) -> httpx2.AsyncClient:
    """Return an HTTP client that calls the application directly."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url=f"http://{HOST}",
        headers={"authorization": BEARER},
    )


async def store_token(builder: OrganizationBuilder, token: str = TOKEN, **columns: Any) -> None:
    """Store a token of the organization's user; ``columns`` replace default values."""
    defaults: Any = {
        "role": Role.ADMIN,
        "name": token,
        "created_at": A_MONTH_AGO,
        "digest": token_digest(token),
    }
    key: Any = {"organization_id": builder.organization_id, "user_id": builder.user_id}
    await builder.insert(models.ApiToken(**{**key, "id": new_id(), **defaults, **columns}))
