"""The outermost layer: every request has an id, and no exception leaves with its text."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from api.sending import error_body, send_body

_log = logging.getLogger("dealdesk.http")


class Boundary:
    """Middleware that numbers requests: ``scope["request_id"]``, and X-Request-ID in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what nobody expected is logged once and answered without its details."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = uuid7().hex
        numbered = _Numbered(send, request_id)
        try:
            await self._app(scope, receive, numbered)
        except Exception:  # noqa: BLE001 - this is where it must end
            _log.exception("request %s failed", request_id)
            if not numbered.started:
                message = "Something went wrong on our side. Tell us the request id."
                body = error_body("INTERNAL_SERVER_ERROR", message, requestId=request_id)
                await send_body(numbered, body, status=500)


class _Numbered:
    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._header = (b"x-request-id", request_id.encode())
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = [*message["headers"], self._header]
        await self._send(message)
