import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import strawberry
from graphql import GraphQLUnionType
from sqlalchemy import literal
from typing_extensions import override

from db.domain.errors import ActiveQuotes, BlockingQuote, Refusal, Unavailable
from db.domain.ids import new_id
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from schema.mutations.errors import (
    ERROR_TYPES,
    ActiveQuotesError,
    OperationError,
    error_payload,
)
from schema.mutations.payload import Payload
from schema.planner.fields.columns import computed
from schema.planner.plan.catalog import Catalog, MissingSourceError
from schema.types.node import planned_type
from tests.schema.conftest import Readable
from tests.schema.support.client import Client, Recorder, cached_schema

MASKED = "Something went wrong on our side. Tell us the request id."


def subclasses(class_: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in class_.__subclasses__():
        yield each
        yield from subclasses(each)


def results() -> list[GraphQLUnionType]:
    types = cached_schema().graphql.type_map.values()
    return [each for each in types if isinstance(each, GraphQLUnionType) and each.name.endswith("Result")]


def test_every_refusal_has_an_error_type() -> None:
    assert set(ERROR_TYPES) == set(subclasses(Refusal))


@pytest.mark.parametrize("result", results(), ids=str)
def test_the_last_member_of_every_result_is_operation_error(result: GraphQLUnionType) -> None:
    assert result.types[-1].name == "OperationError"


def test_a_refusal_whose_type_is_not_in_the_union_is_an_operation_error_with_its_code() -> None:
    blocking = BlockingQuote(new_id(), "QUO-1", 0, is_expired=False)
    refusal = ActiveQuotes(new_id(), [blocking])
    params = {
        "code": '"ACTIVE_QUOTES"',
        "message": '"1 active quote blocks closing: QUO-1 rev 0. Close it first, or send closeQuotes."',
        "path": '["input", "opportunityId"]',
    }
    assert error_payload(refusal, {"NotFoundError", "OperationError"}) == Payload(OperationError, params)
    own = {"opportunity_id": refusal.opportunity_id, "quote_ids": [blocking.id]}
    assert error_payload(refusal, {"ActiveQuotesError"}) == Payload(ActiveQuotesError, {**params, **own})


def test_a_field_without_a_source_stops_the_schema_from_building() -> None:
    @planned_type
    class Query:
        """A query type with a field that has no source."""

        answered: int = computed(lambda _: literal(1), "Answered by an expression.")
        forgotten: int = strawberry.field(description="Answered by nothing.")

    with pytest.raises(MissingSourceError) as error:
        Catalog.from_schema(strawberry.Schema(query=Query))
    assert str(error.value) == (
        "Query.forgotten has no source: declare it with column(), to_one(), connection() or"
        " another function of schema/planner/fields."
    )


class Broken(Recorder):
    """A database where every statement fails."""

    def __init__(self, inner: Database, error: Exception) -> None:
        super().__init__(inner)
        self.error = error

    @override
    async def json(self, statement: Statement, values: Mapping[str, Any]) -> bytes | None:
        raise self.error

    @override
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        raise self.error


READ = "{ viewer { user { name } } }"
READ_BY_GRAPHQL_CORE = "{ __typename __schema { __typename } viewer { user { name } } }"
WRITE = 'mutation { closeQuotes(input: {quotes: {ids: ["quo_01900001-0008-7000-8000-000000000000"]}}) { __typename } }'


@pytest.mark.parametrize(
    "query", [READ, READ_BY_GRAPHQL_CORE, WRITE], ids=["read", "read by graphql-core", "written"]
)
async def test_an_unexpected_error_is_logged_and_masked_with_the_request_id(
    readable: Readable, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Broken(readable.database, RuntimeError("the password is secret"))
    with caplog.at_level(logging.ERROR):
        body = await Client(broken, readable.ours.caller).execute(query, id="request-7")
    [error] = body["errors"]
    assert body["data"] is None
    assert error["message"] == MASKED
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "request-7"}
    assert "secret" not in str(body)
    [record] = caplog.records
    assert "request-7" in record.getMessage()
    assert "the password is secret" in str(record.exc_info and record.exc_info[1])


@pytest.mark.parametrize(
    "query", [READ, READ_BY_GRAPHQL_CORE, WRITE], ids=["read", "read by graphql-core", "written"]
)
async def test_an_unreachable_database_is_reported_as_unavailable(readable: Readable, query: str) -> None:
    broken = Broken(readable.database, Unavailable("The database can't be reached. Try again in a moment."))
    body = await Client(broken, readable.ours.caller).execute(query)
    [error] = body["errors"]
    assert body["data"] is None
    assert error["message"] == "The database can't be reached. Try again in a moment."
    assert error["extensions"] == {"code": "UNAVAILABLE", "retryAfter": 1}
