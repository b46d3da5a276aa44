"""What is prepared once, and what a user's new documents and database time take from the buckets."""

from typing import Any

import orjson
import pytest

from schema.execution.executor import Executor, Request
from schema.execution.prepare import DocumentPreparer
from schema.limits.settings import OperationLimits
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

SMALL = "{ opportunities { nodes { id } } }"
COSTLY = "{ accounts(first: 100) { nodes { opportunities(first: 100) { nodes { quotes(first: 100) { nodes { id } } } } } } }"
FILTERED = "query($filter: OpportunityFilter) { opportunities(filter: $filter) { nodes { id } } }"


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of documents that are prepared."""
    prepared = []
    prepare = DocumentPreparer.document

    def record(self: DocumentPreparer, query: str) -> Any:
        prepared.append(query)
        return prepare(self, query)

    monkeypatch.setattr(DocumentPreparer, "document", record)
    return prepared


async def codes(executor: Executor, builder: OrganizationBuilder, query: str, **variables: Any) -> list[str]:
    response = await executor.execute(Request(query, variables), builder.caller)
    return [error["extensions"]["code"] for error in orjson.loads(response.body).get("errors", [])]


async def test_a_document_is_prepared_once_if_it_is_executed(
    builder: OrganizationBuilder, prepared: list[str]
) -> None:
    executor = Executor(cached_schema(), builder.database)
    assert [await codes(executor, builder, SMALL) for _ in range(3)] == [[], [], []]
    assert prepared == [SMALL]


@pytest.mark.parametrize(
    ("query", "code"), [("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), (COSTLY, "TOO_COSTLY")]
)
async def test_a_refused_document_is_not_kept(
    query: str, code: str, builder: OrganizationBuilder, prepared: list[str]
) -> None:
    executor = Executor(cached_schema(), builder.database)
    assert [await codes(executor, builder, query) for _ in range(2)] == [[code], [code]]
    assert prepared == [query, query]


async def test_new_documents_are_charged_even_if_they_are_refused(
    builder: OrganizationBuilder, prepared: list[str]
) -> None:
    limits = OperationLimits(preparation_bucket=100, preparation_restores_per_second=1)
    executor = Executor(cached_schema(), builder.database, limits=limits)
    assert await codes(executor, builder, SMALL) == []  # 9 tokens, and more to plan it

    refused = [await codes(executor, builder, "{ nothing }") for _ in range(100)]

    assert [refused[0], refused[-1]] == [["GRAPHQL_VALIDATION_FAILED"], ["THROTTLED"]]
    assert len(prepared) < 20
    assert await codes(executor, builder, SMALL) == []


async def test_a_new_shape_of_variables_is_charged(builder: OrganizationBuilder) -> None:
    limits = OperationLimits(preparation_bucket=250, preparation_restores_per_second=1)
    executor = Executor(cached_schema(), builder.database, limits=limits)
    assert await codes(executor, builder, FILTERED, filter={}) == []
    assert await codes(executor, builder, FILTERED, filter={"name": {"eq": "a"}}) == []
    shapes: list[dict[str, Any]] = [{"or": [{"name": {"eq": "a"}}] * number} for number in range(2, 9)]

    answers = [await codes(executor, builder, FILTERED, filter=shape) for shape in shapes]

    assert answers[-1] == ["THROTTLED"]
    assert await codes(executor, builder, FILTERED, filter={"name": {"eq": "b"}}) == []


async def test_time_in_the_database_is_charged(builder: OrganizationBuilder) -> None:
    limits = OperationLimits(database_bucket=1e-9, database_restores_per_second=1e-6)
    executor = Executor(cached_schema(), builder.database, limits=limits)
    assert await codes(executor, builder, SMALL) == []
    assert await codes(executor, builder, SMALL) == ["THROTTLED"]
