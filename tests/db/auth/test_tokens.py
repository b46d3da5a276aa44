import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import bindparam, update

from db import models
from db.auth.tokens import (
    MAX_TOKEN_NAME_LENGTH,
    CreateToken,
    InvalidTokenName,
    TokenNotFound,
    any_token_is_valid,
    create_token,
    find_token,
    list_tokens,
    looks_like_token,
    revoke_token,
)
from db.auth.user_lookup import UserNotFound, find_organization, find_user
from db.domain.caller import Role
from db.domain.errors import DealdeskError
from db.master_data.organizations import UserRef
from db.sql.database import Database
from db.sql.statements import Statement
from db.sql.tables import table_of
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder

A_DAY = timedelta(days=1)

_organization = table_of(models.Organization).c
_RENAME = Statement(
    update(models.Organization)
    .where(_organization.id == bindparam("organization_id"))
    .values(name=bindparam("name"), created_at=bindparam("at", type_=_organization.created_at.type))
)


async def test_only_the_hash_of_a_token_is_stored(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)

    token = await create(builder, "ci", role=Role.SALES, expires_at=NOW + A_DAY)

    [row] = await list_tokens(database, builder.organization_id)
    assert re.fullmatch(r"dealdesk_[\w-]{43}", token)
    assert looks_like_token(token)
    assert (row.name, row.role, row.user_id, row.user_name) == ("ci", "SALES", builder.user_id, "Ada Quill")
    assert (row.created_at, row.expires_at, row.revoked_at) == (NOW, NOW + A_DAY, None)
    assert row.digest == sha256(token.encode()).hexdigest()
    assert token.removeprefix("dealdesk_") not in str(await builder.dump())


async def test_all_tokens_differ(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)

    assert len({await create(builder, f"token {number}") for number in range(20)}) == 20


async def test_a_token_is_found_by_its_hash(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    token = await create(builder, "ci")
    await create(others, "ci")

    row = await find_token(database, sha256(token.encode()).hexdigest())

    assert row is not None
    assert row.organization_id == builder.organization_id
    assert await find_token(database, token) is None


@pytest.mark.parametrize(
    "name", ["", "  ", "a" * (MAX_TOKEN_NAME_LENGTH + 1), "a\nb", "a\0b", "a\u202eb", "\u200b", "\u200d"]
)
async def test_an_unprintable_empty_or_long_name_is_refused(name: str, sqlite: Database) -> None:
    await expect_refusal(await OrganizationBuilder.create(sqlite), InvalidTokenName, name)


async def test_a_name_can_be_reused_once_its_token_is_revoked(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    await create(builder, "ci")
    await create(others, "ci")
    await expect_refusal(builder, InvalidTokenName, " ci ")

    await revoke(builder, "ci")
    await create(builder, "ci")

    assert [(row.name, row.revoked_at) for row in await list_tokens(database, builder.organization_id)] == [
        ("ci", NOW),
        ("ci", None),
    ]
    assert [row.revoked_at for row in await list_tokens(database, others.organization_id)] == [None]


@pytest.mark.parametrize("name", ["unknown", "revoked", "theirs"])
async def test_only_an_unrevoked_token_of_the_organization_can_be_revoked(
    name: str, database: Database
) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    await create(others, "theirs")
    await create(builder, "revoked")
    await revoke(builder, "revoked")
    before = await builder.dump()

    with pytest.raises(TokenNotFound):
        await revoke(builder, name)

    assert await builder.dump() == before


async def test_a_token_is_valid_until_it_expires_or_is_revoked(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    assert not await any_token_is_valid(database, NOW)
    await create(builder, "expired", expires_at=NOW)
    assert not await any_token_is_valid(database, NOW)
    await create(builder, "ci", expires_at=NOW + A_DAY)
    assert await any_token_is_valid(database, NOW)
    await revoke(builder, "ci")
    assert not await any_token_is_valid(database, NOW)


async def test_a_user_is_found_by_organization_and_by_address_or_name(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    await rename(builder, "Harbour Works")
    bob = models.User(
        organization_id=builder.organization_id,
        id=builder.competitor_id,
        name="Bob Reyes",
        email="Bob@example.com",
        created_at=NOW,
    )
    await builder.insert(bob)
    ada, theirs = (
        UserRef(builder.organization_id, builder.user_id),
        UserRef(others.organization_id, others.user_id),
    )
    found = UserRef(builder.organization_id, bob.id)

    async with database.transaction() as transaction:
        assert await find_organization(transaction, None) == builder.organization_id
    assert await find(database, None, "Ada Quill") == ada
    assert await find(database, "Harbour Works", "bob@EXAMPLE.com") == found
    assert await find(database, "Harbour Works", "Bob Reyes") == found
    assert await find(database, "Northwind Works", "ada@example.com") == theirs


async def test_a_missing_or_ambiguous_user_is_refused(database: Database) -> None:
    with pytest.raises(UserNotFound, match="holds no organization"):
        await find(database, None, "Ada Quill")
    builder = await OrganizationBuilder.create(database)
    with pytest.raises(UserNotFound, match="No organization with a user is called 'Elsewhere'"):
        await find(database, "Elsewhere", "Ada Quill")
    with pytest.raises(UserNotFound, match="No user of the organization has"):
        await find(database, None, "Bob")
    await builder.insert(
        models.User(
            organization_id=builder.organization_id,
            id=builder.competitor_id,
            name="Ada Quill",
            email="a.quill@example.com",
            created_at=NOW,
        )
    )
    await builder.insert(builder.user(name="ada@example.com", email="eve@example.com"))
    await builder.insert(builder.user(name="mail@example.com", email="\u212aim@example.com"))
    for user in ("mail@example.com", "kim@example.com"):
        with pytest.raises(UserNotFound, match="No user of the organization has"):
            await find(database, None, user)
    assert (await find(database, None, "ADA@example.com")).user_id == builder.user_id
    with pytest.raises(UserNotFound, match="More than one user"):
        await find(database, None, "Ada Quill")
    await OrganizationBuilder.create(database)
    with pytest.raises(UserNotFound, match="More than one organization"):
        await find(database, "Northwind Works", "Ada Quill")


async def create(builder: OrganizationBuilder, name: str, **columns: Any) -> str:
    user = UserRef(builder.organization_id, builder.user_id)
    command = CreateToken(**{"user": user, "role": Role.READER, "name": name, **columns})
    async with builder.database.transaction() as transaction:
        return await create_token(transaction, command, now=NOW)


async def revoke(builder: OrganizationBuilder, name: str) -> None:
    async with builder.database.transaction() as transaction:
        await revoke_token(transaction, builder.organization_id, name, now=NOW)


async def expect_refusal(builder: OrganizationBuilder, error: type[DealdeskError], name: str) -> None:
    before = await builder.dump()
    with pytest.raises(error):
        await create(builder, name)
    assert await builder.dump() == before


async def rename(builder: OrganizationBuilder, name: str) -> None:
    """Rename the organization and make it the oldest one."""
    async with builder.database.transaction() as transaction:
        await transaction.execute(
            _RENAME, organization_id=builder.organization_id, name=name, at=A_MONTH_AGO - A_DAY
        )


async def find(database: Database, organization: str | None, user: str) -> UserRef:
    async with database.transaction() as transaction:
        return await find_user(transaction, await find_organization(transaction, organization), user)
