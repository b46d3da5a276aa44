import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    graphql_sync,
    is_introspection_type,
    is_specified_scalar_type,
    lexicographic_sort_schema,
    print_schema,
    validate_schema,
)

import schema
from tests.schema.support.client import cached_schema

COMMITTED = Path(schema.__file__).parent / "schema.graphql"

INPUT_AFFIXES = ("Input", "Filter", "Order")
OUTPUT_AFFIXES = ("Success", "Error", "Connection", "Edge")


def test_the_committed_schema_is_up_to_date() -> None:
    assert COMMITTED.read_text() == cached_schema().sdl()


def test_the_committed_schema_is_valid_and_sorted() -> None:
    contract = build_schema(cached_schema().sdl())
    assert validate_schema(contract) == []
    assert print_schema(lexicographic_sort_schema(contract)) + "\n" == cached_schema().sdl()


def test_every_element_has_a_description() -> None:
    assert [name for name, part in parts(cached_schema().graphql) if not part.description] == []


def test_the_schema_has_a_description_that_names_what_there_is() -> None:
    result = graphql_sync(cached_schema().graphql, "{ __schema { description } }")
    assert result.data is not None
    description = result.data["__schema"]["description"]
    for topic in ("Where to begin", "Authentication", "Errors", "Paging"):
        assert f"**{topic}.**" in description
    fields = {name.rpartition(".")[2].rstrip(":)") for name, _ in parts(cached_schema().graphql)}
    arguments = {name.rpartition("(")[2].rstrip(":)") for name, _ in parts(cached_schema().graphql)}
    of_the_protocol = {
        *("Authorization: Bearer <token>", "Authorization", "connection_init"),
        *("errors", "extensions.code", "BAD_USER_INPUT"),
    }
    assert set(re.findall("`([^`]+)`", description)) <= fields | arguments | of_the_protocol


def test_every_list_names_its_default_order() -> None:
    described = {
        name: part.description for name, part in parts(cached_schema().graphql) if name.endswith("(orderBy:)")
    }
    assert len(described) >= 20
    assert [
        name for name, text in described.items() if not re.search("by default [A-Z_]+ (ASC|DESC)", text)
    ] == []
    assert "by default CREATED_AT DESC" in described["Query.opportunities(orderBy:)"]


def test_every_custom_scalar_names_its_specification() -> None:
    scalars = {each.name: each.specified_by_url for each in types(GraphQLScalarType)}
    assert scalars == {
        "Date": "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        "DateTime": "https://www.rfc-editor.org/rfc/rfc3339",
        "Decimal": "https://speleotrove.com/decimal/daconvs.html",
    }


def test_inputs_that_take_exactly_one_field_are_marked_one_of() -> None:
    declared = [
        each.name
        for each in types(GraphQLInputObjectType)
        if each.extensions["strawberry-definition"].is_one_of
    ]
    contract = build_schema(cached_schema().sdl())
    one_of = [name for name, each in contract.type_map.items() if getattr(each, "is_one_of", False)]
    assert one_of == sorted(declared)
    assert {"OpportunityOutcomeInput", "QuotesToCloseInput"} <= set(one_of)


def test_every_mutation_takes_one_input_and_returns_a_union_named_after_it() -> None:
    mutation: Any = cached_schema().graphql.mutation_type
    for name, field in mutation.fields.items():
        noun = name[0].upper() + name[1:]
        assert {each: str(sent.type) for each, sent in field.args.items()} == {"input": f"{noun}Input!"}
        assert str(field.type) == f"{noun}Result!"
        members = [member.name for member in field.type.of_type.types]
        assert members[0] == f"{noun}Success"
        assert members[-1] == "OperationError"
        assert all(member.endswith("Error") for member in members[1:])


def test_every_error_type_implements_user_error() -> None:
    schema_ = cached_schema().graphql
    errors = {each.name for each in types(GraphQLObjectType) if each.name.endswith("Error")}
    interface: Any = schema_.type_map["UserError"]
    assert errors == {each.name for each in schema_.get_possible_types(interface)}


def test_inputs_are_named_input_filter_or_order() -> None:
    assert [
        each.name for each in types(GraphQLInputObjectType) if not each.name.endswith(INPUT_AFFIXES)
    ] == []


def test_a_list_is_a_connection_of_edges_with_cursors_a_count_and_page_information() -> None:
    for connection in types(GraphQLObjectType):
        noun = connection.name.removesuffix("Connection")
        if noun != connection.name:
            fields = {name: str(field.type) for name, field in connection.fields.items()}
            assert fields == {
                "edges": f"[{noun}Edge!]!",
                "nodes": f"[{noun}!]!",
                "pageInfo": "PageInfo!",
                "totalCount": "Int!",
            }


def types(kind: Any) -> Iterator[Any]:
    for each in cached_schema().graphql.type_map.values():
        if isinstance(each, kind) and not is_introspection_type(each) and not is_specified_scalar_type(each):
            yield each


def parts(schema_: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    """Return every type, field, argument, input field and enum value."""
    for name, type_ in schema_.type_map.items():
        if is_introspection_type(type_):
            continue
        yield name, type_
        for inner, part in {**getattr(type_, "fields", {}), **getattr(type_, "values", {})}.items():
            yield f"{name}.{inner}", part
            for argument, sent in getattr(part, "args", {}).items():
                yield f"{name}.{inner}({argument}:)", sent
