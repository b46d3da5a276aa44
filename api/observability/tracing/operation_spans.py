"""A span for each query and mutation, over HTTP and over sockets."""

from collections.abc import Sequence
from typing import Any

from opentelemetry.trace import Tracer
from typing_extensions import override

from schema.execution.executor import Executor, Request
from schema.execution.response import Response
from schema.request.operation import Operation


class TracedExecutor(Executor):
    """Runs operations, each within a span that has its name and its codes."""

    def __init__(self, tracer: Tracer, *parts: Any) -> None:
        super().__init__(*parts)
        self._tracer = tracer

    @override
    async def run_operation(self, request: Request, operation: Operation) -> Response:
        name, kind = operation.label
        attributes = {"graphql.operation.name": name, "graphql.operation.type": kind}
        with self._tracer.start_as_current_span(f"{kind} {name}", attributes=attributes) as span:
            answer = await super().run_operation(request, operation)
            refusals = {refused.code for refused in operation.refusals}
            codes: Sequence[str] = sorted(answer.codes | refusals)
            if codes:
                span.set_attribute("dealdesk.codes", codes)
            return answer
