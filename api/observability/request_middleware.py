"""The outermost layer: every request has an id, and no exception leaves with its text."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from api.http.responses import error_body, send_response
from api.observability.request_context import set_current_scope

_log = logging.getLogger("dealdesk.http")

RequestObserver = Callable[[Scope, int, float], None]
"""Told of every request's scope, status and seconds, when it is done with."""

CLIENT_CLOSED_REQUEST = 499
"""The status of a request whose client went away before it was answered; it is told to nobody."""


class RequestMiddleware:
    """Middleware that numbers requests: ``scope["request_id"]``, and X-Request-ID in the answer.

    ``observers`` are told of every request over HTTP.
    """

    def __init__(self, app: ASGIApp, observers: Sequence[RequestObserver] = ()) -> None:
        self._app = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what nobody expected is logged once and answered without its details."""
        request_id = scope["request_id"] = uuid7().hex
        set_current_scope(scope)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        numbered = _Numbered(send, request_id)
        began = perf_counter()
        try:
            await self._app(scope, receive, numbered)
        except Exception:  # noqa: BLE001 - this is where it must end
            _log.exception("request %s failed", request_id)
            if numbered.status == CLIENT_CLOSED_REQUEST:
                message = "Something went wrong on our side. Tell us the request id."
                body = error_body("INTERNAL_SERVER_ERROR", message, requestId=request_id)
                await send_response(numbered, body, status=500)
        finally:
            for observe in self._observers:
                observe(scope, numbered.status, perf_counter() - began)


class _Numbered:
    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._header = (b"x-request-id", request_id.encode())
        self.status = CLIENT_CLOSED_REQUEST

    def __call__(self, message: Message) -> Awaitable[None]:
        # Not async: a coroutine that only awaits another takes time and does nothing.
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], self._header]
        return self._send(message)
