# ruff: noqa: S608 - the statements are put together from this module's own texts
"""Row-level security on PostgreSQL: one organization sees and changes no row of another."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.sql.base import Executable
from sqlmodel import SQLModel, col

from db import models
from db.connect import open_database
from db.domain.enums import QuoteState
from db.domain.errors import Unavailable
from db.domain.ids import new_id
from db.master_data.organizations import find_default_user
from db.migrations.runner import is_current, migrate
from db.postgres.database import PostgresDatabase
from db.quotes.win import WinQuote, win_quote
from db.sample_data.loader import load_sample_data
from db.sql.database import ConcurrentWrite, Database
from db.sql.statements import Statement, insert_statement
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import close, run_operation
from tests.postgres import PostgresServer, postgres_server

HIDDEN = ("api_token", "identity", "audit_seal", "unsealed_audit")
"""Tables that callers can't read."""

VISIBLE = [table for table in SQLModel.metadata.sorted_tables if table.name not in HIDDEN]
APPEND_ONLY = ("audit", "event", "quote_close", "project_contract", "project_contract_line")
"""Tables whose rows callers can't change."""

NAMES = Statement(select(col(models.Organization.name)))


@pytest.fixture
async def tenants(postgresql: Database) -> list[OrganizationBuilder]:
    """Two organizations with rows in every visible table."""
    tenants = [await OrganizationBuilder.create(postgresql) for _ in range(2)]
    for builder in tenants:
        opportunity_id = await builder.opportunity()
        won = await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
        await run_operation(builder, win_quote, WinQuote(quote_id=won, idempotency_key="monday"))
        await close(builder, opportunity_id)
        await builder.insert(models.QuoteNumbering(organization_id=builder.organization_id, last_number=1000))
    return tenants


def own_database(builder: OrganizationBuilder) -> Database:
    return builder.database.for_organization(builder.organization_id)


async def execute(database: Database, statement: Executable) -> int:
    return await database.write(lambda transaction: transaction.execute(Statement(statement)))


async def test_an_organization_sees_its_own_rows_alone(
    tenants: list[OrganizationBuilder],
) -> None:
    for table in VISIBLE:
        every = await tenants[0].database.rows(Statement(select(table)))
        for builder in tenants:
            seen = await own_database(builder).rows(Statement(select(table)))
            assert seen == [row for row in every if builder.organization_id in row]
            assert 0 < len(seen) < len(every)


async def test_no_row_of_another_organization_can_be_changed_or_deleted(
    tenants: list[OrganizationBuilder],
) -> None:
    ours, theirs = tenants
    before = await ours.dump()
    foreign = f"WHERE organization_id = '{theirs.organization_id}'"
    for table in ("account", "opportunity", "quote", "quote_line"):
        assert await execute(own_database(ours), text(f"UPDATE {table} SET name = 'Ours now' {foreign}")) == 0
    for table in ("quote", "quote_line"):
        assert await execute(own_database(ours), text(f"DELETE FROM {table} {foreign}")) == 0
    assert await ours.dump() == before


async def test_no_row_can_be_inserted_for_another_organization(tenants: list[OrganizationBuilder]) -> None:
    ours, theirs = tenants
    before = await ours.dump()
    for model in (models.Account, models.Competitor):
        row = model(organization_id=theirs.organization_id, id=new_id(), name="Ours", created_at=NOW)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await own_database(ours).write(
                lambda it, row=row: it.execute(insert_statement(type(row)), **row.model_dump())  # type: ignore[misc]
            )
    assert await ours.dump() == before


async def test_no_row_can_be_moved_to_another_organization(tenants: list[OrganizationBuilder]) -> None:
    ours, theirs = tenants
    before = await ours.dump()
    giving = update(models.Competitor).values(organization_id=theirs.organization_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(own_database(ours), giving)
    giving = update(models.Account).values(organization_id=theirs.organization_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await execute(own_database(ours), giving)
    assert await ours.dump() == before


async def test_append_only_tables_can_not_be_changed(tenants: list[OrganizationBuilder]) -> None:
    ours, _ = tenants
    before = await ours.dump()
    for table in APPEND_ONLY:
        for act_on in ("UPDATE {} SET organization_id = organization_id", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await execute(own_database(ours), text(act_on.format(table)))
    assert await ours.dump() == before


async def test_tokens_identities_and_seals_are_hidden(tenants: list[OrganizationBuilder]) -> None:
    for table in HIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await own_database(tenants[0]).rows(Statement(text(f"SELECT 1 FROM {table}")))


async def test_a_user_of_another_organization_can_not_be_the_owner(
    tenants: list[OrganizationBuilder],
) -> None:
    ours, theirs = tenants
    before = await ours.dump()
    giving = Statement(update(models.Opportunity).values(owner_id=theirs.user_id))
    with pytest.raises(ConcurrentWrite) as lost:
        async with own_database(ours).transaction() as transaction:
            await transaction.execute(giving)
    assert "opportunity_owner" in str(lost.value.__cause__)
    assert await ours.dump() == before


async def test_a_connection_without_an_organization_sees_nothing(postgresql_url: str) -> None:
    connection = await asyncpg.connect(postgresql_url)
    await connection.execute("SET ROLE dealdesk_caller")
    with pytest.raises(asyncpg.UndefinedObjectError, match=r"dealdesk\.organization_id"):
        await connection.fetch("SELECT * FROM organization")
    await connection.close()


@contextmanager
def database_of(server: PostgresServer, user: str, *options: str) -> Iterator[str]:
    """Yield the URL of an empty database for its owner, who is no superuser."""
    server.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'secret' {' '.join(options)}")
    with server.database(f"of_{user}"):
        server.execute(f"ALTER DATABASE of_{user} OWNER TO {user}")
        yield f"postgresql://{user}:secret@127.0.0.1:{server.port}/of_{user}"


async def check_row_security_of_the_sample(url: str) -> None:
    database = await open_database(url)
    try:
        await load_sample_data(database, now=NOW)
        every = await database.rows(NAMES)
        served = await database.write(find_default_user)
        assert served is not None
        assert len(every) == 2
        assert await database.for_organization(served.organization_id).rows(NAMES) == every[:1]
    finally:
        await database.close()


async def test_a_user_who_may_create_roles_needs_no_administrator() -> None:
    with postgres_server() as server:
        with database_of(server, "renter") as url:
            told = 'run "CREATE ROLE dealdesk_caller NOLOGIN; GRANT dealdesk_caller TO renter", then'
            with pytest.raises(Unavailable, match=told):
                await migrate(url)
        with database_of(server, "founder", "CREATEROLE") as url:
            await migrate(url)
            await check_row_security_of_the_sample(url)


@pytest.mark.usefixtures("postgresql_template")  # whose migration has made the role
async def test_a_user_without_the_role_learns_what_to_run(
    postgresql_server: PostgresServer,
) -> None:
    with database_of(postgresql_server, "renter") as url:
        with pytest.raises(Unavailable, match='run "GRANT dealdesk_caller TO renter", then'):
            await migrate(url)
        assert not await is_current(url)
        postgresql_server.execute("GRANT dealdesk_caller TO renter")
        await migrate(url)
        await check_row_security_of_the_sample(url)


async def test_a_user_who_can_not_take_the_role_learns_what_to_run(
    postgresql_server: PostgresServer, postgresql_url: str
) -> None:
    postgresql_server.execute("CREATE ROLE guest LOGIN PASSWORD 'secret'")
    guest = re.sub("//.*@", "//guest:secret@", postgresql_url)
    with pytest.raises(Unavailable, match="run: GRANT dealdesk_caller TO guest"):
        await open_database(guest)


async def test_one_connection_serves_several_organizations(
    postgresql_url: str, tenants: list[OrganizationBuilder]
) -> None:
    database = await PostgresDatabase.open(postgresql_url, connections=1)
    try:
        ours, theirs = (database.for_organization(builder.organization_id) for builder in tenants)
        for asked, number in ((ours, 1), (theirs, 1), (database, 2), (theirs, 1), (ours, 1), (database, 2)):
            assert len(await asked.rows(NAMES)) == number
    finally:
        await database.close()
