"""What every object type shares: the Node interface, money, and how a type is tied to its table."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import strawberry
from typing_extensions import dataclass_transform

from schema.planner.fields.columns import Computed, Identifier, planned_field
from schema.planner.sql.expressions import SqlExpression

T = TypeVar("T", bound=type[Any])


@dataclass_transform(kw_only_default=True)
def table_type(model: Any, prefix: str) -> Callable[[T], T]:
    """Make a class the GraphQL type of a table; every field of it declares what answers it.

    ``prefix`` starts the ids of its objects and never changes.
    """

    def decorate(cls: T) -> T:
        cls.model, cls.prefix = model, prefix
        return planned_type(cls)

    return decorate


@dataclass_transform(kw_only_default=True)
def table_interface(model: Any, prefix: str) -> Callable[[T], T]:
    """Make a class the GraphQL interface of a table whose rows show as objects of several types."""

    def decorate(cls: T) -> T:
        cls.model, cls.prefix = model, prefix
        return strawberry.interface(cls, description=cls.__doc__)

    return decorate


@dataclass_transform(kw_only_default=True)
def implementing_type(shows: Callable[[Any], SqlExpression]) -> Callable[[T], T]:
    """Make a class the GraphQL type as which those rows of its interface's table show that ``shows`` says."""

    def decorate(cls: T) -> T:
        cls.shows = shows
        return planned_type(cls)

    return decorate


@dataclass_transform(kw_only_default=True)
def planned_type(cls: T) -> T:
    """Make a class a GraphQL type whose fields all declare what answers them."""
    cls.planned = True
    return strawberry.type(cls, description=cls.__doc__)


@strawberry.interface(description="Anything with an id of its own; `node` and `nodes` find it again.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = planned_field(Identifier(), "Opaque; a type's prefix and a UUIDv7. Never changes.")


@planned_type
class Money:
    """An exact amount in one currency."""

    amount: Decimal = planned_field(Computed(lambda row: row.amount), "The amount, always with two places.")
    currency_code: str = planned_field(Computed(lambda row: row.currency_code), "The currency, ISO 4217.")
