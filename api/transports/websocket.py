"""GraphQL over WebSocket, in the sub-protocol graphql-transport-ws: any operation, and many at once."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, aclosing, contextmanager, suppress
from functools import partial
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from api.auth.access_policy import AccessPolicy
from api.auth.principal import Principal
from api.auth.sessions import Session
from api.http.body import parse_json
from api.http.errors import BadRequest, DocumentError, HostNotAllowed, Unauthenticated
from api.http.send_timeout import SlowConsumer, with_send_timeout
from api.transports.params import from_message
from api.transports.trusted_documents import TrustedDocuments
from db.domain.errors import Unavailable
from db.domain.ids import new_id
from schema.execution.executor import Executor, Request
from schema.limits.quota import QuotaExceeded
from schema.subscriptions.event_feed import ServerStopping

SUBPROTOCOL = "graphql-transport-ws"
_LONGEST_REASON = 123
"""Bytes that a close frame has room for."""


class GraphQLWebSockets:
    """Answers over WebSockets, of which ``open`` are, to those whom ``entry`` lets in.

    Who asks is said as the conversation begins, by a member of the payload that is named like the header;
    or by the header of the handshake, where a client can send one.
    """

    def __init__(self, executor: Executor, entry: AccessPolicy, documents: TrustedDocuments) -> None:
        self._executor = executor
        self._entry = entry
        self._documents = documents
        self.open = 0
        self._sessions: set[_Session] = set()

    def stop(self) -> None:
        """Close every socket, once what it runs is answered."""
        for session in self._sessions:
            session.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Talk with one client until either of them ends it."""
        await receive()
        headers = dict(scope["headers"])
        if not self._lets_in(headers):
            await send({"type": "websocket.close"})  # refuses the handshake
            return
        self.open += 1
        session = _Session(self._executor, self._entry, self._documents, receive, with_send_timeout(send))
        session.authorization = headers.get(b"authorization")
        self._sessions.add(session)
        try:
            with session.visiting:
                await session.run(scope["subprotocols"], has_room=self.open <= self._entry.limits.sockets)
        except asyncio.CancelledError:  # the server stops, and has waited long enough
            await session.close(ServerStopping())
        finally:
            self._sessions.discard(session)
            self.open -= 1

    def _lets_in(self, headers: Mapping[bytes, bytes]) -> bool:
        try:
            self._entry.check_host(headers.get(b"host"))
        except HostNotAllowed:
            return False
        return not self._entry.is_cross_origin(headers)


class _Closing(Exception):
    """The client is to be told why the socket is closed."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Gone(Exception):
    """The client closed the socket."""


class _Session:
    """``authorization`` is the header of the handshake; ``visiting`` ends with the conversation."""

    def __init__(
        self,
        executor: Executor,
        entry: AccessPolicy,
        documents: TrustedDocuments,
        receive: Receive,
        send: Send,
    ) -> None:
        self._executor = executor
        self._authenticator = entry.authenticator
        self._limits = entry.limits
        self._seats = entry.seats
        self._documents = documents
        self._receive = receive
        self._send = send
        self.authorization: bytes | None = None
        self.visiting = ExitStack()
        self._visit: Session | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks = asyncio.TaskGroup()

    def stop(self) -> None:
        with suppress(RuntimeError):  # it is being closed already
            self._tasks.create_task(self._wind_up())

    async def run(self, subprotocols: list[str], *, has_room: bool) -> None:
        try:
            async with self._tasks:
                await self._accept(subprotocols, has_room=has_room)
                await self._converse()
        except* (_Closing, _Gone, ServerStopping, SlowConsumer, OSError) as ends:
            await self.close(ends.exceptions[0])

    async def _accept(self, subprotocols: list[str], *, has_room: bool) -> None:
        is_spoken = SUBPROTOCOL in subprotocols
        await self._send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if is_spoken else None})
        if not is_spoken:
            raise _Closing(4406, "Subprotocol not acceptable")
        if not has_room:
            raise _Closing(1013, "Too many connections are open. Try again later.")

    async def _converse(self) -> None:
        try:
            async with asyncio.timeout(self._limits.init_seconds) as patience:
                while True:
                    await self._take(await self._message())
                    if self._visit is not None:
                        patience.reschedule(None)
        except TimeoutError:
            raise _Closing(4408, "Connection initialisation timeout") from None

    async def _message(self) -> Any:
        received = await self._receive()
        if received["type"] == "websocket.disconnect":
            raise _Gone
        if received.get("text") is None:
            raise _Closing(4400, "Messages are text, not binary.")
        with _refusing():
            message = parse_json(received["text"].encode(errors="surrogatepass"), "The message", self._limits)
        if not isinstance(message, dict) or not isinstance(message.get("payload"), dict | None):
            raise _Closing(4400, _NO_MESSAGE)
        return message

    async def _take(self, message: Any) -> None:
        match message:
            case {"type": "connection_init"}:
                await self._acknowledge(message.get("payload") or {})
            case {"type": "ping"}:
                await self._say(b'{"type":"pong"}')
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(id_), "payload": dict(payload)} if id_:
                await self._begin(id_, payload)
            case {"type": "complete", "id": str(id_)}:
                self._cancel(id_)
            case _:
                raise _Closing(4400, _NO_MESSAGE)

    async def _acknowledge(self, payload: dict[str, Any]) -> None:
        if self._visit is not None:
            raise _Closing(4429, "Too many initialisation requests")
        principal = await self._principal(payload)
        self._sit(principal)
        self._visit = self.visiting.enter_context(self._authenticator.visit(principal))
        self._tasks.create_task(_end(self._visit))
        await self._say(b'{"type":"connection_ack"}')

    def _sit(self, principal: Principal) -> None:
        caller = self._authenticator.caller_of(principal)
        try:
            self.visiting.enter_context(self._seats.acquire(caller))
        except QuotaExceeded as error:
            raise _Closing(1013, error.message) from None

    async def _principal(self, payload: dict[str, Any]) -> Principal:
        said = payload.get("Authorization", payload.get("authorization"))
        authorization = said.encode() if isinstance(said, str) else self.authorization
        try:
            return await self._authenticator.principal(authorization)
        except Unauthenticated:
            raise _unauthorized() from None
        except Unavailable as error:
            raise _Closing(1013, str(error)) from None

    async def _begin(self, id_: str, payload: dict[str, Any]) -> None:
        if self._visit is None:
            raise _unauthorized()
        if id_ in self._operations:
            raise _Closing(4409, f"Subscriber for {id_} already exists")
        try:
            with _refusing():
                request = from_message(payload, self._documents, new_id().hex)
        except DocumentError as refusal:
            await self._say(_message(id_, "error", _errors(refusal.code, str(refusal))))
            return
        most = self._limits.operations_per_socket
        if len(self._operations) == most:
            reason = f"This socket runs {most} operations. Complete some, or open another one."
            await self._say(_message(id_, "error", _errors("THROTTLED", reason)))
        else:
            operation = self._operate(id_, request, self._visit.principal)
            self._operations[id_] = self._tasks.create_task(operation)

    def _cancel(self, id_: str) -> None:
        operation = self._operations.pop(id_, None)
        if operation is not None:
            operation.cancel()

    async def _operate(self, id_: str, request: Request, principal: Principal) -> None:
        caller = partial(self._authenticator.caller_of, principal)
        end = _message(id_, "complete")
        try:
            async with aclosing(self._executor.stream(request, caller)) as answers:
                async for answer in answers:
                    if answer.executed:
                        await self._tell(id_, _message(id_, "next", answer.body))
                    else:
                        end = _message(id_, "error", orjson.dumps(orjson.loads(answer.body)["errors"]))
        except ServerStopping:
            del self._operations[id_]
            await self._wind_up()
        await self._tell(id_, end, is_last=True)

    async def _tell(self, id_: str, message: bytes, *, is_last: bool = False) -> None:
        """Say something of the operation that this task is, unless the client has completed it meanwhile."""
        if self._operations.get(id_) is asyncio.current_task():
            if is_last:
                del self._operations[id_]
            await self._say(message)

    async def _wind_up(self) -> None:
        while self._operations:
            await asyncio.wait(self._operations.values())
        raise ServerStopping

    async def _say(self, message: bytes) -> None:
        await self._send({"type": "websocket.send", "text": message.decode()})

    async def close(self, end: Exception) -> None:
        match end:
            case _Closing():
                code, reason = end.code, end.reason
            case ServerStopping():
                code, reason = 1012, "The server restarts. Connect again, and go on after your last event."
            case SlowConsumer():
                code, reason = 1013, "You read too slowly. Connect again, and go on after your last event."
            case _:
                return
        shortened = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        with suppress(SlowConsumer, OSError):
            await self._send({"type": "websocket.close", "code": code, "reason": shortened})


async def _end(visit: Session) -> None:
    await visit.over.wait()
    raise _unauthorized()


def _unauthorized() -> _Closing:
    return _Closing(4401, "Unauthorized")


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except BadRequest as refusal:
        raise _Closing(4400, str(refusal)) from None


def _message(id_: str, type_: str, payload: bytes | None = None) -> bytes:
    content = b"" if payload is None else b',"payload":%s' % payload
    return b'{"id":%s,"type":"%s"%s}' % (orjson.dumps(id_), type_.encode(), content)


def _errors(code: str, message: str) -> bytes:
    return orjson.dumps([{"message": message, "extensions": {"code": code}}])


_NO_MESSAGE = "This is no message that a client sends."
