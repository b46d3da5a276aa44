"""The HTML page of the playground, and its Content-Security-Policy."""

import json
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import HTMLResponse

from api.playground.cdn import SCRIPTS, STYLE, CdnFile

EXAMPLES_DIRECTORY = Path(__file__).parent / "examples"

_HTML = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Dealdesk</title>
    <link rel="icon" href="{path}/icon.svg">
    {elements}
    <script type="application/json" id="examples">{examples}</script>
  </head>
  <body>
    <header id="header"></header>
    <div id="playground"></div>
  </body>
</html>
"""


def bundled_page(path: str) -> HTMLResponse:
    """Return the page that loads no files from other hosts; ``path`` is the URL path of the bundle."""
    return _page(
        path,
        f'<link rel="stylesheet" href="{path}/playground.css">',
        f'<script type="module" src="{path}/playground.js"></script>',
    )


def cdn_page(path: str) -> HTMLResponse:
    """Return the page that loads GraphiQL from a CDN; ``path`` is the URL path of its other files."""
    return _page(
        path,
        f'<link rel="stylesheet" href="{STYLE.url}" {_integrity(STYLE)}>',
        f'<link rel="stylesheet" href="{path}/playground.css">',
        *(f'<script defer src="{script.url}" {_integrity(script)}></script>' for script in SCRIPTS),
        f'<script type="module" src="{path}/cdn.js"></script>',
        scripts=[script.url for script in SCRIPTS],
        styles=[STYLE.url],
    )


def _integrity(file: CdnFile) -> str:
    return f'integrity="{file.integrity}" crossorigin="anonymous"'


def _page(path: str, *elements: str, scripts: Sequence[str] = (), styles: Sequence[str] = ()) -> HTMLResponse:
    """Return the page; ``scripts`` and ``styles`` are URLs on other hosts that it may load."""
    examples = [file.read_text("utf-8") for file in sorted(EXAMPLES_DIRECTORY.glob("*.graphql"))]
    policy = [
        "default-src 'none'",
        " ".join(["script-src 'self'", *scripts]),
        # The editor writes style elements and attributes at run time.
        " ".join(["style-src 'self' 'unsafe-inline'", *styles]),
        "connect-src 'self'",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    return HTMLResponse(
        _HTML.format(
            path=path,
            elements="\n    ".join(elements),
            # Without "<", the examples cannot end the script element.
            examples=json.dumps(examples).replace("<", "\\u003c"),
        ),
        headers={
            "content-security-policy": "; ".join(policy),
            "referrer-policy": "no-referrer",
            "vary": "accept",
            "x-content-type-options": "nosniff",
        },
    )
