"""Fields that a row itself answers: columns, expressions over them, money, ids and nested objects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import strawberry
from graphql import GraphQLScalarType, get_nullable_type, is_non_null_type
from sqlalchemy import Text, bindparam, case, cast
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from schema.planner.plan.catalog import Source
from schema.planner.plan.planner import Selection
from schema.planner.sql.expressions import JsonText, SqlExpression, json_or_null, json_value, string_literal

RowExpression = Callable[[Any], SqlExpression]
"""From the columns of a row to a value."""


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression over the row's columns."""

    expression: RowExpression

    def __call__(self, selection: Selection, row: Any) -> JsonText:
        """Return the value as its scalar is written; SQL's NULL becomes JSON's null."""
        type_ = selection.field.type
        is_string = isinstance(get_nullable_type(type_), GraphQLScalarType)
        text = json_value(self.expression(row.c), is_string=is_string)
        return text if is_non_null_type(type_) else json_or_null(text)


@dataclass(frozen=True, slots=True)
class Identifier:
    """The global id of a row."""

    def __call__(self, selection: Selection, row: Any) -> JsonText:
        """Return the id with its type's prefix."""
        prefix = selection.planner.catalog.table(selection.parent).prefix
        return JsonText([f'"{prefix}_', cast(row.c.id, Text), '"'])


@dataclass(frozen=True, slots=True)
class Inline:
    """An object that shows the same row: ``sources`` stand in for those that its type declares.

    Where ``absent`` says so for a row, the whole object is null.
    """

    sources: Mapping[str, Source] | None = None
    absent: RowExpression | None = None

    def __call__(self, selection: Selection, row: Any) -> JsonText:
        """Return the object."""
        text = selection.object(row, sources=self.sources)
        if self.absent is None:
            return text
        return JsonText([case((self.absent(row.c), string_literal("null")), else_=text)])


@dataclass(frozen=True, slots=True)
class Param:
    """A value that the server brings itself, as JSON text, such as an error's message."""

    name: str

    def __call__(self, _selection: Selection, _row: Any) -> JsonText:
        """Return the value as it was brought."""
        return JsonText([bindparam(self.name, type_=Text())])


def column(attribute: Any, description: str) -> Any:
    """Declare a field that shows a column."""
    return computed(lambda row: row[attribute.key], description)


def computed(expression: RowExpression, description: str) -> Any:
    """Declare a field that shows an expression over its row's columns."""
    return planned_field(Computed(expression), description)


def money(amount: RowExpression, description: str, *, optional: bool = False) -> Any:
    """Declare a ``Money`` field in the row's currency; ``optional`` ones are null where the amount is."""
    sources = {"amount": Computed(amount), "currencyCode": Computed(lambda row: row.currency_code)}
    absent: RowExpression | None = (lambda row: amount(row).is_(None)) if optional else None
    return planned_field(Inline(sources, absent), description)


def inline(description: str) -> Any:
    """Declare a nested object over the same row."""
    return planned_field(Inline(), description)


def param(name: str, description: str) -> Any:
    """Declare a field whose value the server brings under ``name``."""
    return planned_field(Param(name), description)


def planned_field(source: Source, description: str, arguments: list[Any] | None = None) -> Any:
    """Declare a field that ``source`` answers."""
    field = strawberry.field(description=description, metadata={"source": source})
    field.arguments = arguments or []
    return field


def argument(name: str, type_: Any, description: str, default: Any = None) -> StrawberryArgument:
    """Declare an argument of a sourced field; a type without None makes it required."""
    required = default is None and type(None) not in get_args(type_)
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(type_),
        default=strawberry.UNSET if required else default,
        description=description,
    )
