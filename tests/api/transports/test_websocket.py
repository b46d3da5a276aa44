import asyncio

import pytest
from starlette.applications import Starlette

from api.app import create_app
from api.http import send_timeout
from api.http.limits import Limits
from schema.execution.executor import Executor
from schema.limits.settings import OperationLimits
from tests.api.support.access import entrance
from tests.api.support.connections import opened, talking
from tests.builders import Deals
from tests.schema.support.client import the_schema
from tests.schema.support.listener import ALL, CLOSE, happen, until

VIEWER = "{ viewer { user { name } } }"
ADA = {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}
CLOSED = {"data": {"closeOpportunity": {"__typename": "CloseOpportunitySuccess"}}}


def limited(deals: Deals, **limits: float) -> Starlette:
    entry = entrance(deals.database, limits=Limits.model_validate(limits))
    return create_app(Executor(the_schema(), deals.database), deals.database, entry)


async def test_a_query_has_one_answer_and_is_complete(app: Starlette) -> None:
    async with talking(app) as socket:
        socket.asks("1", VIEWER)

        assert await socket.hears() == {"id": "1", "type": "next", "payload": ADA}
        assert await socket.hears() == {"id": "1", "type": "complete"}


async def test_a_mutation_is_done_and_told_to_who_listens(
    app: Starlette, executor: Executor, deals: Deals
) -> None:
    id_ = f"opp_{await deals.opportunity()}"
    async with talking(app) as socket:
        socket.asks("2", "subscription { opportunitiesChanged { kind opportunity { id state } } }")
        await until(lambda: executor.feed.listeners == 1)
        socket.asks("1", CLOSE, id=id_)
        heard = [await socket.hears() for _ in range(3)]

    event = {"kind": "OPPORTUNITY_CLOSED", "opportunity": {"id": id_, "state": "WON"}}
    assert sorted(heard, key=lambda message: message["id"]) == [
        {"id": "1", "type": "next", "payload": CLOSED},
        {"id": "1", "type": "complete"},
        {"id": "2", "type": "next", "payload": {"data": {"opportunitiesChanged": event}}},
    ]


async def test_what_can_not_run_is_told_as_an_error_and_the_socket_stays_open(app: Starlette) -> None:
    async with talking(app) as socket:
        socket.asks("1", "{ nothing }")
        refused = await socket.hears()
        socket.asks("1", VIEWER)
        answered = await socket.hears()

    [error] = refused["payload"]
    assert (refused["id"], refused["type"]) == ("1", "error")
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert answered == {"id": "1", "type": "next", "payload": ADA}


async def test_who_connects_again_goes_on_after_the_last_event(
    app: Starlette, executor: Executor, deals: Deals
) -> None:
    known, missed = await deals.opportunity(), await deals.opportunity()
    await happen(executor, deals, known, missed)
    async with talking(app) as socket:
        socket.asks("1", ALL, after="0-0")
        first = (await socket.hears())["payload"]["data"]["opportunitiesChanged"]
    async with talking(app) as socket:
        socket.asks("1", ALL, after=first["eventId"])
        second = (await socket.hears())["payload"]["data"]["opportunitiesChanged"]

    assert [first["opportunity"], second["opportunity"]] == [{"id": f"opp_{known}"}, {"id": f"opp_{missed}"}]


async def test_a_completed_operation_is_over_and_its_id_is_free(app: Starlette, executor: Executor) -> None:
    async with talking(app) as socket:
        socket.asks("1", ALL)
        await until(lambda: executor.feed.listeners == 1)
        socket.says("complete", id="1")
        socket.says("complete", id="never begun")
        await until(lambda: executor.feed.listeners == 0)
        socket.asks("1", VIEWER)

        assert await socket.hears() == {"id": "1", "type": "next", "payload": ADA}


async def test_a_client_that_goes_away_listens_no_more(app: Starlette, executor: Executor) -> None:
    async with talking(app) as socket:
        for id_ in "12":
            socket.asks(id_, ALL)
        await until(lambda: executor.feed.listeners == 2)

    assert executor.feed.listeners == 0


async def test_a_server_that_stops_says_that_it_comes_back(app: Starlette, executor: Executor) -> None:
    async with talking(app) as socket:
        for id_ in "12":
            socket.asks(id_, ALL)
        await until(lambda: executor.feed.listeners == 2)
        executor.feed.stop()

        restart = "The server restarts. Connect again, and go on after your last event."
        assert await socket.closes() == (1012, restart)


async def test_a_client_that_reads_nothing_is_closed(
    app: Starlette, executor: Executor, deals: Deals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_timeout, "PATIENCE", 0.1)
    async with talking(app) as socket:
        socket.asks("1", ALL)
        await until(lambda: executor.feed.listeners == 1)
        socket.reads = False
        await happen(executor, deals, await deals.opportunity())

        too_slow = "You read too slowly. Connect again, and go on after your last event."
        assert await socket.closes() == (1013, too_slow)


async def test_a_ping_is_answered_before_and_after_the_beginning(app: Starlette) -> None:
    async with opened(app) as socket:
        await socket.taken()
        socket.says("ping")
        assert await socket.hears() == {"type": "pong"}
        socket.begins()
        assert await socket.hears() == {"type": "connection_ack"}
        socket.says("pong", payload={"at": 1})
        socket.says("ping", payload={"at": 2})
        assert await socket.hears() == {"type": "pong"}


@pytest.mark.parametrize("subprotocols", [(), ("graphql-ws",)])
async def test_no_other_subprotocol_is_spoken(app: Starlette, subprotocols: tuple[str, ...]) -> None:
    async with opened(app, subprotocols=subprotocols) as socket:
        assert await socket.taken() == {"type": "websocket.accept", "subprotocol": None}
        assert await socket.closes() == (4406, "Subprotocol not acceptable")


async def test_a_client_must_begin_in_time(deals: Deals) -> None:
    async with opened(limited(deals, init_seconds=0.05)) as socket:
        await socket.taken()
        assert await socket.closes() == (4408, "Connection initialisation timeout")


async def test_a_client_that_has_begun_may_be_silent(deals: Deals) -> None:
    async with talking(limited(deals, init_seconds=0.05)) as socket:
        await asyncio.sleep(0.1)
        socket.asks("1", VIEWER)

        assert await socket.hears() == {"id": "1", "type": "next", "payload": ADA}


async def test_nothing_is_asked_before_the_beginning(app: Starlette) -> None:
    async with opened(app) as socket:
        await socket.taken()
        socket.asks("1", VIEWER)
        assert await socket.closes() == (4401, "Unauthorized")


async def test_there_is_one_beginning(app: Starlette) -> None:
    async with talking(app) as socket:
        socket.begins()
        assert await socket.closes() == (4429, "Too many initialisation requests")


async def test_an_id_is_for_one_operation_at_a_time(app: Starlette) -> None:
    async with talking(app) as socket:
        socket.asks("1", ALL)
        socket.asks("1", ALL)
        assert await socket.closes() == (4409, "Subscriber for 1 already exists")


async def test_a_reason_is_never_longer_than_a_close_frame(app: Starlette) -> None:
    async with talking(app) as socket:
        socket.asks("é" * 100, ALL)
        socket.asks("é" * 100, ALL)
        assert await socket.closes() == (4409, f"Subscriber for {'é' * 54}")


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
    async with talking(app) as socket:
        socket.give("websocket.receive", text=text)
        code, _reason = await socket.closes()

    assert code == 4400


async def test_a_message_is_no_binary(app: Starlette) -> None:
    async with talking(app) as socket:
        socket.give("websocket.receive", bytes=b'{"type": "ping"}')
        assert await socket.closes() == (4400, "Messages are text, not binary.")


async def test_a_socket_runs_so_many_operations_at_once(deals: Deals) -> None:
    async with talking(limited(deals, operations_per_socket=1)) as socket:
        socket.asks("1", ALL)
        socket.asks("2", VIEWER)
        refused = await socket.hears()
        socket.says("complete", id="1")
        socket.asks("2", VIEWER)
        answered = await socket.hears()

    assert (refused["id"], refused["type"]) == ("2", "error")
    assert refused["payload"][0]["extensions"] == {"code": "THROTTLED"}
    assert answered == {"id": "2", "type": "next", "payload": ADA}


async def test_a_process_has_so_many_sockets(deals: Deals) -> None:
    app = limited(deals, sockets=1)
    async with talking(app), opened(app) as refused:
        await refused.taken()
        assert await refused.closes() == (1013, "Too many connections are open. Try again later.")
    async with talking(app):
        pass


async def test_a_caller_has_so_many_sockets(deals: Deals) -> None:
    app = limited(deals, sockets_per_caller=1)
    async with talking(app), opened(app) as refused:
        await refused.taken()
        refused.begins()
        most = "You hold 1 sockets open, as many as one may. Close some first."
        assert await refused.closes() == (1013, most)
    async with talking(app):
        pass


async def test_a_caller_has_so_many_subscriptions(deals: Deals) -> None:
    executor = Executor(the_schema(), deals.database, limits=OperationLimits(subscriptions_per_caller=1))
    app = create_app(executor, deals.database, entrance(deals.database))
    async with talking(app) as socket, talking(app) as other:
        socket.asks("1", ALL)
        await until(lambda: executor.feed.listeners == 1)
        other.asks("1", ALL)
        refused = await other.hears()
        socket.says("complete", id="1")
        await until(lambda: executor.feed.listeners == 0)
        other.asks("2", ALL)
        await until(lambda: executor.feed.listeners == 1)

    assert (refused["id"], refused["type"]) == ("1", "error")
    assert refused["payload"][0]["extensions"] == {"code": "THROTTLED"}


@pytest.mark.parametrize("origin", [b"https://elsewhere.test", b"https://dealdesk.test:8001", b"null"])
async def test_a_page_of_another_site_gets_no_socket(app: Starlette, origin: bytes) -> None:
    async with opened(app, headers=[(b"host", b"dealdesk.test"), (b"origin", origin)]) as socket:
        assert await socket.taken() == {"type": "websocket.close"}


async def test_a_page_of_ours_gets_a_socket(app: Starlette) -> None:
    headers = [(b"host", b"dealdesk.test:8000"), (b"origin", b"http://dealdesk.test:8000")]
    async with opened(app, headers=headers) as socket:
        assert (await socket.taken())["type"] == "websocket.accept"
