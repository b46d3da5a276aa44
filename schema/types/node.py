"""Decorators that tie a GraphQL type to its table, and the types that all others use: Node and Money."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import strawberry
from sqlmodel import SQLModel
from typing_extensions import dataclass_transform

from schema.planner.fields.columns import Computed, global_id
from schema.planner.plan.declarations import planned_field
from schema.planner.sql.expressions import RowExpression

T = TypeVar("T", bound=type[Any])


@dataclass_transform(kw_only_default=True)
def planned_type(cls: T) -> T:
    """Make a class a GraphQL type whose fields all declare their source; its docstring is the description.

    Where it is read from depends on the field that shows it: such a type has no table of its own.
    """
    cls.is_planned = True
    return strawberry.type(cls, description=cls.__doc__)


@dataclass_transform(kw_only_default=True)
def table_type(model: type[SQLModel], prefix: str) -> Callable[[T], T]:
    """Make a class the GraphQL type of a table.

    ``prefix`` starts the ids of its objects; clients store them, so it must never change.
    """

    def decorate(cls: T) -> T:
        cls.model, cls.prefix = model, prefix
        return planned_type(cls)

    return decorate


@dataclass_transform(kw_only_default=True)
def table_interface(model: type[SQLModel], prefix: str) -> Callable[[T], T]:
    """Make a class the GraphQL interface of a table whose rows are objects of several types."""

    def decorate(cls: T) -> T:
        cls.model, cls.prefix = model, prefix
        return strawberry.interface(cls, description=cls.__doc__)

    return decorate


@dataclass_transform(kw_only_default=True)
def implementing_type(row_condition: RowExpression) -> Callable[[T], T]:
    """Make a class the GraphQL type of those rows of its interface's table that meet a condition."""

    def decorate(cls: T) -> T:
        cls.row_condition = row_condition
        return planned_type(cls)

    return decorate


@strawberry.interface(description="An object with a global id, by which `node` and `nodes` return it.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = planned_field(global_id, "The global id. It is opaque and never changes.")


@planned_type
class Money:
    """An exact amount in one currency."""

    amount: Decimal = planned_field(
        Computed(lambda row: row.amount), "The amount, always with two decimal places."
    )
    currency_code: str = planned_field(Computed(lambda row: row.currency_code), "The currency (ISO 4217).")
