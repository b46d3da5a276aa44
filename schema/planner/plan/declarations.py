"""Declarations of fields, arguments and columns in the classes that Strawberry makes types of."""

from collections.abc import Sequence
from typing import Any, get_args

import strawberry
from sqlalchemy.orm import QueryableAttribute
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from schema.planner.plan.catalog import Source
from schema.planner.sql.expressions import RowExpression

FieldDeclaration = Any
"""What declares a field of a Strawberry class. It is Any, like the result of ``strawberry.field``, because
the attribute is annotated with the field's GraphQL type."""


def planned_field(
    source: Source, description: str, arguments: Sequence[StrawberryArgument] = ()
) -> FieldDeclaration:
    """Declare a field that a source answers."""
    field = strawberry.field(description=description, metadata={"source": source})
    field.arguments = list(arguments)
    return field


def argument(name: str, type_: object, description: str, default: object = None) -> StrawberryArgument:
    """Declare an argument of a planned field. It is required unless it has a default or its type has None."""
    is_required = default is None and type(None) not in get_args(type_)
    return StrawberryArgument(
        python_name=name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(type_),
        default=strawberry.UNSET if is_required else default,
        description=description,
    )


def column_name(attribute: object) -> str:
    """Return the name of the column of an attribute of a model, such as ``models.Quote.name``.

    SQLModel types the attribute as its value, a ``str``; so the type checker takes any object here.
    """
    if not isinstance(attribute, QueryableAttribute):
        raise TypeError(f"{attribute!r} is no attribute of a model.")
    return attribute.key


def column_of(attribute: object) -> RowExpression:
    """Return the function that takes the attribute's column from a row."""
    name = column_name(attribute)
    return lambda row: row[name]
