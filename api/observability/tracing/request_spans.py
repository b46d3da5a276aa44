"""A span for each HTTP request, which continues the client's trace if there is one."""

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Tracer, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PROPAGATOR = TraceContextTextMapPropagator()


class TracedApp:
    """Middleware that opens a span for each HTTP request and sets ``scope["trace_id"]``."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. A WebSocket gets no span, because it may stay open for days."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._tracer.start_as_current_span(
            scope["method"],
            _client_context(scope),
            SpanKind.SERVER,
            {"http.request.method": scope["method"], "url.path": scope["path"]},
        ) as span:
            scope["trace_id"] = format_trace_id(span.get_span_context().trace_id)

            async def send_and_record_status(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await self._app(scope, receive, send_and_record_status)
            span.set_attribute("dealdesk.request_id", scope["request_id"])


def _client_context(scope: Scope) -> Context:
    headers = dict(scope["headers"])
    carrier = {
        name: headers[name.encode()].decode("latin-1")
        for name in ("traceparent", "tracestate")
        if name.encode() in headers
    }
    return _PROPAGATOR.extract(carrier)
