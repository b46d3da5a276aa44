"""The requests that are answered with the page, and its Content-Security-Policy."""

import gzip
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from graphql import build_schema, parse, validate
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.playground.cdn import SCRIPTS, STYLE
from api.playground.middleware import PlaygroundMiddleware, redirect_route
from api.playground.page import EXAMPLES_DIRECTORY
from tests.schema.support.client import cached_schema

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OTHER_DIRECTIVES = (
    "connect-src 'self'; font-src 'self' data:; img-src 'self' data:; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    for name in ("icon.svg", "playground.css", "playground.js"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
async def http(bundle: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a bundled playground in front of an endpoint that answers "API"."""
    async with client(PlaygroundMiddleware(PlainTextResponse("API"), bundle)) as http:
        yield http


@pytest.fixture
async def unbundled(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with client(PlaygroundMiddleware(PlainTextResponse("API"), tmp_path / "missing")) as http:
        yield http


def client(playground: PlaygroundMiddleware) -> httpx2.AsyncClient:
    app = Starlette(
        routes=[Route("/graphql", playground), redirect_route("/graphql"), playground.static_route]
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://dealdesk.test")


async def test_a_browser_at_the_endpoint_gets_the_page(http: httpx2.AsyncClient) -> None:
    response = await http.get("/graphql", headers=HTML)

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "accept"
    assert '<div id="playground">' in response.text


async def test_a_browser_at_the_root_is_led_to_the_page(http: httpx2.AsyncClient) -> None:
    response = await http.get("/", headers=HTML)

    assert (response.status_code, response.headers["location"]) == (307, "/graphql")
    assert response.headers["vary"] == "accept"
    assert (await http.get("/", headers={"accept": "application/json"})).status_code == 404


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json"])
async def test_other_clients_reach_the_endpoint(http: httpx2.AsyncClient, accept: str) -> None:
    assert (await http.get("/graphql", headers={"accept": accept})).text == "API"


async def test_browsers_that_send_a_query_reach_the_endpoint(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/graphql", headers=HTML, params={"query": "{ __typename }"})).text == "API"
    assert (await http.post("/graphql", headers=HTML)).text == "API"


async def test_the_bundled_page_loads_nothing_from_other_hosts(http: httpx2.AsyncClient) -> None:
    policy = (await http.get("/graphql", headers=HTML)).headers["content-security-policy"]

    assert (
        policy
        == f"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; {OTHER_DIRECTIVES}"
    )


async def test_the_cdn_page_may_load_the_files_of_the_cdn(unbundled: httpx2.AsyncClient) -> None:
    policy = (await unbundled.get("/graphql", headers=HTML)).headers["content-security-policy"]

    default, scripts, styles, rest = policy.split("; ", 3)
    assert default == "default-src 'none'"
    assert scripts.split() == ["script-src", "'self'", *(script.url for script in SCRIPTS)]
    assert styles.split() == ["style-src", "'self'", "'unsafe-inline'", STYLE.url]
    assert rest == OTHER_DIRECTIVES


async def test_all_files_of_the_bundled_page_are_served(http: httpx2.AsyncClient) -> None:
    assert await file_statuses(http) == [200, 200, 200]


async def test_all_files_of_the_cdn_page_are_served(unbundled: httpx2.AsyncClient) -> None:
    assert await file_statuses(unbundled) == [200, 200, 200]


async def test_files_are_compressed_and_kept_for_ever(bundle: Path, http: httpx2.AsyncClient) -> None:
    (bundle / "playground.js").write_text("x" * 10_000)
    for path in await file_paths(http):
        response = await http.get(path, headers={"accept-encoding": "gzip"})
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        if path.endswith(".js"):
            assert (response.headers["content-encoding"], response.text) == ("gzip", "x" * 10_000)
            assert response.headers["vary"] == "Accept-Encoding"


async def test_files_that_the_bundle_has_compressed_are_sent_as_they_are(
    bundle: Path, http: httpx2.AsyncClient
) -> None:
    (bundle / "playground.js").write_text("plain")
    (bundle / "playground.js.gz").write_bytes(gzip.compress(b"compressed"))
    [path] = [path for path in await file_paths(http) if path.endswith(".js")]

    compressed = await http.get(path, headers={"accept-encoding": "br, gzip"})
    plain = await http.get(path, headers={"accept-encoding": "identity"})

    assert (compressed.text, plain.text) == ("compressed", "plain")
    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.headers["vary"] == "Accept-Encoding"
    assert compressed.headers["content-type"] == plain.headers["content-type"]
    assert compressed.headers["cache-control"] == plain.headers["cache-control"]


async def test_an_unknown_file_is_not_kept(http: httpx2.AsyncClient) -> None:
    [path, *_] = await file_paths(http)
    response = await http.get(f"{path}.map")

    assert response.status_code == 404
    assert "cache-control" not in response.headers


async def test_the_schema_is_a_file_beside_the_page(http: httpx2.AsyncClient) -> None:
    [path, *_] = await file_paths(http)
    response = await http.get(path.replace("icon.svg", "schema.graphql"))

    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    schema = build_schema(response.text)
    assert schema.type_map.keys() == cached_schema().graphql.type_map.keys()
    assert schema.description == cached_schema().graphql.description


async def test_a_changed_bundle_has_another_path(bundle: Path) -> None:
    before = PlaygroundMiddleware(PlainTextResponse("API"), bundle).static_route.path
    (bundle / "playground.js").write_text("changed")

    assert PlaygroundMiddleware(PlainTextResponse("API"), bundle).static_route.path != before


def test_a_missing_bundle_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        PlaygroundMiddleware(PlainTextResponse("API"), tmp_path / "missing")

    [message] = caplog.messages
    assert message.startswith("The playground is not bundled, so it loads GraphiQL from a CDN.")


@pytest.mark.parametrize("file", sorted(EXAMPLES_DIRECTORY.glob("*.graphql")), ids=lambda file: file.stem)
def test_an_example_is_valid_and_fits_its_tab(file: Path) -> None:
    document = file.read_text()

    assert validate(cached_schema().graphql, parse(document)) == []
    assert max(len(line) for line in document.splitlines() if line.startswith("#")) <= 50


async def file_statuses(http: httpx2.AsyncClient) -> list[int]:
    return [(await http.get(path)).status_code for path in await file_paths(http)]


async def file_paths(http: httpx2.AsyncClient) -> list[str]:
    page = (await http.get("/graphql", headers=HTML)).text
    return re.findall(r'(?:src|href)="(/[^"]+)"', page)
