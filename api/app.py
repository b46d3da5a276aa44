"""The application: a function of its parts."""

from collections.abc import Awaitable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from api.auth.access_policy import AccessPolicy
from api.http.responses import JSON_CONTENT_TYPE, error_body
from api.observability.metrics import ServerStateCollector
from api.observability.request_middleware import RequestMiddleware, RequestObserver
from api.playground.middleware import PlaygroundMiddleware
from api.server.health import health_routes
from api.server.shutdown import Shutdown
from api.transports.endpoint import GraphQLEndpoint
from api.transports.trusted_documents import NO_TRUSTED_DOCUMENTS, TrustedDocuments
from api.transports.websocket import GraphQLWebSockets
from db.sql.database import Database
from schema.execution.executor import Executor

_GRAPHQL = "/graphql"
_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def create_app(
    executor: Executor,
    database: Database,
    entry: AccessPolicy,
    documents: TrustedDocuments = NO_TRUSTED_DOCUMENTS,
    observers: Sequence[RequestObserver] = (),
) -> Starlette:
    """Return the app, for those whom ``entry`` lets in.

    ``observers`` are told of every request over HTTP. ``app.state.metrics_collector``
    reports the state of the server to Prometheus; ``app.state.shutdown`` is notified when the server stops.
    """
    endpoint = GraphQLEndpoint(executor, entry, documents)
    sockets = GraphQLWebSockets(executor, entry, documents)
    stopping = Shutdown()
    stopping.add_callback(sockets.stop)
    stopping.add_callback(executor.feed.stop)
    playground = PlaygroundMiddleware(endpoint)
    app = _App(
        routes=[
            WebSocketRoute(_GRAPHQL, sockets),
            playground.static_route,
            *health_routes(database, lambda: stopping.is_draining or executor.feed.stopped),
        ],
        middleware=[
            Middleware(RequestMiddleware, observers),
            *_sharing(entry.origins),
            Middleware(_Shortcut, endpoint if documents.only else playground),
        ],
        exception_handlers={HTTPException: _refuse},
    )
    app.router.redirect_slashes = False
    app.state.metrics_collector = ServerStateCollector(
        executor, database, open_sockets=lambda: sockets.open, open_streams=lambda: endpoint.streams
    )
    app.state.shutdown = stopping
    return app


class _App(Starlette):
    """Without Starlette's own outermost layer: ``RequestMiddleware`` answers what nobody expected."""

    @override
    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = ExceptionMiddleware(self.router, self.exception_handlers)
        for middleware, arguments, keywords in reversed(self.user_middleware):
            app = middleware(app, *arguments, **keywords)
        return app


class _Shortcut:
    """Leads past the routes to GraphQL: looking for one takes as long as binding a request's values."""

    def __init__(self, app: ASGIApp, graphql: ASGIApp) -> None:
        self._app = app
        self._graphql = graphql

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not async: a coroutine that only awaits another takes time and does nothing.
        is_short = scope["type"] == "http" and scope["path"] == _GRAPHQL
        return (self._graphql if is_short else self._app)(scope, receive, send)


def _sharing(origins: Sequence[str]) -> list[Middleware]:
    """Let pages of other sites ask and read the answers; they have to bring a token of their own."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=("authorization", "content-type", "last-event-id", "traceparent"),
            expose_headers=("etag", "retry-after", "x-request-id"),
        )
    ]


async def _refuse(request: Request, refusal: Exception) -> Response:
    """Answer what the router refuses: unknown paths and methods."""
    if not isinstance(refusal, HTTPException):
        raise refusal
    message = f"There is no {request.method} {request.scope['path']} here."
    body = error_body(_CODES.get(refusal.status_code, "BAD_REQUEST"), message)
    return Response(body, refusal.status_code, headers=refusal.headers, media_type=JSON_CONTENT_TYPE.decode())
