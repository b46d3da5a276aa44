"""Who opens the endpoint in a browser gets the playground."""

import logging
from collections.abc import Awaitable
from hashlib import blake2b
from pathlib import Path

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from api.playground.page import bundled_page, cdn_page

_log = logging.getLogger("dealdesk.playground")

_FOLDER = Path(__file__).parent
BUNDLE_DIRECTORY = _FOLDER / "static"
"""What installing has built: the page's files, where npm was at hand."""


class PlaygroundMiddleware:
    """Answers browsers with the page, and passes every other request on to the endpoint.

    Where there is no ``bundle``, the page takes GraphiQL from a CDN. ``files`` is the route of what it loads
    from here.
    """

    def __init__(self, endpoint: ASGIApp, bundle: Path = BUNDLE_DIRECTORY) -> None:
        self._endpoint = endpoint
        is_bundled = bundle.is_dir()
        folder = bundle if is_bundled else _FOLDER / "source"
        # A path of its own for every version: no browser takes a part of an older one from its cache.
        path = f"/playground/{_digest(folder)}"
        self.static_route = Mount(path, StaticFiles(directory=folder))
        self._page = bundled_page(path) if is_bundled else cdn_page(path)
        if not is_bundled:
            _log.warning(
                "The playground was not bundled at installation, so it loads GraphiQL from a CDN."
                " Install npm, then install Dealdesk again."
            )

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request."""
        # Not async: a coroutine that only awaits another takes time and does nothing.
        answer = self._page if _is_visit(scope) else self._endpoint
        return answer(scope, receive, send)


def _is_visit(scope: Scope) -> bool:
    """Say whether a browser opens the endpoint, rather than a program that asks it something."""
    return (
        scope["method"] == "GET"
        and not scope["query_string"]
        and any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
    )


def _digest(folder: Path) -> str:
    digest = blake2b(digest_size=8)
    for file in sorted(folder.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()
