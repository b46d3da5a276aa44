import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.auth import authenticator as authenticator_module
from api.auth.access_policy import AccessPolicy
from api.auth.authenticator import MAX_HEADER_BYTES
from api.http.errors import InvalidCredentials
from db.auth.tokens import revoke_token
from db.domain.caller import Role
from schema.execution.executor import Executor
from tests.api.fuzzing.malformed_requests import GRAPHQL_RESPONSE
from tests.api.support.access import BEARER, TOKEN, access_policy, http_client, store_token
from tests.api.support.asgi_connections import Socket, acknowledged_socket, open_socket, open_stream
from tests.api.support.unreachable_database import UnreachableDatabase
from tests.builders import NOW, OrganizationBuilder
from tests.schema.support.client import Recorder, cached_schema
from tests.schema.support.listener import ALL, wait_until

VIEWER = {"query": "{ viewer { user { name } } }"}
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}
CREATE = """mutation { createCompetitor(input: {name: "Lever Ltd"}) { __typename } }"""
A_SECOND = timedelta(seconds=1)
OTHER = TOKEN[:-1] + "u"
EXPIRED = (4403, "The token has expired or was revoked. Reconnect with a new one.")
MISSING = (
    "Authentication is required. Send the header `Authorization: Bearer TOKEN`."
    " `dealdesk token create` creates a token."
)
UNKNOWN = "This token is unknown. `dealdesk token create` creates another one."
FOREIGN = "This is not a token of this server. `dealdesk token create` creates another one."
INVALID_HEADER = f"The header must be `Authorization: Bearer TOKEN`, with at most {MAX_HEADER_BYTES} bytes."


@pytest.fixture
def short_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let cached credentials expire after 0.05 seconds."""
    monkeypatch.setattr(authenticator_module, "CACHE_SECONDS", 0.05)


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, MISSING),
        ("", INVALID_HEADER),
        ("Bearer", INVALID_HEADER),
        (TOKEN, INVALID_HEADER),
        (f"Basic {TOKEN}", INVALID_HEADER),
        (f"Bearer {TOKEN} {TOKEN}", INVALID_HEADER),
        (f"Bearer {TOKEN},{TOKEN}", INVALID_HEADER),
        (f"Bearer {TOKEN}!", INVALID_HEADER),
        (f"Bearer {'a' * MAX_HEADER_BYTES}", INVALID_HEADER),
        (f"Bearer {OTHER}", UNKNOWN),
        (f"Bearer {TOKEN}u", FOREIGN),
        ("Bearer swordfish", FOREIGN),
        ("Bearer eyJhbGciOiJub25lIn0.e30.", FOREIGN),
    ],
)
async def test_an_invalid_token_is_rejected_and_nothing_changes(
    authorization: str | None, message: str, http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    del http.headers["authorization"]
    if authorization is not None:
        http.headers["authorization"] = authorization
    error = {"message": message, "extensions": {"code": "UNAUTHENTICATED"}}
    before = await builder.dump()

    for media_type in ("application/json", GRAPHQL_RESPONSE, "text/event-stream"):
        headers = {"accept": media_type}
        for response in (
            await http.post("/graphql", json={"query": CREATE}, headers=headers),
            await http.get("/graphql", params=VIEWER, headers=headers),
        ):
            assert (response.status_code, response.json()) == (401, {"errors": [error]})
            assert response.headers["www-authenticate"].startswith("Bearer")
    assert await builder.dump() == before


async def test_the_bearer_scheme_is_case_insensitive(http: httpx2.AsyncClient) -> None:
    for word in ("bearer", "BEARER", "Bearer "):
        response = await http.post("/graphql", json=VIEWER, headers={"authorization": f"{word} {TOKEN}"})
        assert response.json() == ADA


async def test_the_token_is_checked_before_the_body(http: httpx2.AsyncClient) -> None:
    response = await http.post("/graphql", content=b"not JSON", headers={"authorization": f"Bearer {OTHER}"})

    assert response.status_code == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_health_checks_need_no_token(path: str, http: httpx2.AsyncClient) -> None:
    del http.headers["authorization"]

    assert (await http.get(path)).status_code == 200


async def test_the_playground_needs_no_token(http: httpx2.AsyncClient) -> None:
    del http.headers["authorization"]

    assert (await http.get("/graphql", headers={"accept": "text/html"})).status_code == 200


async def test_a_token_authenticates_its_user_until_it_expires(builder: OrganizationBuilder) -> None:
    await store_token(builder, OTHER, role=Role.READER, expires_at=NOW + A_SECOND)
    moment = NOW
    authenticator = access_policy(builder.database, lambda: moment).authenticator

    caller = authenticator.caller(await authenticator.authenticate(f"Bearer {OTHER}".encode()))
    assert (caller.organization_id, caller.user_id) == (builder.organization_id, builder.user_id)
    assert (caller.role, caller.now) == (Role.READER, NOW)

    moment = NOW + A_SECOND
    uncached = access_policy(builder.database, lambda: moment).authenticator
    with pytest.raises(InvalidCredentials, match="has expired"):
        await uncached.authenticate(f"Bearer {OTHER}".encode())


async def test_an_expired_token_is_rejected_although_it_was_cached(builder: OrganizationBuilder) -> None:
    lifetime = timedelta(milliseconds=50)
    await store_token(builder, OTHER, expires_at=NOW + lifetime)
    moment = NOW
    recorder = Recorder(builder.database)
    authenticator = access_policy(recorder, lambda: moment).authenticator
    await authenticator.authenticate(f"Bearer {OTHER}".encode())
    assert len(recorder.statements) == 1

    moment = NOW + lifetime
    await asyncio.sleep(lifetime.total_seconds() + 0.01)  # the cache counts real seconds

    with pytest.raises(InvalidCredentials, match="has expired"):
        await authenticator.authenticate(f"Bearer {OTHER}".encode())


@pytest.mark.usefixtures("short_cache")
async def test_a_revoked_token_is_rejected_when_it_leaves_the_cache(
    http: httpx2.AsyncClient, builder: OrganizationBuilder
) -> None:
    assert (await http.post("/graphql", json=VIEWER)).json() == ADA
    await revoke(builder)
    await asyncio.sleep(0.06)

    response = await http.post("/graphql", json=VIEWER)

    assert response.status_code == 401
    assert response.json()["errors"][0]["message"].startswith("This token was revoked.")


async def test_a_cached_token_is_looked_up_once(builder: OrganizationBuilder) -> None:
    recorder = Recorder(builder.database)
    authenticator = access_policy(recorder).authenticator

    for _ in range(3):
        await authenticator.authenticate(BEARER.encode())

    assert len(recorder.statements) == 1


async def test_the_size_of_the_cache_is_limited(
    builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticator_module, "MAX_CACHED_CREDENTIALS", 1)
    await store_token(builder, OTHER)
    recorder = Recorder(builder.database)
    authenticator = access_policy(recorder).authenticator

    for token in (TOKEN, OTHER, OTHER, TOKEN):
        await authenticator.authenticate(f"Bearer {token}".encode())

    assert len(recorder.statements) == 3


async def test_an_unreachable_database_rejects_all_callers_as_unavailable(
    builder: OrganizationBuilder,
) -> None:
    app = create_app(
        Executor(cached_schema(), builder.database),
        builder.database,
        access_policy(UnreachableDatabase(builder.database)),
    )
    async with http_client(app) as http, open_socket(app) as socket:
        response = await http.post("/graphql", json=VIEWER)
        await socket.next_from_app()
        socket.initialize()
        closing = await socket.read_close()

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryAfter": 1}
    assert closing == (1013, "The database can't be reached.")


async def test_a_websocket_sends_its_token_in_the_payload_or_the_handshake(
    builder: OrganizationBuilder,
) -> None:
    async with open_socket(app_of(builder)) as socket:
        await socket.next_from_app()
        socket.send_json("connection_init", payload={"authorization": BEARER})
        assert await socket.read() == {"type": "connection_ack"}
    async with open_socket(app_of(builder), headers=[(b"authorization", BEARER.encode())]) as socket:
        await socket.next_from_app()
        socket.send_json("connection_init")
        assert await socket.read() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"payload": None},
        {"payload": {"Authorization": f"Bearer {OTHER}"}},
        {"payload": {"Authorization": {"Bearer": TOKEN}}},
    ],
)
async def test_a_websocket_with_an_invalid_token_is_closed(
    content: Mapping[str, Any], builder: OrganizationBuilder
) -> None:
    async with open_socket(app_of(builder)) as socket:
        await socket.next_from_app()
        socket.send_json("connection_init", **content)
        assert await socket.read_close() == (4401, "Unauthorized")


@pytest.mark.usefixtures("short_cache")
async def test_a_websocket_is_closed_when_its_token_is_revoked(builder: OrganizationBuilder) -> None:
    async with acknowledged_socket(app_of(builder)) as socket:
        socket.subscribe("1", ALL)
        await revoke(builder)
        assert await socket.read_close() == EXPIRED


@pytest.mark.usefixtures("short_cache")
async def test_only_the_websockets_of_an_expired_token_are_closed(builder: OrganizationBuilder) -> None:
    await store_token(builder, OTHER, expires_at=NOW + A_SECOND)
    moment = NOW
    app = app_of(builder, access_policy(builder.database, lambda: moment))
    async with acknowledged_socket(app) as valid, open_socket(app) as expiring:
        await initialized(expiring, OTHER)
        moment = NOW + A_SECOND
        assert await expiring.read_close() == EXPIRED
        valid.send_json("ping")
        assert await valid.read() == {"type": "pong"}


@pytest.mark.usefixtures("short_cache")
async def test_a_stream_ends_when_its_token_is_revoked(builder: OrganizationBuilder) -> None:
    executor = Executor(cached_schema(), builder.database)
    app = create_app(executor, builder.database, access_policy(builder.database))
    body = b'{"query": "subscription { opportunitiesChanged { kind } }"}'
    async with open_stream(app, "POST", body=body) as stream:
        assert (await stream.next_from_app())["status"] == 200
        await wait_until(lambda: executor.feed.subscribers == 1)
        await revoke(builder)
        assert await stream.read() is None
    assert executor.feed.subscribers == 0


@pytest.mark.usefixtures("short_cache")
async def test_sessions_survive_an_unreachable_database(
    builder: OrganizationBuilder, caplog: pytest.LogCaptureFixture
) -> None:
    database = UnreachableDatabase(builder.database, reachable=True)
    async with acknowledged_socket(app_of(builder, access_policy(database))) as socket:
        database.reachable = False
        await wait_until(lambda: bool(caplog.records))
        database.reachable = True
        socket.send_json("ping")
        assert await socket.read() == {"type": "pong"}
        await revoke(builder)
        assert await socket.read_close() == EXPIRED


def app_of(builder: OrganizationBuilder, policy: AccessPolicy | None = None) -> Any:
    executor = Executor(cached_schema(), builder.database)
    return create_app(executor, builder.database, policy or access_policy(builder.database))


async def initialized(socket: Socket, token: str) -> None:
    await socket.next_from_app()
    socket.initialize(f"Bearer {token}")
    assert await socket.read() == {"type": "connection_ack"}


async def revoke(builder: OrganizationBuilder) -> None:
    async with builder.database.transaction() as transaction:
        await revoke_token(transaction, builder.organization_id, TOKEN, now=NOW)
