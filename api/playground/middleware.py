"""Middleware that answers browsers at the endpoint with the playground."""

import logging
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

import schema
from api.playground.page import bundled_page, cdn_page

_log = logging.getLogger("dealdesk.playground")

BUNDLE_DIRECTORY = Path(__file__).parent / "static"
"""The output of the build hook; missing if npm was not installed."""

_SOURCE_DIRECTORY = Path(__file__).parent / "source"
_SCHEMA = Path(schema.__file__).parent / "schema.graphql"

_CACHE_CONTROL = "public, max-age=31536000, immutable"
_CACHED_STATUSES = (200, 206, 304)


class PlaygroundMiddleware:
    """Answers browsers with the page, and passes other requests to the endpoint.

    ``bundle`` is the directory of the bundle; if it is missing, the page loads GraphiQL from a CDN.
    ``static_route`` serves the files of the page and the schema, which the page shows without a token.
    """

    def __init__(self, endpoint: ASGIApp, bundle: Path = BUNDLE_DIRECTORY) -> None:
        self._endpoint = endpoint
        is_bundled = bundle.is_dir()
        directory = bundle if is_bundled else _SOURCE_DIRECTORY
        digest = blake2b(digest_size=8)
        for file in (_SCHEMA, *sorted(directory.iterdir())):
            digest.update(file.read_bytes())
        # Each version has its own path, so that no browser mixes it with cached files of another one.
        path = f"/playground/{digest.hexdigest()}"
        self.static_route = Mount(
            path,
            routes=[
                Route("/schema.graphql", _send_schema),
                Mount("/", _CompressedFiles(directory=directory)),
            ],
            middleware=[Middleware(_ImmutableFiles), Middleware(GZipMiddleware, thread_minimum_size=0)],
        )
        self._page = bundled_page(path) if is_bundled else cdn_page(path)
        if not is_bundled:
            _log.warning(
                "The playground is not bundled, so it loads GraphiQL from a CDN. Install npm, then install"
                " Dealdesk again."
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A browser opens the endpoint with a GET for HTML, without a query."""
        is_browser = not scope["query_string"] and _accepts_html(scope)
        await (self._page if is_browser else self._endpoint)(scope, receive, send)


def redirect_route(path: str) -> Route:
    """Return the route that leads browsers from ``/`` to the playground at ``path``; others get 404."""

    async def redirect(request: Request) -> Response:
        if not _accepts_html(request.scope):
            raise HTTPException(404)
        return RedirectResponse(path, headers={"vary": "accept"})

    return Route("/", redirect)


def _accepts_html(scope: Scope) -> bool:
    return scope["method"] == "GET" and any(
        name == b"accept" and b"text/html" in value for name, value in scope["headers"]
    )


async def _send_schema(_request: Request) -> Response:
    return FileResponse(_SCHEMA, media_type="application/graphql")


class _CompressedFiles(StaticFiles):
    """Sends the file ``x.gz`` for ``x`` to browsers that accept it; the bundle has one for each file."""

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        if "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            with suppress(HTTPException):
                response = await super().get_response(f"{path}.gz", scope)
                response.headers["content-encoding"] = "gzip"
                response.headers["vary"] = "Accept-Encoding"
                return response
        return await super().get_response(path, scope)


class _ImmutableFiles:
    """Lets browsers keep files for ever, because another version has another path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_immutable(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _CACHED_STATUSES:
                MutableHeaders(scope=message)["cache-control"] = _CACHE_CONTROL
            await send(message)

        await self._app(scope, receive, send_immutable)
