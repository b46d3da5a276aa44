import asyncio

import pytest
from starlette.applications import Starlette

from api.app import create_app
from api.http import send_timeout
from api.http.limits import Limits
from schema.execution.executor import Executor
from schema.limits.settings import OperationLimits
from tests.api.support.access import access_policy
from tests.api.support.asgi_connections import acknowledged_socket, open_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema
from tests.schema.support.listener import ALL, CLOSE, wait_until, write_events

VIEWER = "{ viewer { user { name } } }"
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}
CLOSED = {"data": {"closeOpportunity": {"__typename": "CloseOpportunitySuccess"}}}


def app_with_limits(builder: OrganizationBuilder, **limits: float) -> Starlette:
    policy = access_policy(builder.database, limits=Limits.model_validate(limits))
    return create_app(Executor(cached_schema(), builder.database), builder.database, policy)


async def test_a_query_sends_next_and_complete(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", VIEWER)

        assert await socket.read() == {"id": "1", "type": "next", "payload": ADA}
        assert await socket.read() == {"id": "1", "type": "complete"}


async def test_a_mutation_is_executed_and_published_to_subscribers(
    app: Starlette, executor: Executor, builder: OrganizationBuilder
) -> None:
    id_ = f"opp_{await builder.opportunity()}"
    async with acknowledged_socket(app) as socket:
        socket.subscribe("2", "subscription { opportunitiesChanged { kind opportunity { id state } } }")
        await wait_until(lambda: executor.feed.subscribers == 1)
        socket.subscribe("1", CLOSE, id=id_)
        messages = [await socket.read() for _ in range(3)]

    event = {"kind": "OPPORTUNITY_CLOSED", "opportunity": {"id": id_, "state": "WON"}}
    assert sorted(messages, key=lambda message: message["id"]) == [
        {"id": "1", "type": "next", "payload": CLOSED},
        {"id": "1", "type": "complete"},
        {"id": "2", "type": "next", "payload": {"data": {"opportunitiesChanged": event}}},
    ]


async def test_an_invalid_document_sends_an_error_and_keeps_the_socket_open(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", "{ nothing }")
        rejected = await socket.read()
        socket.subscribe("1", VIEWER)
        answered = await socket.read()

    [error] = rejected["payload"]
    assert (rejected["id"], rejected["type"]) == ("1", "error")
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert answered == {"id": "1", "type": "next", "payload": ADA}


async def test_a_client_that_reconnects_resumes_after_its_last_event(
    app: Starlette, executor: Executor, builder: OrganizationBuilder
) -> None:
    known, missed = await builder.opportunity(), await builder.opportunity()
    await write_events(executor, builder, known, missed)
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL, after="0-0")
        first = (await socket.read())["payload"]["data"]["opportunitiesChanged"]
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL, after=first["eventId"])
        second = (await socket.read())["payload"]["data"]["opportunitiesChanged"]

    assert [first["opportunity"], second["opportunity"]] == [{"id": f"opp_{known}"}, {"id": f"opp_{missed}"}]


async def test_complete_cancels_an_operation_and_frees_its_id(app: Starlette, executor: Executor) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)
        socket.send_json("complete", id="1")
        socket.send_json("complete", id="unknown")
        await wait_until(lambda: executor.feed.subscribers == 0)
        socket.subscribe("1", VIEWER)

        assert await socket.read() == {"id": "1", "type": "next", "payload": ADA}


async def test_a_disconnect_ends_all_subscriptions(app: Starlette, executor: Executor) -> None:
    async with acknowledged_socket(app) as socket:
        for id_ in "12":
            socket.subscribe(id_, ALL)
        await wait_until(lambda: executor.feed.subscribers == 2)

    assert executor.feed.subscribers == 0


async def test_a_server_that_stops_closes_with_1012(app: Starlette, executor: Executor) -> None:
    async with acknowledged_socket(app) as socket:
        for id_ in "12":
            socket.subscribe(id_, ALL)
        await wait_until(lambda: executor.feed.subscribers == 2)
        executor.feed.stop()

        reason = "The server is restarting. Reconnect, and resume after your last event."
        assert await socket.read_close() == (1012, reason)


async def test_a_client_that_stops_reading_is_disconnected(
    app: Starlette, executor: Executor, builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_timeout, "SEND_TIMEOUT_SECONDS", 0.1)
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)
        socket.reads = False
        await write_events(executor, builder, await builder.opportunity())

        reason = "You read too slowly. Reconnect, and resume after your last event."
        assert await socket.read_close() == (1013, reason)


async def test_a_ping_is_answered_before_and_after_initialisation(app: Starlette) -> None:
    async with open_socket(app) as socket:
        await socket.next_from_app()
        socket.send_json("ping")
        assert await socket.read() == {"type": "pong"}
        socket.initialize()
        assert await socket.read() == {"type": "connection_ack"}
        socket.send_json("pong", payload={"at": 1})
        socket.send_json("ping", payload={"at": 2})
        assert await socket.read() == {"type": "pong"}


@pytest.mark.parametrize("subprotocols", [(), ("graphql-ws",)])
async def test_other_subprotocols_are_rejected(app: Starlette, subprotocols: tuple[str, ...]) -> None:
    async with open_socket(app, subprotocols=subprotocols) as socket:
        assert await socket.next_from_app() == {"type": "websocket.accept", "subprotocol": None}
        assert await socket.read_close() == (4406, "Subprotocol not acceptable")


async def test_initialisation_times_out(builder: OrganizationBuilder) -> None:
    async with open_socket(app_with_limits(builder, init_seconds=0.05)) as socket:
        await socket.next_from_app()
        assert await socket.read_close() == (4408, "Connection initialisation timeout")


async def test_an_initialised_client_may_be_idle(builder: OrganizationBuilder) -> None:
    async with acknowledged_socket(app_with_limits(builder, init_seconds=0.05)) as socket:
        await asyncio.sleep(0.1)
        socket.subscribe("1", VIEWER)

        assert await socket.read() == {"id": "1", "type": "next", "payload": ADA}


async def test_subscribe_before_initialisation_is_unauthorized(app: Starlette) -> None:
    async with open_socket(app) as socket:
        await socket.next_from_app()
        socket.subscribe("1", VIEWER)
        assert await socket.read_close() == (4401, "Unauthorized")


async def test_a_second_initialisation_is_rejected(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.initialize()
        assert await socket.read_close() == (4429, "Too many initialisation requests")


async def test_an_operation_id_must_not_be_in_use(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL)
        socket.subscribe("1", ALL)
        assert await socket.read_close() == (4409, "Subscriber for 1 already exists")


async def test_a_close_reason_is_truncated_to_the_size_of_a_frame(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("é" * 100, ALL)
        socket.subscribe("é" * 100, ALL)
        assert await socket.read_close() == (4409, f"Subscriber for {'é' * 54}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "null",
        "1",
        "[]",
        "{}",
        "NaN",
        '{"type": null}',
        '{"type": "start", "id": "1", "payload": {"query": "{ __typename }"}}',
        '{"type": "connection_ack"}',
        '{"type": "connection_init", "payload": 1}',
        '{"type": "ping", "payload": "now"}',
        '{"type": "next", "id": "1", "payload": {}}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 1}',
        '{"type": "subscribe", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "%s", "payload": {"query": "{ __typename }"}}' % ("x" * 129),
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": 1}}',
        '{"type": "ping", "payload": ' + '{"a":' * 40 + "1" + "}" * 41,
        "\ud800",
    ],
)
async def test_an_invalid_message_closes_the_socket(app: Starlette, text: str) -> None:
    async with acknowledged_socket(app) as socket:
        socket.send_to_app("websocket.receive", text=text)
        code, _reason = await socket.read_close()

    assert code == 4400


async def test_a_binary_message_is_rejected(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.send_to_app("websocket.receive", bytes=b'{"type": "ping"}')
        assert await socket.read_close() == (4400, "Messages must be text, not binary.")


async def test_operations_per_socket_are_limited(builder: OrganizationBuilder) -> None:
    async with acknowledged_socket(app_with_limits(builder, operations_per_socket=1)) as socket:
        socket.subscribe("1", ALL)
        socket.subscribe("2", VIEWER)
        rejected = await socket.read()
        socket.send_json("complete", id="1")
        socket.subscribe("2", VIEWER)
        answered = await socket.read()

    assert (rejected["id"], rejected["type"]) == ("2", "error")
    assert rejected["payload"][0]["extensions"] == {"code": "THROTTLED"}
    assert answered == {"id": "2", "type": "next", "payload": ADA}


async def test_sockets_per_process_are_limited(builder: OrganizationBuilder) -> None:
    app = app_with_limits(builder, sockets=1)
    async with acknowledged_socket(app), open_socket(app) as rejected:
        await rejected.next_from_app()
        assert await rejected.read_close() == (1013, "Too many connections are open. Try again later.")
    async with acknowledged_socket(app):
        pass


async def test_sockets_per_caller_are_limited(builder: OrganizationBuilder) -> None:
    app = app_with_limits(builder, sockets_per_caller=1)
    async with acknowledged_socket(app), open_socket(app) as rejected:
        await rejected.next_from_app()
        rejected.initialize()
        most = "You hold 1 sockets open, as many as one may. Close some first."
        assert await rejected.read_close() == (1013, most)
    async with acknowledged_socket(app):
        pass


async def test_subscriptions_per_caller_are_limited(builder: OrganizationBuilder) -> None:
    executor = Executor(cached_schema(), builder.database, limits=OperationLimits(subscriptions_per_caller=1))
    app = create_app(executor, builder.database, access_policy(builder.database))
    async with acknowledged_socket(app) as socket, acknowledged_socket(app) as other:
        socket.subscribe("1", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)
        other.subscribe("1", ALL)
        rejected = await other.read()
        socket.send_json("complete", id="1")
        await wait_until(lambda: executor.feed.subscribers == 0)
        other.subscribe("2", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)

    assert (rejected["id"], rejected["type"]) == ("1", "error")
    assert rejected["payload"][0]["extensions"] == {"code": "THROTTLED"}


@pytest.mark.parametrize("origin", [b"https://elsewhere.test", b"https://dealdesk.test:8001", b"null"])
async def test_a_page_of_another_origin_is_rejected(app: Starlette, origin: bytes) -> None:
    async with open_socket(app, headers=[(b"host", b"dealdesk.test"), (b"origin", origin)]) as socket:
        assert await socket.next_from_app() == {"type": "websocket.close"}


async def test_a_page_of_the_same_origin_is_accepted(app: Starlette) -> None:
    headers = [(b"host", b"dealdesk.test:8000"), (b"origin", b"http://dealdesk.test:8000")]
    async with open_socket(app, headers=headers) as socket:
        assert (await socket.next_from_app())["type"] == "websocket.accept"
