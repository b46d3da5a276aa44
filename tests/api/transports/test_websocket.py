import asyncio

import pytest
from starlette.applications import Starlette

from api.app import create_app
from api.http import send_timeout
from api.http.limits import Limits
from schema.execution.executor import Executor
from schema.limits.settings import OperationLimits
from tests.api.support.access import access_policy
from tests.api.support.connections import acknowledged_socket, open_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema
from tests.schema.support.listener import ALL, CLOSE, wait_until, write_events

VIEWER = "{ viewer { user { name } } }"
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}
CLOSED = {"data": {"closeOpportunity": {"__typename": "CloseOpportunitySuccess"}}}


def limited(builder: OrganizationBuilder, **limits: float) -> Starlette:
    entry = access_policy(builder.database, limits=Limits.model_validate(limits))
    return create_app(Executor(cached_schema(), builder.database), builder.database, entry)


async def test_a_query_has_one_answer_and_is_complete(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", VIEWER)

        assert await socket.read() == {"id": "1", "type": "next", "payload": ADA}
        assert await socket.read() == {"id": "1", "type": "complete"}


async def test_a_mutation_is_done_and_told_to_who_listens(
    app: Starlette, executor: Executor, builder: OrganizationBuilder
) -> None:
    id_ = f"opp_{await builder.opportunity()}"
    async with acknowledged_socket(app) as socket:
        socket.subscribe("2", "subscription { opportunitiesChanged { kind opportunity { id state } } }")
        await wait_until(lambda: executor.feed.subscribers == 1)
        socket.subscribe("1", CLOSE, id=id_)
        heard = [await socket.read() for _ in range(3)]

    event = {"kind": "OPPORTUNITY_CLOSED", "opportunity": {"id": id_, "state": "WON"}}
    assert sorted(heard, key=lambda message: message["id"]) == [
        {"id": "1", "type": "next", "payload": CLOSED},
        {"id": "1", "type": "complete"},
        {"id": "2", "type": "next", "payload": {"data": {"opportunitiesChanged": event}}},
    ]


async def test_what_can_not_run_is_told_as_an_error_and_the_socket_stays_open(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", "{ nothing }")
        refused = await socket.read()
        socket.subscribe("1", VIEWER)
        answered = await socket.read()

    [error] = refused["payload"]
    assert (refused["id"], refused["type"]) == ("1", "error")
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert answered == {"id": "1", "type": "next", "payload": ADA}


async def test_who_connects_again_goes_on_after_the_last_event(
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


async def test_a_completed_operation_is_over_and_its_id_is_free(app: Starlette, executor: Executor) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)
        socket.send_json("complete", id="1")
        socket.send_json("complete", id="never begun")
        await wait_until(lambda: executor.feed.subscribers == 0)
        socket.subscribe("1", VIEWER)

        assert await socket.read() == {"id": "1", "type": "next", "payload": ADA}


async def test_a_client_that_goes_away_listens_no_more(app: Starlette, executor: Executor) -> None:
    async with acknowledged_socket(app) as socket:
        for id_ in "12":
            socket.subscribe(id_, ALL)
        await wait_until(lambda: executor.feed.subscribers == 2)

    assert executor.feed.subscribers == 0


async def test_a_server_that_stops_says_that_it_comes_back(app: Starlette, executor: Executor) -> None:
    async with acknowledged_socket(app) as socket:
        for id_ in "12":
            socket.subscribe(id_, ALL)
        await wait_until(lambda: executor.feed.subscribers == 2)
        executor.feed.stop()

        restart = "The server restarts. Connect again, and go on after your last event."
        assert await socket.read_close() == (1012, restart)


async def test_a_client_that_reads_nothing_is_closed(
    app: Starlette, executor: Executor, builder: OrganizationBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_timeout, "SEND_TIMEOUT_SECONDS", 0.1)
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)
        socket.reads = False
        await write_events(executor, builder, await builder.opportunity())

        too_slow = "You read too slowly. Connect again, and go on after your last event."
        assert await socket.read_close() == (1013, too_slow)


async def test_a_ping_is_answered_before_and_after_the_beginning(app: Starlette) -> None:
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
async def test_no_other_subprotocol_is_spoken(app: Starlette, subprotocols: tuple[str, ...]) -> None:
    async with open_socket(app, subprotocols=subprotocols) as socket:
        assert await socket.next_from_app() == {"type": "websocket.accept", "subprotocol": None}
        assert await socket.read_close() == (4406, "Subprotocol not acceptable")


async def test_a_client_must_begin_in_time(builder: OrganizationBuilder) -> None:
    async with open_socket(limited(builder, init_seconds=0.05)) as socket:
        await socket.next_from_app()
        assert await socket.read_close() == (4408, "Connection initialisation timeout")


async def test_a_client_that_has_begun_may_be_silent(builder: OrganizationBuilder) -> None:
    async with acknowledged_socket(limited(builder, init_seconds=0.05)) as socket:
        await asyncio.sleep(0.1)
        socket.subscribe("1", VIEWER)

        assert await socket.read() == {"id": "1", "type": "next", "payload": ADA}


async def test_nothing_is_asked_before_the_beginning(app: Starlette) -> None:
    async with open_socket(app) as socket:
        await socket.next_from_app()
        socket.subscribe("1", VIEWER)
        assert await socket.read_close() == (4401, "Unauthorized")


async def test_there_is_one_beginning(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.initialize()
        assert await socket.read_close() == (4429, "Too many initialisation requests")


async def test_an_id_is_for_one_operation_at_a_time(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.subscribe("1", ALL)
        socket.subscribe("1", ALL)
        assert await socket.read_close() == (4409, "Subscriber for 1 already exists")


async def test_a_reason_is_never_longer_than_a_close_frame(app: Starlette) -> None:
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
async def test_a_message_that_is_none_closes_the_socket(app: Starlette, text: str) -> None:
    async with acknowledged_socket(app) as socket:
        socket.send_to_app("websocket.receive", text=text)
        code, _reason = await socket.read_close()

    assert code == 4400


async def test_a_message_is_no_binary(app: Starlette) -> None:
    async with acknowledged_socket(app) as socket:
        socket.send_to_app("websocket.receive", bytes=b'{"type": "ping"}')
        assert await socket.read_close() == (4400, "Messages are text, not binary.")


async def test_a_socket_runs_so_many_operations_at_once(builder: OrganizationBuilder) -> None:
    async with acknowledged_socket(limited(builder, operations_per_socket=1)) as socket:
        socket.subscribe("1", ALL)
        socket.subscribe("2", VIEWER)
        refused = await socket.read()
        socket.send_json("complete", id="1")
        socket.subscribe("2", VIEWER)
        answered = await socket.read()

    assert (refused["id"], refused["type"]) == ("2", "error")
    assert refused["payload"][0]["extensions"] == {"code": "THROTTLED"}
    assert answered == {"id": "2", "type": "next", "payload": ADA}


async def test_a_process_has_so_many_sockets(builder: OrganizationBuilder) -> None:
    app = limited(builder, sockets=1)
    async with acknowledged_socket(app), open_socket(app) as refused:
        await refused.next_from_app()
        assert await refused.read_close() == (1013, "Too many connections are open. Try again later.")
    async with acknowledged_socket(app):
        pass


async def test_a_caller_has_so_many_sockets(builder: OrganizationBuilder) -> None:
    app = limited(builder, sockets_per_caller=1)
    async with acknowledged_socket(app), open_socket(app) as refused:
        await refused.next_from_app()
        refused.initialize()
        most = "You hold 1 sockets open, as many as one may. Close some first."
        assert await refused.read_close() == (1013, most)
    async with acknowledged_socket(app):
        pass


async def test_a_caller_has_so_many_subscriptions(builder: OrganizationBuilder) -> None:
    executor = Executor(cached_schema(), builder.database, limits=OperationLimits(subscriptions_per_caller=1))
    app = create_app(executor, builder.database, access_policy(builder.database))
    async with acknowledged_socket(app) as socket, acknowledged_socket(app) as other:
        socket.subscribe("1", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)
        other.subscribe("1", ALL)
        refused = await other.read()
        socket.send_json("complete", id="1")
        await wait_until(lambda: executor.feed.subscribers == 0)
        other.subscribe("2", ALL)
        await wait_until(lambda: executor.feed.subscribers == 1)

    assert (refused["id"], refused["type"]) == ("1", "error")
    assert refused["payload"][0]["extensions"] == {"code": "THROTTLED"}


@pytest.mark.parametrize("origin", [b"https://elsewhere.test", b"https://dealdesk.test:8001", b"null"])
async def test_a_page_of_another_site_gets_no_socket(app: Starlette, origin: bytes) -> None:
    async with open_socket(app, headers=[(b"host", b"dealdesk.test"), (b"origin", origin)]) as socket:
        assert await socket.next_from_app() == {"type": "websocket.close"}


async def test_a_page_of_ours_gets_a_socket(app: Starlette) -> None:
    headers = [(b"host", b"dealdesk.test:8000"), (b"origin", b"http://dealdesk.test:8000")]
    async with open_socket(app, headers=headers) as socket:
        assert (await socket.next_from_app())["type"] == "websocket.accept"
