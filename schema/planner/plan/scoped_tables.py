"""Tables restricted to the caller's organization: the only place where planned statements get tables from."""

from functools import lru_cache

from sqlalchemy import FromClause
from sqlmodel import SQLModel

from db import models
from db.sql.tables import table_of
from schema.planner.plan.parameters import ORGANIZATION_ID
from schema.planner.plan.planner import Planner
from schema.planner.sql.expressions import Condition

_MAX_ALIASES = 512
"""Cached aliases. Creating one takes longer than planning what is read from it."""


def scoped_table(model: type[SQLModel]) -> tuple[FromClause, Condition]:
    """Return the table of a model under a new alias, and ``alias.organization_id = :organization``.

    A select from the alias must have the condition in its WHERE.
    """
    row = table_of(model).alias()
    key = row.c.id if model is models.Organization else row.c.organization_id
    return row, key == ORGANIZATION_ID


def scoped_table_of_type(planner: Planner, type_name: str) -> tuple[FromClause, Condition]:
    """Return the same for the table of a GraphQL type, under an alias that is new to this plan."""
    model = planner.catalog.tables[type_name].model
    return _numbered(model, planner.next_alias_number(model))


@lru_cache(_MAX_ALIASES)
def _numbered(model: type[SQLModel], _number: int) -> tuple[FromClause, Condition]:
    return scoped_table(model)
