"""Which table, column, relation or expression answers each field: read once from the Strawberry schema."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strawberry import Schema
from strawberry.types.base import StrawberryObjectDefinition

from schema.planner.sql.expressions import JsonText, SqlExpression

if TYPE_CHECKING:
    from schema.planner.plan.planner import Selection


Source = Callable[["Selection", Any], JsonText]
"""What answers one field: from what is asked of it and the row of its type's table to JSON text."""


@dataclass(frozen=True, slots=True)
class TableType:
    """A type that shows a table: ``prefix`` starts the ids of its objects.

    An interface has ``members``: its object types, each with whether a row shows as such.
    """

    type_name: str
    model: Any
    prefix: str
    members: Mapping[str, Callable[[Any], SqlExpression]]


class MissingSourceError(TypeError):
    """A field of a planned type has no source, so no statement could answer it."""

    def __init__(self, type_name: str, field_name: str) -> None:
        super().__init__(
            f"{type_name}.{field_name} has no source: declare it with column(), one(), many() or the like."
        )


@dataclass(frozen=True)
class Catalog:
    """The sources of every planned type's fields, and the tables behind the types."""

    sources: Mapping[str, Mapping[str, Source]]
    tables: Mapping[str, TableType]
    comparisons: Mapping[str, Mapping[str, Any]]

    @classmethod
    def from_schema(cls, schema: Schema) -> "Catalog":
        """Read the declarations of a schema.

        Raises:
            UnplannedFieldError: a planned type has a field without a source.
        """
        definitions = list(_definitions(schema))
        return cls(
            sources={
                each.name: _sources(schema, each)
                for each in definitions
                if getattr(each.origin, "planned", False)
            },
            tables={
                each.name: TableType(
                    each.name, each.origin.model, each.origin.prefix, _members(each, definitions)
                )
                for each in definitions
                if "model" in vars(each.origin)
            },
            comparisons={each.name: _comparisons(schema, each) for each in definitions if each.is_input},
        )

    def plans(self, type_name: str) -> bool:
        """Say whether the type's fields are answered by plans."""
        return type_name in self.sources

    def table(self, type_name: str) -> TableType:
        """Return the table that an object type shows, be it as a member of an interface."""
        found = self.tables.get(type_name)
        return found or next(table for table in self.tables.values() if type_name in table.members)

    def members(self, type_name: str) -> Mapping[str, Callable[[Any], SqlExpression]]:
        """Return the object types as which rows of an interface's table show; an object type has none."""
        return self.tables[type_name].members if type_name in self.tables else {}

    def prefix(self, model: Any) -> str:
        """Return what the ids of a table's objects start with."""
        return next(table.prefix for table in self.tables.values() if table.model is model)


def _definitions(schema: Schema) -> Iterator[StrawberryObjectDefinition]:
    for concrete in schema.schema_converter.type_map.values():
        if isinstance(concrete.definition, StrawberryObjectDefinition):
            yield concrete.definition


def _members(
    interface: StrawberryObjectDefinition, definitions: Iterable[StrawberryObjectDefinition]
) -> dict[str, Callable[[Any], SqlExpression]]:
    return {each.name: each.origin.shows for each in definitions if interface in each.interfaces}


def _sources(schema: Schema, definition: StrawberryObjectDefinition) -> dict[str, Source]:
    sources = {}
    for field in definition.fields:
        name = schema.config.name_converter.get_graphql_name(field)
        if "source" not in field.metadata:
            raise MissingSourceError(definition.name, name)
        sources[name] = field.metadata["source"]
    return sources


def _comparisons(schema: Schema, definition: StrawberryObjectDefinition) -> dict[str, Any]:
    names = schema.config.name_converter
    return {
        names.get_graphql_name(field): field.metadata["comparison"]
        for field in definition.fields
        if "comparison" in field.metadata
    }
