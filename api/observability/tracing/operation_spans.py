"""A span for each query and mutation, over HTTP and over WebSockets."""

from typing import Any

from opentelemetry.trace import Tracer
from typing_extensions import override

from schema.execution.executor import Executor, Request
from schema.execution.response import Response
from schema.request.operation import Operation


class TracedExecutor(Executor):
    """Executes each operation in a span with its name, type and error codes."""

    def __init__(self, tracer: Tracer, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._tracer = tracer

    @override
    async def run_operation(self, request: Request, operation: Operation) -> Response:
        name, kind = operation.label
        attributes = {"graphql.operation.name": name, "graphql.operation.type": kind}
        with self._tracer.start_as_current_span(f"{kind} {name}", attributes=attributes) as span:
            response = await super().run_operation(request, operation)
            codes = response.codes | {refusal.code for refusal in operation.refusals}
            if codes:
                span.set_attribute("dealdesk.codes", sorted(codes))
            return response
