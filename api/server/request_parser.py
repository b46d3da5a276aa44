"""A parser of HTTP requests that reads on when the server does not take an upgrade.

httptools stops at the end of a head that offers an upgrade, and takes what follows for another protocol;
uvicorn then loses the body, or runs it as a request of its own. An upgrade that is not taken changes nothing
about how a request is read (RFC 9110, 7.8), so its head is read again without the offer.
"""

from array import array
from typing import Protocol

import httptools
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class ParserOwner(Protocol):
    """The protocol that a parser calls."""

    parser: "RequestParser"
    url: bytes
    headers: list[tuple[bytes, bytes]]
    cycle: RequestResponseCycle


class RequestParser(httptools.HttpRequestParser):
    """Calls a protocol as httptools does; see ``is_ignored_upgrade`` for heads that are read twice."""

    def __init__(self, owner: ParserOwner) -> None:
        super().__init__(owner)
        self._owner = owner
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does

    @override
    def feed_data(self, data: "bytes | bytearray | memoryview[int] | array[int]") -> None:
        """Parse the next part of the connection.

        Raises:
            httptools.HttpParserUpgrade: the request is to be taken over by the WebSocket protocol.
            httptools.HttpParserError: this is not HTTP.
        """
        parser, rest = self, memoryview(data)
        while True:
            try:
                super(RequestParser, parser).feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                if not parser.is_ignored_upgrade():
                    raise
                rest = rest[upgrade.args[0] :]
                head = parser.head_without_upgrade()
                parser = self._owner.parser = RequestParser(self._owner)
                super(RequestParser, parser).feed_data(head)
            else:
                return

    def is_ignored_upgrade(self) -> bool:
        """Return whether the head that was just read offers an upgrade that is not taken.

        A WebSocket's handshake is a GET of HTTP/1.1 without a body (RFC 6455, 4.1). It can't take over a
        connection on which an earlier request is not answered yet.
        """
        if not self.should_upgrade() or self.get_method() == b"CONNECT":
            return False
        headers = self._owner.headers
        offered = [
            (name, value.lower().strip()) for name, value in headers if name in (b"upgrade", b"connection")
        ]
        has_body = any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" 0"))
            for name, value in headers
        )
        is_handshake = (
            self.get_method() == b"GET"
            and self.get_http_version() == "1.1"
            and (b"upgrade", b"websocket") in offered
            and len(offered) == len({name for name, _ in offered})
        )
        cycle = self._owner.cycle
        is_busy = cycle is not None and not cycle.response_complete
        return has_body or is_busy or not is_handshake

    def head_without_upgrade(self) -> bytes:
        """Return the head that was just read, without the offer."""
        version = self.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.get_method(), self._owner.url, version)]
        for name, value in self._owner.headers:
            if name == b"connection":
                options = [each for each in value.split(b",") if each.strip().lower() != b"upgrade"]
                if options:
                    lines.append(b"connection:" + b",".join(options))
            elif name != b"upgrade":
                lines.append(name + b": " + value)
        return b"\r\n".join(lines) + b"\r\n\r\n"
