"""CORS: which pages of other origins may call the API, and with what."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from api.auth.access_policy import AccessPolicy


def cors_middleware(access_policy: AccessPolicy) -> list[Middleware]:
    """Return the middleware that answers preflights and names the allowed origins; none without origins."""
    if not access_policy.origins:
        return []
    # Without allow_credentials: pages of other origins have to send a token, never cookies.
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=access_policy.origins,
            allow_methods=("GET", "POST"),
            allow_headers=("authorization", "content-type", "last-event-id", "traceparent"),
            expose_headers=("etag", "retry-after", "x-request-id"),
        )
    ]
