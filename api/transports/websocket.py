"""GraphQL over WebSocket, with the subprotocol graphql-transport-ws.

The protocol (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) runs many operations on one
socket; each has an id, which the client chooses:

    client                       server
    connection_init        ->                              with the credentials in its payload
                           <-    connection_ack
    subscribe (id)         ->
                           <-    next (id)                 a response: one, or one for each event
                           <-    complete (id)             or error (id), if the operation was not executed
    complete (id)          ->                              cancels the operation
    ping                   ->
                           <-    pong

The close codes 4400 to 4429 are defined by the protocol, 1012 (service restart) and 1013 (try again later) by
the registry of RFC 6455.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, aclosing, suppress
from functools import partial

import orjson
from starlette.types import Receive, Scope, Send

from api.auth.access_policy import AccessPolicy
from api.auth.principal import Principal
from api.auth.sessions import Session
from api.http.body import parse_json
from api.http.errors import BadRequest, DocumentError, HostNotAllowed, Unauthenticated
from api.http.request_id import new_request_id
from api.http.send_timeout import SlowConsumer, with_send_timeout
from api.transports.params import from_message
from api.transports.trusted_documents import TrustedDocuments
from db.domain.errors import Unavailable
from schema.execution.executor import Executor, Request
from schema.limits.quota import QuotaExceeded
from schema.subscriptions.event_feed import ServerStopping

SUBPROTOCOL = "graphql-transport-ws"

_MAX_REASON_BYTES = 123
"""RFC 6455, 5.5: the payload of a control frame has at most 125 bytes, of which the code takes two."""

_MAX_ID_CHARACTERS = 128
"""Length of an operation's id, which each of its messages repeats."""

_INVALID_MESSAGE = "This is not a valid message of graphql-transport-ws."


class GraphQLWebSockets:
    """The ASGI application of the WebSockets at ``/graphql``. ``open_sockets`` counts those that are open."""

    def __init__(self, executor: Executor, access_policy: AccessPolicy, documents: TrustedDocuments) -> None:
        self._executor = executor
        self._access_policy = access_policy
        self._documents = documents
        self._connections: set[_Connection] = set()

    @property
    def open_sockets(self) -> int:
        """The number of WebSockets that are open."""
        return len(self._connections)

    def stop(self) -> None:
        """Close every socket as soon as its operations are complete."""
        for connection in self._connections:
            connection.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one client until either side closes the socket."""
        await receive()  # websocket.connect
        headers = dict(scope["headers"])
        try:
            self._access_policy.check_host(headers.get(b"host"))
        except HostNotAllowed:
            is_allowed = False
        else:
            is_allowed = not self._access_policy.is_cross_origin(headers)
        if not is_allowed:
            await send({"type": "websocket.close"})  # rejects the handshake with 403
            return
        connection = _Connection(self._executor, self._access_policy, self._documents, receive, send)
        connection.authorization = headers.get(b"authorization")
        self._connections.add(connection)
        is_full = len(self._connections) > self._access_policy.limits.sockets
        try:
            await connection.run(scope["subprotocols"], is_full=is_full)
        except asyncio.CancelledError:  # the grace period of the shutdown has ended
            await connection.close(ServerStopping())
        finally:
            self._connections.discard(connection)


class _CloseSocket(Exception):
    """The server closes the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _ClientDisconnected(Exception):
    """The client closed the socket."""


class _Connection:
    """One socket, and the operations that run on it, each in a task.

    ``authorization`` is the header of the handshake. It counts if connection_init has no credentials.
    """

    def __init__(
        self,
        executor: Executor,
        access_policy: AccessPolicy,
        documents: TrustedDocuments,
        receive: Receive,
        send: Send,
    ) -> None:
        self._executor = executor
        self._authenticator = access_policy.authenticator
        self._limits = access_policy.limits
        self._quota = access_policy.socket_quota
        self._documents = documents
        self._receive = receive
        self._send = with_send_timeout(send)
        self.authorization: bytes | None = None
        self._session: Session | None = None
        self._resources = ExitStack()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks = asyncio.TaskGroup()

    async def run(self, subprotocols: list[str], *, is_full: bool) -> None:
        """Serve the client; ``is_full`` says that the server has no capacity for it."""
        with self._resources:
            try:
                async with self._tasks:
                    await self._accept(subprotocols, is_full=is_full)
                    await self._read_messages()
            except* (_CloseSocket, _ClientDisconnected, ServerStopping, SlowConsumer, OSError) as group:
                await self.close(group.exceptions[0])

    def stop(self) -> None:
        """Close the socket as soon as the operations are complete."""
        with suppress(RuntimeError):  # the socket is being closed already
            self._tasks.create_task(self._drain())

    async def close(self, error: Exception) -> None:
        """Tell the client why the socket is closed, unless the client has closed it."""
        match error:
            case _CloseSocket():
                code, reason = error.code, error.reason
            case ServerStopping():
                code, reason = 1012, "The server is restarting. Reconnect, and resume after your last event."
            case SlowConsumer():
                code, reason = 1013, "You read too slowly. Reconnect, and resume after your last event."
            case _:
                return
        reason = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
        with suppress(SlowConsumer, OSError):
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def _accept(self, subprotocols: list[str], *, is_full: bool) -> None:
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in subprotocols else None
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})
        if subprotocol is None:
            raise _CloseSocket(4406, "Subprotocol not acceptable")
        if is_full:
            raise _CloseSocket(1013, "Too many connections are open. Try again later.")

    async def _read_messages(self) -> None:
        try:
            async with asyncio.timeout(self._limits.init_seconds) as init_timeout:
                while True:
                    await self._dispatch(await self._read_message())
                    if self._session is not None:
                        init_timeout.reschedule(None)
        except TimeoutError:
            raise _CloseSocket(4408, "Connection initialisation timeout") from None

    async def _read_message(self) -> dict[str, object]:
        received = await self._receive()
        if received["type"] == "websocket.disconnect":
            raise _ClientDisconnected
        if received.get("text") is None:
            raise _CloseSocket(4400, "Messages must be text, not binary.")
        text = received["text"].encode(errors="surrogatepass")
        try:
            message = parse_json(text, "The message", self._limits)
        except BadRequest as error:
            raise _CloseSocket(4400, str(error)) from None
        if not isinstance(message, dict) or not isinstance(message.get("payload"), dict | None):
            raise _CloseSocket(4400, _INVALID_MESSAGE)
        return message

    async def _dispatch(self, message: dict[str, object]) -> None:
        match message:
            case {"type": "connection_init", "payload": dict(payload)}:
                await self._initialize(payload)
            case {"type": "connection_init"}:
                await self._initialize({})
            case {"type": "ping"}:
                await self._send_message({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id_), "payload": dict(payload)} if id_:
                await self._subscribe(id_, payload)
            case {"type": "complete", "id": str(id_)}:
                operation = self._operations.pop(id_, None)
                if operation is not None:
                    operation.cancel()
            case _:
                raise _CloseSocket(4400, _INVALID_MESSAGE)

    async def _initialize(self, payload: Mapping[str, object]) -> None:
        """Authenticate the client. The socket counts against the caller's quota from now on."""
        if self._session is not None:
            raise _CloseSocket(4429, "Too many initialisation requests")
        sent = payload.get("Authorization", payload.get("authorization"))
        authorization = sent.encode() if isinstance(sent, str) else self.authorization
        try:
            principal = await self._authenticator.authenticate(authorization)
            self._resources.enter_context(self._quota.acquire(self._authenticator.caller(principal)))
        except Unauthenticated:
            raise _unauthorized() from None
        except (Unavailable, QuotaExceeded) as error:
            raise _CloseSocket(1013, str(error)) from None
        self._session = self._resources.enter_context(self._authenticator.track_session(principal))
        self._tasks.create_task(_close_on_expiry(self._session))
        await self._send_message({"type": "connection_ack"})

    async def _subscribe(self, id_: str, payload: Mapping[str, object]) -> None:
        """Start an operation, or send an error if the server does not run it."""
        if self._session is None:
            raise _unauthorized()
        if len(id_) > _MAX_ID_CHARACTERS:
            raise _CloseSocket(
                4400, f"An id has at most {_MAX_ID_CHARACTERS} characters. Send a shorter one."
            )
        if id_ in self._operations:
            raise _CloseSocket(4409, f"Subscriber for {id_} already exists")
        try:
            request = from_message(payload, self._documents, new_request_id())
        except DocumentError as error:
            await self._send_error(id_, error.code, str(error))
            return
        except BadRequest as error:
            raise _CloseSocket(4400, str(error)) from None
        maximum = self._limits.operations_per_socket
        if len(self._operations) >= maximum:
            message = f"This socket runs {maximum} operations already. Complete one, or open another socket."
            await self._send_error(id_, "THROTTLED", message)
            return
        operation = self._run_operation(id_, request, self._session.principal)
        self._operations[id_] = self._tasks.create_task(operation)

    async def _run_operation(self, id_: str, request: Request, principal: Principal) -> None:
        """Send each response of the operation, then ``complete`` or ``error``.

        Send nothing after the client has completed the operation: its id may stand for another one by then.
        """

        def is_current() -> bool:
            return self._operations.get(id_) is asyncio.current_task()

        last: dict[str, object] = {"id": id_, "type": "complete"}
        caller = partial(self._authenticator.caller, principal)
        try:
            async with aclosing(await self._executor.stream(request, caller)) as responses:
                async for response in responses:
                    if not response.executed:
                        errors = orjson.loads(response.body)["errors"]
                        last = {"id": id_, "type": "error", "payload": errors}
                    elif is_current():
                        payload = orjson.Fragment(response.body)
                        await self._send_message({"id": id_, "type": "next", "payload": payload})
        except ServerStopping:
            del self._operations[id_]
            await self._drain()
        if is_current():
            del self._operations[id_]
            await self._send_message(last)

    async def _drain(self) -> None:
        """Wait until the operations are complete, then close the socket."""
        while self._operations:
            await asyncio.wait(self._operations.values())
        raise ServerStopping

    async def _send_error(self, id_: str, code: str, message: str) -> None:
        errors = [{"message": message, "extensions": {"code": code}}]
        await self._send_message({"id": id_, "type": "error", "payload": errors})

    async def _send_message(self, message: Mapping[str, object]) -> None:
        await self._send({"type": "websocket.send", "text": orjson.dumps(message).decode()})


async def _close_on_expiry(session: Session) -> None:
    await session.expired.wait()
    # Clients never reconnect after 4401; after 4403 they do, with a new token.
    raise _CloseSocket(4403, "The token has expired or was revoked. Reconnect with a new one.")


def _unauthorized() -> _CloseSocket:
    return _CloseSocket(4401, "Unauthorized")
