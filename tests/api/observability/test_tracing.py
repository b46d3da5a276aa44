import logging
from typing import Any
from uuid import UUID

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import ASGIApp

from api.app import create_app
from api.observability.logs import add_request_fields, log_request
from api.observability.tracing.instrumentation import traced_components
from api.observability.tracing.setup import Components
from api.settings import TracingSettings
from db.audit.events import latest_position
from db.master_data.organizations import find_default_user
from tests.api.support.access import access_policy, http_client
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CLOSE = """mutation Close($id: ID!, $description: String) {
  closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}, description: $description}) { __typename }
}"""


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def app(builder: OrganizationBuilder, spans: InMemorySpanExporter) -> ASGIApp:
    components = components_with(spans)
    database = components.database(builder.database)
    executor = components.executor(cached_schema(), database)
    return components.app(
        create_app(executor, database, access_policy(builder.database), observers=[log_request])
    )


async def test_request_operation_transaction_and_statements_have_nested_spans(
    app: ASGIApp, spans: InMemorySpanExporter, builder: OrganizationBuilder
) -> None:
    opportunity = await builder.opportunity()
    await builder.quote(opportunity, state="ACTIVE")

    response = await close(app, opportunity, traceparent=f"00-{TRACE}-{PARENT}-01")

    assert tree(spans)[:4] == [
        "POST",
        "POST > mutation Close",
        "POST > mutation Close > transaction",
        "POST > mutation Close > transaction > SELECT opportunity",
    ]
    request, operation, *_ = finished(spans)
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert {f"{span.context.trace_id:032x}" for span in finished(spans)} == {TRACE}
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "url.path": "/graphql",
        "http.response.status_code": 200,
        "dealdesk.request_id": response.headers["x-request-id"],
    }
    assert dict(operation.attributes or {}) == {
        "graphql.operation.name": "Close",
        "graphql.operation.type": "mutation",
        "dealdesk.codes": ("ACTIVE_QUOTES",),
    }


async def test_no_span_contains_a_value(
    app: ASGIApp, spans: InMemorySpanExporter, builder: OrganizationBuilder
) -> None:
    opportunity = await builder.opportunity()

    await close(app, opportunity, description="swordfish")
    await close(app, opportunity, description="swordfish" * 1000)

    exported = "".join(span.to_json() for span in finished(spans))
    assert "INSERT opportunity_close" in exported
    assert "swordfish" not in exported
    assert str(opportunity) not in exported


async def test_the_trace_id_of_a_new_trace_is_logged(
    app: ASGIApp, spans: InMemorySpanExporter, builder: OrganizationBuilder, caplog: pytest.LogCaptureFixture
) -> None:
    request_filter = logging.Filter()
    request_filter.filter = add_request_fields  # type: ignore[method-assign]
    with caplog.filtering(request_filter), caplog.at_level(logging.INFO, "dealdesk.access"):
        await close(app, await builder.opportunity())

    [record] = caplog.records
    assert record.__dict__["trace_id"] == f"{finished(spans)[0].context.trace_id:032x}"


async def test_statements_of_background_jobs_have_no_spans(
    spans: InMemorySpanExporter, builder: OrganizationBuilder
) -> None:
    database = components_with(spans).database(builder.database)

    await latest_position(database)
    await database.write(find_default_user)

    assert finished(spans) == []


@pytest.mark.parametrize(
    ("variables", "enabled"),
    [
        ({}, False),
        ({"ENDPOINT": "http://collector:4318"}, True),
        ({"TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
    ],
)
def test_tracing_is_enabled_by_an_endpoint(
    variables: dict[str, str], enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ENDPOINT", "TRACES_ENDPOINT"):
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", variables.get(name, ""))

    assert TracingSettings().enabled is enabled
    for name, value in (("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert not TracingSettings().enabled


async def close(
    app: ASGIApp, opportunity: UUID, description: str | None = None, **headers: str
) -> httpx2.Response:
    variables = {"id": f"opp_{opportunity}", "description": description}
    async with http_client(app) as http:
        return await http.post("/graphql", json={"query": CLOSE, "variables": variables}, headers=headers)


def components_with(spans: InMemorySpanExporter) -> Components:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return traced_components(provider.get_tracer("tests"))


def finished(spans: InMemorySpanExporter) -> list[Any]:
    """Return the spans in the order of their start."""
    return sorted(spans.get_finished_spans(), key=lambda span: span.start_time or 0)


def tree(spans: InMemorySpanExporter) -> list[str]:
    """Return the name of each span after the names of its ancestors."""
    by_id = {span.context.span_id: span for span in finished(spans)}

    def path(span: Any) -> list[str]:
        parent = by_id.get(span.parent.span_id) if span.parent else None
        return [*(path(parent) if parent else []), span.name]

    return [" > ".join(path(span)) for span in finished(spans)]
