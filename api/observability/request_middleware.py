"""The outermost middleware: request ids, observers of requests, and masking of unexpected exceptions."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.request_id import new_request_id
from api.http.responses import error_body, send_response
from api.observability.request_context import set_current_scope

RequestObserver = Callable[[Scope, int, float], None]
"""Called with the scope, status and duration in seconds of each HTTP request when it ends."""

CLIENT_CLOSED_REQUEST = 499
"""The status that observers see if the client disconnects before the response; it is sent to no client."""

_log = logging.getLogger("dealdesk.http")


class RequestMiddleware:
    """Sets ``scope["request_id"]`` and the header X-Request-ID, and calls ``observers`` for HTTP requests."""

    def __init__(self, app: ASGIApp, observers: Sequence[RequestObserver] = ()) -> None:
        self._app = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Log an unexpected exception once, and answer without its details."""
        request_id = scope["request_id"] = new_request_id()
        set_current_scope(scope)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send_with_id = _RequestIdSend(send, request_id)
        started = perf_counter()
        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # noqa: BLE001 - the last place that can handle it
            _log.exception("request %s failed", request_id)
            if send_with_id.status == CLIENT_CLOSED_REQUEST:
                message = "Something went wrong on our side. Tell us the request id."
                body = error_body("INTERNAL_SERVER_ERROR", message, requestId=request_id)
                await send_response(send_with_id, body, status=500)
        finally:
            for observe in self._observers:
                observe(scope, send_with_id.status, perf_counter() - started)


class _RequestIdSend:
    """Adds the request id to the response's headers, and keeps the response's status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._header = (b"x-request-id", request_id.encode())
        self.status = CLIENT_CLOSED_REQUEST

    def __call__(self, message: Message) -> Awaitable[None]:
        # not async: one coroutine less for each message
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], self._header]
        return self._send(message)
