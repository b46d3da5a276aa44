"""The requests that are answered with the page, and its Content-Security-Policy."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from graphql import parse, validate
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.playground.cdn import SCRIPTS, STYLE
from api.playground.middleware import PlaygroundMiddleware
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
    app = Starlette(routes=[Route("/graphql", playground), playground.static_route])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://dealdesk.test")


async def test_a_browser_at_the_endpoint_gets_the_page(http: httpx2.AsyncClient) -> None:
    response = await http.get("/graphql", headers=HTML)

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "accept"
    assert '<div id="playground">' in response.text


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
    assert max(len(line) for line in document.splitlines() if line.startswith("#")) <= 55


async def file_statuses(http: httpx2.AsyncClient) -> list[int]:
    page = (await http.get("/graphql", headers=HTML)).text
    return [(await http.get(path)).status_code for path in re.findall(r'(?:src|href)="(/[^"]+)"', page)]
