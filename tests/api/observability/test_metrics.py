import socket
from contextlib import closing
from urllib.request import urlopen

import orjson
import pytest
from starlette.applications import Starlette

from api.app import create_app
from api.observability.metrics import MAX_OPERATION_NAMES, OTHER_OPERATIONS, Metrics, serve_metrics
from api.server.server import ServerStartError
from schema.execution.executor import Executor
from schema.execution.observer import Observation
from schema.request.document import OperationLabel
from tests.api.support.access import access_policy, http_client
from tests.api.support.asgi_connections import acknowledged_socket, open_stream
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema
from tests.schema.support.listener import wait_until

CLOSE = """mutation Close($id: ID!) {
  closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) { __typename }
}"""
LISTEN = "subscription Listen { opportunitiesChanged { kind } }"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def app(builder: OrganizationBuilder, metrics: Metrics) -> Starlette:
    executor = Executor(cached_schema(), builder.database, [metrics.count_operation])
    app = create_app(
        executor, builder.database, access_policy(builder.database), observers=[metrics.count_response]
    )
    metrics.registry.register(app.state.metrics_collector)
    return app


async def test_a_refusal_is_counted_by_its_mutation_and_code(
    app: Starlette, metrics: Metrics, builder: OrganizationBuilder
) -> None:
    opportunity = await builder.opportunity()
    await builder.quote(opportunity, state="ACTIVE")

    await post(app, CLOSE, id=f"opp_{opportunity}")
    await post(app, CLOSE, id=f"opp_{opportunity}")
    await post(app, "query Types { __typename }")
    await post(app, "{ nothing }")

    assert counted(metrics, "dealdesk_operations") == {
        ("Close", "mutation", "refused"): 2.0,
        ("Types", "query", "ok"): 1.0,
        ("", "", "failed"): 1.0,
    }
    assert counted(metrics, "dealdesk_refusals") == {("closeOpportunity", "ACTIVE_QUOTES"): 2.0}
    assert counted(metrics, "dealdesk_errors") == {("GRAPHQL_VALIDATION_FAILED",): 1.0}
    assert counted(metrics, "dealdesk_http_responses") == {("200",): 4.0}


async def test_durations_are_counted_in_buckets(metrics: Metrics) -> None:
    for seconds in (0.0004, 0.004, 4.0):
        metrics.count_operation(observed("Pipeline", seconds=seconds))

    labels = {"operation": "Pipeline", "kind": "query"}
    name = "dealdesk_operation_seconds"
    within = [
        metrics.registry.get_sample_value(f"{name}_bucket", {**labels, "le": le})
        for le in ("0.001", "0.005", "2.5", "5.0")
    ]
    assert within == [1.0, 2.0, 2.0, 3.0]
    assert metrics.registry.get_sample_value(f"{name}_sum", labels) == pytest.approx(4.0044)


async def test_names_that_clients_choose_are_bounded_and_trusted_names_are_kept() -> None:
    metrics = Metrics(["query Trusted { __typename } mutation Also { __typename }"])

    for number in range(MAX_OPERATION_NAMES + 3):
        metrics.count_operation(observed(f"Q{number}"))
    metrics.count_operation(observed("Trusted"))
    metrics.count_operation(observed("Q0"))

    counts = counted(metrics, "dealdesk_operations")
    assert len(counts) == MAX_OPERATION_NAMES + 2
    assert counts[OTHER_OPERATIONS, "query", "ok"] == 3.0
    assert counts["Trusted", "query", "ok"] == 1.0
    assert counts["Q0", "query", "ok"] == 2.0


async def test_open_sockets_streams_and_subscriptions_are_reported(app: Starlette, metrics: Metrics) -> None:
    def open_now() -> list[float | None]:
        names = ("sockets", "streams", "subscriptions")
        return [metrics.registry.get_sample_value(f"dealdesk_{name}") for name in names]

    async with (
        acknowledged_socket(app) as socket_client,
        open_stream(app, "POST", body=orjson.dumps({"query": LISTEN})),
    ):
        socket_client.subscribe("1", LISTEN)
        await wait_until(lambda: open_now() == [1.0, 1.0, 2.0])

    assert open_now() == [0.0, 0.0, 0.0]


async def test_running_operations_connections_and_retries_are_reported(
    app: Starlette, metrics: Metrics, builder: OrganizationBuilder
) -> None:
    await post(app, "{ opportunities { totalCount } }")
    builder.database.retry_counter.retries += 2

    assert counted(metrics, "dealdesk_admission") == {("running",): 0.0, ("waiting",): 0.0}
    assert counted(metrics, "dealdesk_database_connections") == {
        ("busy",): 0.0,
        ("idle",): 7.0,
        ("waiting",): 0.0,
    }
    assert counted(metrics, "dealdesk_transaction_retries") == {(): 2.0}


def test_metrics_are_served_in_the_text_format_of_prometheus(metrics: Metrics, free_port: int) -> None:
    metrics.count_operation(observed("Pipeline"))

    with (
        serve_metrics(metrics.registry, "127.0.0.1", free_port),
        urlopen(f"http://127.0.0.1:{free_port}/metrics", timeout=10) as response,
    ):
        text = response.read().decode()

    assert response.headers["content-type"].startswith("text/plain; version=")
    assert 'dealdesk_operations_total{kind="query",operation="Pipeline",outcome="ok"} 1.0\n' in text


def test_a_metrics_port_in_use_is_named(metrics: Metrics) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerStartError) as refusal, serve_metrics(metrics.registry, "127.0.0.1", port):
            pass

    assert str(refusal.value) == (
        f"Port {port} on 127.0.0.1 is already in use. Choose another with --metrics-port."
    )


@pytest.fixture
def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return int(probe.getsockname()[1])


def observed(name: str, *, seconds: float = 0.01) -> Observation:
    return Observation(None, OperationLabel(name, "query"), frozenset(), (), seconds)


def counted(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return the counters of that name by the values of their labels."""
    [family] = [family for family in metrics.registry.collect() if family.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


async def post(app: Starlette, query: str, **variables: str) -> None:
    async with http_client(app) as http:
        await http.post("/graphql", json={"query": query, "variables": variables})
