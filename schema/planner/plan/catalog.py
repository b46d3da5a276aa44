"""The catalog: the source of each field and the table of each type, read once from the Strawberry schema."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import FromClause
from sqlmodel import SQLModel
from strawberry import Schema
from strawberry.types.base import StrawberryObjectDefinition

from schema.planner.sql.expressions import JsonText, RowExpression

if TYPE_CHECKING:
    from schema.planner.plan.planner import Selection


class Source(Protocol):
    """What answers a field: a column, a relation, an expression.

    The planner calls it once for each place of an operation that selects the field. ``row`` is what the
    object with this field is read from: the table of its type under an alias, a subquery, or ``NO_ROW`` in a
    root type. The result is an expression over ``row``, the field's value in JSON:
    ``to_json(account_1.name)::text``. A missing value must be the text ``null``: SQL's NULL would make the
    whole object NULL.
    """

    def __call__(self, selection: "Selection", row: FromClause, /) -> JsonText:
        """Return the field's value as JSON text."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a field of a filter compares: a value of the row.

    ``references`` is the model whose ids the value holds; None for values that are not ids.
    """

    value: RowExpression
    references: type[SQLModel] | None


@dataclass(frozen=True, slots=True)
class TableType:
    """An object type or interface that shows the rows of a table. ``prefix`` starts the ids of its objects.

    An interface has ``implementations``: object types by name, each with the condition on which a row is one.
    """

    type_name: str
    model: type[SQLModel]
    prefix: str
    implementations: Mapping[str, RowExpression]


class MissingSourceError(TypeError):
    """A field of a planned type has no source, so no statement could answer it."""

    def __init__(self, type_name: str, field_name: str) -> None:
        super().__init__(
            f"{type_name}.{field_name} has no source: declare it with column(), to_one(), connection() or"
            " another function of schema/planner/fields."
        )


@dataclass(frozen=True)
class Catalog:
    """The declarations of a schema, by the names of GraphQL types and then of their fields."""

    sources: Mapping[str, Mapping[str, Source]]
    tables: Mapping[str, TableType]
    comparisons: Mapping[str, Mapping[str, Comparison]]

    @classmethod
    def from_schema(cls, schema: Schema) -> "Catalog":
        """Read the declarations of a schema.

        Raises:
            MissingSourceError: a planned type has a field without a source.
        """
        definitions = [
            concrete.definition
            for concrete in schema.schema_converter.type_map.values()
            if isinstance(concrete.definition, StrawberryObjectDefinition)
        ]
        return cls(
            sources={
                each.name: _sources(schema, each)
                for each in definitions
                if getattr(each.origin, "is_planned", False)
            },
            tables={
                each.name: TableType(
                    each.name, each.origin.model, each.origin.prefix, _implementations(each, definitions)
                )
                for each in definitions
                if "model" in vars(each.origin)
            },
            comparisons={
                each.name: {
                    name: metadata["comparison"]
                    for name, metadata in _metadata(schema, each)
                    if "comparison" in metadata
                }
                for each in definitions
                if each.is_input
            },
        )

    def table(self, type_name: str) -> TableType:
        """Return the table that an object type shows, directly or as an implementation of an interface."""
        found = self.tables.get(type_name)
        return found or next(table for table in self.tables.values() if type_name in table.implementations)

    def implementations(self, type_name: str) -> Mapping[str, RowExpression]:
        """Return the implementations of a table's interface; an object type has none."""
        return self.tables[type_name].implementations if type_name in self.tables else {}

    def prefix(self, model: type[SQLModel]) -> str:
        """Return what the ids of a model's objects start with."""
        return next(table.prefix for table in self.tables.values() if table.model is model)


def _implementations(
    interface: StrawberryObjectDefinition, definitions: Iterable[StrawberryObjectDefinition]
) -> dict[str, RowExpression]:
    return {each.name: each.origin.row_condition for each in definitions if interface in each.interfaces}


def _sources(schema: Schema, definition: StrawberryObjectDefinition) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for name, metadata in _metadata(schema, definition):
        if "source" not in metadata:
            raise MissingSourceError(definition.name, name)
        sources[name] = metadata["source"]
    return sources


def _metadata(
    schema: Schema, definition: StrawberryObjectDefinition
) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Yield the GraphQL name and the metadata of each field."""
    for field in definition.fields:
        yield schema.config.name_converter.get_graphql_name(field), field.metadata
