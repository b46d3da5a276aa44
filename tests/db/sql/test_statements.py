"""Statements and the types of their rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from db import models
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from tests.builders import A_MONTH_AGO, OrganizationBuilder

ORGANIZATIONS = select(col(models.Organization.id), col(models.Organization.created_at))


class OrganizationTuple(NamedTuple):
    id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrganizationRecord:
    id: UUID
    created_at: datetime


@pytest.mark.parametrize("row_type", [OrganizationTuple, OrganizationRecord])
async def test_rows_have_the_type_that_their_statement_declares(
    database: Database, row_type: type[OrganizationTuple] | type[OrganizationRecord]
) -> None:
    organization_id = (await OrganizationBuilder.create(database)).organization_id
    rows = await database.rows(Statement(ORGANIZATIONS, row_type))
    assert rows == [row_type(organization_id, A_MONTH_AGO)]


async def test_rows_of_a_statement_without_a_type_are_named_tuples(database: Database) -> None:
    organization_id = (await OrganizationBuilder.create(database)).organization_id
    [row] = await database.rows(Statement(ORGANIZATIONS))
    assert (row.id, row.created_at) == tuple(row) == (organization_id, A_MONTH_AGO)


class MissingColumn(NamedTuple):
    id: UUID


class OtherOrder(NamedTuple):
    created_at: datetime
    id: UUID


@pytest.mark.parametrize("row_type", [MissingColumn, OtherOrder, str])
def test_a_row_type_whose_fields_are_not_the_selected_columns_is_an_error(row_type: type) -> None:
    with pytest.raises(TypeError, match=r"its statement selects \['id', 'created_at'\]"):
        Statement(ORGANIZATIONS, row_type)


async def test_one_returns_the_only_row_and_fails_without_it(database: Database) -> None:
    async def work(transaction: Transaction) -> None:
        with pytest.raises(LookupError, match="returned 0 rows instead of one"):
            await transaction.one(Statement(ORGANIZATIONS))

    await database.write(work)
    organization_id = (await OrganizationBuilder.create(database)).organization_id
    async with database.transaction() as transaction:
        assert (await transaction.one(Statement(ORGANIZATIONS, OrganizationTuple))).id == organization_id
