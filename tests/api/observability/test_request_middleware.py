import logging

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from api.observability.request_middleware import RequestMiddleware


async def test_every_response_has_a_unique_request_id(http: httpx2.AsyncClient) -> None:
    ids = [
        (await http.get(path)).headers["x-request-id"]
        for path in ("/graphql", "/graphql?query={__typename}", "/livez", "/readyz", "/nowhere")
    ]

    assert len(set(ids)) == 5
    assert all(len(each) == 32 for each in ids)


async def test_a_request_id_from_the_client_is_ignored(http: httpx2.AsyncClient) -> None:
    response = await http.get("/livez", headers={"x-request-id": "forged"})

    assert "forged" not in response.headers["x-request-id"]


async def test_an_exception_is_masked_and_logged_once_with_the_request_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_request: Request) -> None:
        raise RuntimeError("the password is swordfish")

    async with _client(Route("/", fail)) as client:
        response = await client.get("/")

    request_id = response.headers["x-request-id"]
    assert (response.status_code, response.json()) == (
        500,
        {
            "errors": [
                {
                    "message": "Something went wrong on our side. Tell us the request id.",
                    "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
                }
            ]
        },
    )
    [record] = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, f"request {request_id} failed")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "the password is swordfish"


async def test_an_exception_after_the_start_of_a_response_adds_nothing_to_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = list[Message]()

    async def fail_halfway(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await RequestMiddleware(fail_halfway)({"type": "http"}, receive, send)

    assert [message["type"] for message in sent] == ["http.response.start"]
    assert len(caplog.records) == 1


def _client(route: Route) -> httpx2.AsyncClient:
    app = Starlette(routes=[route], middleware=[Middleware(RequestMiddleware)])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://dealdesk.test")
