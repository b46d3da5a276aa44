"""The HTML of the playground, and what it may load."""

import json
from collections.abc import Sequence
from pathlib import Path

from starlette.responses import HTMLResponse

from api.playground.cdn import SCRIPTS, STYLE, CdnFile

EXAMPLES_DIRECTORY = Path(__file__).parent / "examples"


def bundled_page(files: str) -> HTMLResponse:
    """Return the page that loads nothing from any other host; ``files`` is the path of the bundle."""
    return _page(
        files,
        f'<link rel="stylesheet" href="{files}/playground.css">',
        f'<script type="module" src="{files}/playground.js"></script>',
    )


def cdn_page(files: str) -> HTMLResponse:
    """Return the page that loads GraphiQL from a CDN; ``files`` is the path of its own files."""
    return _page(
        files,
        f'<link rel="stylesheet" href="{STYLE.url}" {_checked(STYLE)}>',
        f'<link rel="stylesheet" href="{files}/playground.css">',
        *(f'<script defer src="{script.url}" {_checked(script)}></script>' for script in SCRIPTS),
        f'<script type="module" src="{files}/fallback.js"></script>',
        scripts=[script.url for script in SCRIPTS],
        styles=[STYLE.url],
    )


def _checked(file: CdnFile) -> str:
    return f'integrity="{file.integrity}" crossorigin="anonymous"'


def _page(
    files: str, *elements: str, scripts: Sequence[str] = (), styles: Sequence[str] = ()
) -> HTMLResponse:
    lines = "\n    ".join(elements)
    return HTMLResponse(
        _HTML.format(files=files, elements=lines, examples=_examples()),
        headers={
            "content-security-policy": _policy(scripts, styles),
            "referrer-policy": "no-referrer",
            "vary": "accept",
            "x-content-type-options": "nosniff",
        },
    )


_HTML = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Dealdesk</title>
    <link rel="icon" href="{files}/icon.svg">
    {elements}
    <script type="application/json" id="examples">{examples}</script>
  </head>
  <body>
    <div id="playground"></div>
  </body>
</html>
"""


def _examples() -> str:
    """Return the documents of the tabs as JSON that can't end the element it stands in."""
    documents = [file.read_text("utf-8") for file in sorted(EXAMPLES_DIRECTORY.glob("*.graphql"))]
    return json.dumps(documents).replace("<", "\\u003c")


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src 'self'", *scripts]),
            # The editor writes style elements and attributes as it goes.
            " ".join(["style-src 'self' 'unsafe-inline'", *styles]),
            "connect-src 'self'",
            "font-src 'self' data:",
            "img-src 'self' data:",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )
