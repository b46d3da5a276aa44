"""Queries of every root field with a full selection, by the ids of two organizations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import get_named_type, is_leaf_type

from db import models
from schema.planner.global_ids import encode_id
from tests.schema.support.client import Client, cached_schema
from tests.schema.support.full_selections import FullSelection, full_selections
from tests.schema.support.organization_data import OrganizationData

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RootQuery:
    """A document with one root field, and the variables of each execution."""

    text: str
    variables: list[Variables]

    @property
    def with_introspection(self) -> str:
        """The document with a field of introspection, which graphql-core has to execute."""
        return self.text.replace("{", "{ __schema { __typename }", 1)


class RootQueries:
    """Queries of every root field, by the ids of these organizations."""

    def __init__(self, *organizations: OrganizationData) -> None:
        self._organizations = organizations
        schema, tables = cached_schema().graphql, cached_schema().catalog.tables
        query: Any = schema.query_type
        objects = {name: each for name, each in query.fields.items() if not _is_leaf(each)}
        selections = full_selections(
            schema, [*map(schema.get_type, tables), *(each.type for each in objects.values())]
        )
        of_tables, of_fields = selections[: len(tables)], selections[len(tables) :]
        self.all = [
            *(self._of_node(table, each) for table, each in zip(tables, of_tables, strict=True)),
            *map(self._of_field, objects.items(), of_fields),
            *(RootQuery(f"{{ {name} }}", [{}]) for name in query.fields.keys() - objects.keys()),
            RootQuery("query($sent: String!) { quote(number: $sent) { id } }", self._numbers()),
        ]
        self.fields = {("Query", name) for name in query.fields}.union(
            *(each.fields() for each in selections)
        )

    async def answers(self, client: Client, *, by_core: bool = False) -> list[Any]:
        """Execute all of them and return the data."""
        found = []
        for query in self.all:
            text = query.with_introspection if by_core else query.text
            found += [await client.data(text, **variables) for variables in query.variables]
        for answer in found:
            answer.pop("__schema", None)
        return found

    def _of_node(self, table: str, selection: FullSelection) -> RootQuery:
        text = f"query($sent: ID!) {{ node(id: $sent) {{ ... on {table} {selection} }} }}"
        return RootQuery(text, [{"sent": id_} for id_ in self._ids(table)])

    def _of_field(self, named: tuple[str, Any], selection: FullSelection) -> RootQuery:
        name, field = named
        for argument, values in self._arguments(field).items():
            if argument in field.args:
                type_ = field.args[argument].type
                text = f"query($sent: {type_}) {{ {name}({argument}: $sent) {selection} }}"
                return RootQuery(text, [{"sent": value} for value in values])
        return RootQuery(f"{{ {name} {selection} }}", [{}])

    def _arguments(self, field: Any) -> dict[str, list[Any]]:
        tables = cached_schema().catalog.tables
        type_ = get_named_type(field.type).name
        groupings: Any = cached_schema().graphql.type_map["DealGrouping"]
        return {
            "first": [100],
            "id": self._ids(*([type_] if type_ in tables else tables)),
            "ids": [self._ids(*tables)],
            "groupBy": list(groupings.values),
        }

    def _ids(self, *tables: str) -> list[str]:
        shown = [cached_schema().catalog.tables[name] for name in tables]
        return [
            encode_id(table.prefix, each.ids(table.model)[0])
            for table in shown
            for each in self._organizations
        ]

    def _numbers(self) -> list[Variables]:
        return [
            {"sent": row["number"]} for each in self._organizations for row in each.rows[models.Quote][:9]
        ]


def _is_leaf(field: Any) -> bool:
    return is_leaf_type(get_named_type(field.type))
