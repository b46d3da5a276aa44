from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.auth.access_policy import AccessPolicy, loopback_hosts
from api.auth.authenticator import Authenticator
from api.http.errors import HostNotAllowed
from api.server.server import bind_socket
from api.settings import Settings
from schema.execution.executor import Executor
from tests.api.support.access import access_policy, http_client
from tests.api.support.connections import open_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

VIEWER = {"query": "{ viewer { user { name } } }"}
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}
PAGE = "https://app.example"
PREFLIGHT = {
    "origin": PAGE,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


@pytest.mark.parametrize("host", ["dealdesk.test", "dealdesk.test:8000", "DealDesk.Test:1"])
async def test_a_name_of_the_server_is_known_with_any_port(host: str, http: httpx2.AsyncClient) -> None:
    assert (await http.post("/graphql", json=VIEWER, headers={"host": host})).json() == ADA


@pytest.mark.parametrize("host", ["api.example.com", "API.Example.com", "API.EXAMPLE.COM:8000"])
async def test_capitals_in_a_setting_or_in_a_request_name_the_same_host(
    host: str, builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALDESK_ALLOWED_HOSTS", "API.Example.com")
    hosts = Settings.from_environment().allowed_hosts

    async with http_client(app_of(builder, hosts=hosts)) as http:
        answer = await http.post("/graphql", json=VIEWER, headers={"host": host})

    assert answer.json() == ADA


@pytest.mark.parametrize(
    "host", ["", "elsewhere.test", "dealdesk.test.elsewhere.test", "dealdesk.test:80:80", "127.0.0.1", "["]
)
async def test_a_name_that_is_not_the_servers_is_refused(host: str, builder: OrganizationBuilder) -> None:
    async with http_client(app_of(builder)) as http:
        answer = await http.post("/graphql", json=VIEWER, headers={"host": host})
    async with open_socket(app_of(builder), headers=[(b"host", host.encode())]) as socket:
        handshake = await socket.next_from_app()

    assert answer.status_code == 421
    assert answer.json()["errors"][0]["extensions"] == {"code": "HOST_NOT_ALLOWED"}
    assert handshake == {"type": "websocket.close"}


async def test_a_probe_may_use_any_name(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/livez", headers={"host": "10.1.2.3:8000"})).status_code == 200


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:8000", b"[::1]", b"[::1]:8000", b"127.0.0.9:8"])
async def test_a_server_of_this_machine_goes_by_the_names_of_loopback(
    host: bytes, builder: OrganizationBuilder
) -> None:
    with bind_socket("127.0.0.9", 0) as bound:
        entry = AccessPolicy(Authenticator(builder.database), loopback_hosts(bound))

    entry.check_host(host)
    with pytest.raises(HostNotAllowed):
        entry.check_host(b"rebound.test:8000")


async def test_pages_of_other_sites_may_not_ask_unless_they_are_named(http: httpx2.AsyncClient) -> None:
    answer = await http.options("/graphql", headers=PREFLIGHT)

    assert "access-control-allow-origin" not in answer.headers
    assert answer.status_code == 405


async def test_pages_of_a_site_that_is_named_may_ask_and_read(builder: OrganizationBuilder) -> None:
    async with http_client(app_of(builder, origins=[PAGE])) as http:
        preflight = await http.options("/graphql", headers=PREFLIGHT)
        answer = await http.post("/graphql", json=VIEWER, headers={"origin": PAGE})
        other = await http.post("/graphql", json=VIEWER, headers={"origin": "https://other.example"})
        del http.headers["authorization"]
        refusal = await http.post("/graphql", json=VIEWER, headers={"origin": PAGE})

    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, PAGE)
    assert "access-control-allow-credentials" not in preflight.headers
    assert (answer.json(), answer.headers["access-control-allow-origin"]) == (ADA, PAGE)
    assert "access-control-allow-origin" not in other.headers
    assert (refusal.status_code, refusal.headers["access-control-allow-origin"]) == (401, PAGE)


@pytest.mark.parametrize(
    ("origin", "opens"),
    [(PAGE, True), ("http://app.example", False), (f"{PAGE}:8443", False), ("null", False)],
)
async def test_a_page_of_a_site_that_is_named_gets_a_socket(
    origin: str, opens: bool, builder: OrganizationBuilder
) -> None:
    app = app_of(builder, origins=[PAGE])

    async with open_socket(app, headers=[(b"origin", origin.encode())]) as socket:
        assert ((await socket.next_from_app())["type"] == "websocket.accept") is opens


def app_of(builder: OrganizationBuilder, **options: Any) -> Any:
    entry = access_policy(builder.database, **options)
    return create_app(Executor(cached_schema(), builder.database), builder.database, entry)
