"""The ASGI application: a function of its parts."""

from collections.abc import Awaitable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.access_policy import AccessPolicy
from api.auth.cors import cors_middleware
from api.http.responses import JSON_CONTENT_TYPE, error_body
from api.observability.metrics import ServerStateCollector
from api.observability.request_middleware import RequestMiddleware, RequestObserver
from api.playground.middleware import PlaygroundMiddleware, redirect_route
from api.server.health import health_routes
from api.server.shutdown import Shutdown
from api.transports.endpoint import GraphQLEndpoint
from api.transports.trusted_documents import NO_TRUSTED_DOCUMENTS, TrustedDocuments
from api.transports.websocket import GraphQLWebSockets
from db.sql.database import Database
from schema.execution.executor import Executor

_GRAPHQL_PATH = "/graphql"
_ERROR_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def create_app(
    executor: Executor,
    database: Database,
    access_policy: AccessPolicy,
    documents: TrustedDocuments = NO_TRUSTED_DOCUMENTS,
    observers: Sequence[RequestObserver] = (),
) -> Starlette:
    """Return the application.

    ``observers`` are called after each HTTP request. ``app.state.metrics_collector`` reports the state of the
    server to Prometheus; ``app.state.shutdown`` must be notified when the server stops.
    """
    endpoint = GraphQLEndpoint(executor, access_policy, documents)
    websockets = GraphQLWebSockets(executor, access_policy, documents)
    playground = PlaygroundMiddleware(endpoint)
    shutdown = Shutdown()
    shutdown.add_callback(websockets.stop)
    shutdown.add_callback(executor.feed.stop)

    app = Starlette(
        routes=[
            *([] if documents.only else [redirect_route(_GRAPHQL_PATH)]),
            WebSocketRoute(_GRAPHQL_PATH, websockets),
            playground.static_route,
            *health_routes(database, lambda: shutdown.is_draining or executor.feed.stopped),
        ],
        middleware=[
            Middleware(RequestMiddleware, observers),
            *cors_middleware(access_policy),
            # The playground lets a visitor type documents, which is pointless if only trusted ones are run.
            Middleware(_GraphQLMiddleware, endpoint if documents.only else playground),
        ],
        exception_handlers={HTTPException: _send_routing_error},
    )
    app.router.redirect_slashes = False
    app.state.metrics_collector = ServerStateCollector(
        executor,
        database,
        open_sockets=lambda: websockets.open_sockets,
        open_streams=lambda: endpoint.open_streams,
    )
    app.state.shutdown = shutdown
    return app


class _GraphQLMiddleware:
    """Passes HTTP requests for the endpoint to it, and all others to the router.

    Starlette's router, exception handler and ``send`` would add 13 us to the 70 of a small read.
    """

    def __init__(self, app: ASGIApp, endpoint: ASGIApp) -> None:
        self._router = app
        self._endpoint = endpoint

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_for_endpoint = scope["type"] == "http" and scope["path"] == _GRAPHQL_PATH
        return (self._endpoint if is_for_endpoint else self._router)(scope, receive, send)


async def _send_routing_error(request: Request, error: Exception) -> Response:
    """Answer a request that no route accepts: the path is unknown, or the method is not allowed."""
    if not isinstance(error, HTTPException):
        raise error
    message = f"{error.detail}: {request.method} {request.scope['path']}"
    body = error_body(_ERROR_CODES.get(error.status_code, "BAD_REQUEST"), message)
    return Response(body, error.status_code, headers=error.headers, media_type=JSON_CONTENT_TYPE.decode())
