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
from tests.api.support.asgi_connections import open_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

VIEWER = {"query": "{ viewer { user { name } } }"}
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}
ORIGIN = "https://app.example"
PREFLIGHT = {
    "origin": ORIGIN,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}


@pytest.mark.parametrize("host", ["dealdesk.test", "dealdesk.test:8000", "DealDesk.Test:1"])
async def test_an_allowed_host_may_have_any_port(host: str, http: httpx2.AsyncClient) -> None:
    assert (await http.post("/graphql", json=VIEWER, headers={"host": host})).json() == ADA


@pytest.mark.parametrize("host", ["api.example.com", "API.Example.com", "API.EXAMPLE.COM:8000"])
async def test_hosts_are_case_insensitive(
    host: str, builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALDESK_ALLOWED_HOSTS", "API.Example.com")
    hosts = Settings.from_environment().allowed_hosts

    async with http_client(app_of(builder, hosts=hosts)) as http:
        response = await http.post("/graphql", json=VIEWER, headers={"host": host})

    assert response.json() == ADA


@pytest.mark.parametrize(
    "host", ["", "elsewhere.test", "dealdesk.test.elsewhere.test", "dealdesk.test:80:80", "127.0.0.1", "["]
)
async def test_other_hosts_are_rejected(host: str, builder: OrganizationBuilder) -> None:
    async with http_client(app_of(builder)) as http:
        response = await http.post("/graphql", json=VIEWER, headers={"host": host})
    async with open_socket(app_of(builder), headers=[(b"host", host.encode())]) as socket:
        handshake = await socket.next_from_app()

    assert response.status_code == 421
    assert response.json()["errors"][0]["extensions"] == {"code": "HOST_NOT_ALLOWED"}
    assert handshake == {"type": "websocket.close"}


async def test_health_checks_accept_any_host(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/livez", headers={"host": "10.1.2.3:8000"})).status_code == 200


@pytest.mark.parametrize("host", [b"localhost", b"127.0.0.1:8000", b"[::1]", b"[::1]:8000", b"127.0.0.9:8"])
async def test_a_loopback_server_accepts_loopback_hosts(host: bytes, builder: OrganizationBuilder) -> None:
    with bind_socket("127.0.0.9", 0) as bound:
        policy = AccessPolicy(Authenticator(builder.database), loopback_hosts(bound))

    policy.check_host(host)
    with pytest.raises(HostNotAllowed):
        policy.check_host(b"rebound.test:8000")


async def test_other_origins_are_rejected_by_default(http: httpx2.AsyncClient) -> None:
    response = await http.options("/graphql", headers=PREFLIGHT)

    assert "access-control-allow-origin" not in response.headers
    assert response.status_code == 405


async def test_an_allowed_origin_may_send_requests_and_read_responses(builder: OrganizationBuilder) -> None:
    async with http_client(app_of(builder, origins=[ORIGIN])) as http:
        preflight = await http.options("/graphql", headers=PREFLIGHT)
        response = await http.post("/graphql", json=VIEWER, headers={"origin": ORIGIN})
        other = await http.post("/graphql", json=VIEWER, headers={"origin": "https://other.example"})
        del http.headers["authorization"]
        unauthenticated = await http.post("/graphql", json=VIEWER, headers={"origin": ORIGIN})

    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "access-control-allow-credentials" not in preflight.headers
    assert (response.json(), response.headers["access-control-allow-origin"]) == (ADA, ORIGIN)
    assert "access-control-allow-origin" not in other.headers
    assert (unauthenticated.status_code, unauthenticated.headers["access-control-allow-origin"]) == (
        401,
        ORIGIN,
    )


@pytest.mark.parametrize(
    ("origin", "is_accepted"),
    [(ORIGIN, True), ("http://app.example", False), (f"{ORIGIN}:8443", False), ("null", False)],
)
async def test_an_allowed_origin_may_open_a_websocket(
    origin: str, is_accepted: bool, builder: OrganizationBuilder
) -> None:
    app = app_of(builder, origins=[ORIGIN])

    async with open_socket(app, headers=[(b"origin", origin.encode())]) as socket:
        assert ((await socket.next_from_app())["type"] == "websocket.accept") is is_accepted


def app_of(builder: OrganizationBuilder, **options: Any) -> Any:
    policy = access_policy(builder.database, **options)
    return create_app(Executor(cached_schema(), builder.database), builder.database, policy)
