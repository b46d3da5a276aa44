"""A span for each request over HTTP, in the trace that the client says it is part of."""

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Tracer, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PROPAGATOR = TraceContextTextMapPropagator()


class TracedApp:
    """Passes every request on, within a span; ``scope["trace_id"]`` is its trace."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; those over sockets have no span, as they may last for days."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        attributes = {"http.request.method": scope["method"], "url.path": scope["path"]}
        with self._tracer.start_as_current_span(
            scope["method"], _context(scope), SpanKind.SERVER, attributes
        ) as span:
            scope["trace_id"] = format_trace_id(span.get_span_context().trace_id)

            async def send_and_note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await self._app(scope, receive, send_and_note)
            span.set_attribute("dealdesk.request_id", scope["request_id"])


def _context(scope: Scope) -> Context:
    headers = dict(scope["headers"])
    names = ("traceparent", "tracestate")
    return _PROPAGATOR.extract(
        {name: headers[name.encode()].decode("latin-1") for name in names if name.encode() in headers}
    )
