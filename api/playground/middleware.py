"""Middleware that answers browsers at the endpoint with the playground."""

import logging
from hashlib import blake2b
from pathlib import Path

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from api.playground.page import bundled_page, cdn_page

_log = logging.getLogger("dealdesk.playground")

BUNDLE_DIRECTORY = Path(__file__).parent / "static"
"""The output of the build hook; missing if npm was not installed."""

_SOURCE_DIRECTORY = Path(__file__).parent / "source"


class PlaygroundMiddleware:
    """Answers browsers with the page, and passes other requests to the endpoint.

    ``bundle`` is the directory of the bundle; if it is missing, the page loads GraphiQL from a CDN.
    ``static_route`` serves the files of the page.
    """

    def __init__(self, endpoint: ASGIApp, bundle: Path = BUNDLE_DIRECTORY) -> None:
        self._endpoint = endpoint
        is_bundled = bundle.is_dir()
        directory = bundle if is_bundled else _SOURCE_DIRECTORY
        digest = blake2b(digest_size=8)
        for file in sorted(directory.iterdir()):
            digest.update(file.read_bytes())
        # Each version has its own path, so that no browser mixes it with cached files of another one.
        path = f"/playground/{digest.hexdigest()}"
        self.static_route = Mount(path, StaticFiles(directory=directory))
        self._page = bundled_page(path) if is_bundled else cdn_page(path)
        if not is_bundled:
            _log.warning(
                "The playground is not bundled, so it loads GraphiQL from a CDN. Install npm, then install"
                " Dealdesk again."
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A browser opens the endpoint with a GET for HTML, without a query."""
        is_browser = (
            scope["method"] == "GET"
            and not scope["query_string"]
            and any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
        )
        await (self._page if is_browser else self._endpoint)(scope, receive, send)
