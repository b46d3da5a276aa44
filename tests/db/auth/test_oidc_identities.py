import asyncio
from datetime import timedelta
from typing import Any

import pytest

from db.auth.oidc_identities import (
    AccessDenied,
    IdentityNotFound,
    OidcUser,
    list_identities,
    resolve_user,
    unlink_user,
)
from db.domain.caller import Role
from db.master_data.organizations import UserRef
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder

ISSUER = "https://login.example"


async def test_a_new_user_is_created_once_and_audited(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)

    first = await find(builder, subject="7", name="Bob Reyes", email="bob@example.com", email_verified=True)
    second = await find(builder, subject="7")

    _, bob = (await builder.dump())["app_user"]
    assert first == second == UserRef(builder.organization_id, bob.id)
    assert (bob.name, bob.email, bob.version, bob.created_at) == ("Bob Reyes", "bob@example.com", 1, NOW)
    assert [(row.action, row.subject_id, row.user_id) for row in (await builder.dump())["audit"]] == [
        ("USER_CREATED", bob.id, bob.id),
        ("USER_IDENTIFIED", bob.id, bob.id),
    ]


async def test_a_verified_address_links_the_subject_to_its_user_for_good(
    database: Database,
) -> None:
    builder = await OrganizationBuilder.create(database)
    ada = UserRef(builder.organization_id, builder.user_id)

    assert await find(builder, subject="7", email="ADA@example.com", email_verified=True) == ada
    assert await find(builder, subject="7", email="changed@example.com", email_verified=False) == ada
    assert [row.name for row in (await builder.dump())["app_user"]] == ["Ada Quill"]


async def test_concurrent_first_logins_create_one_user(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)

    found = await asyncio.gather(*(find(builder, subject="7", email="bob@example.com") for _ in range(8)))

    assert len(set(found)) == 1
    assert len((await builder.dump())["app_user"]) == 2


async def test_an_organization_is_found_by_name_or_id(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)

    for text in ("Northwind Works", str(builder.organization_id), f"org_{builder.organization_id}"):
        user = await resolve_user(
            database, text, oidc_user(email="ada@example.com", email_verified=True), now=NOW
        )
        assert user == UserRef(builder.organization_id, builder.user_id)


async def test_subjects_are_separate_by_issuer_and_organization(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)

    found = [
        await find(builder, subject="7", email="b@example.com"),
        await find(builder, subject="7", email="c@example.com", issuer="https://other.example"),
        await find(others, subject="7", email="b@example.com"),
    ]

    assert len({user.user_id for user in found}) == 3
    assert [user.organization_id for user in found] == [builder.organization_id] * 2 + [
        others.organization_id
    ]


@pytest.mark.parametrize(
    ("organization", "columns", "message"),
    [
        ("Elsewhere", {}, "No organization"),
        (None, {}, "no e-mail address"),
        (None, {"email": "ada"}, "no e-mail address"),
        (None, {"email": "@", "email_verified": True}, "no e-mail address"),
        (None, {"email": "x@y ", "email_verified": True}, "no e-mail address"),
        (None, {"email": "x@y@z", "email_verified": True}, "no e-mail address"),
        (None, {"email": "@example.com", "email_verified": True}, "no e-mail address"),
        (None, {"email": "bob@", "email_verified": True}, "no e-mail address"),
        (None, {"email": "bob@example.com\n", "email_verified": True}, "no e-mail address"),
        (None, {"email": "usr_7@no-address.invalid", "email_verified": True}, "no e-mail address"),
        (None, {"email": "\u212aim@example.com", "email_verified": True}, "no e-mail address"),
        (None, {"email": "a" * 200 + "@example.com"}, "no e-mail address"),
        (None, {"email": "ada@example.com"}, "doesn't say that it is verified"),
        (None, {"email": "ada@example.com", "email_verified": False}, "doesn't say that it is verified"),
        (None, {"email": "bob@example.com", "email_verified": False}, "not verified"),
        (None, {"email": "eve@example.com", "email_verified": True}, "has another subject"),
    ],
)
async def test_every_other_user_is_denied_and_nothing_changes(
    organization: str | None, columns: dict[str, Any], message: str, sqlite: Database
) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    await find(builder, subject="6", email="eve@example.com", email_verified=True)
    before = await builder.dump()

    with pytest.raises(AccessDenied, match=message):
        await resolve_user(
            sqlite, organization or str(builder.organization_id), oidc_user(**columns), now=NOW
        )

    assert await builder.dump() == before


async def test_an_ambiguous_organization_is_refused(sqlite: Database) -> None:
    await OrganizationBuilder.create(sqlite)
    await OrganizationBuilder.create(sqlite)

    with pytest.raises(AccessDenied, match="More than one organization"):
        await resolve_user(sqlite, "Northwind Works", oidc_user(email="b@example.com"), now=NOW)


async def test_an_address_without_email_verified_is_not_reserved(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    first = await find(builder, subject="6", name="Eve", email="bob@example.com")

    owner = await find(builder, subject="7", name="Bob Reyes", email="bob@example.com", email_verified=True)

    _, eve, bob = (await builder.dump())["app_user"]
    assert (first.user_id, eve.name, eve.email) == (eve.id, "Eve", f"usr_{eve.id}@no-address.invalid")
    assert (owner.user_id, bob.name, bob.email) == (bob.id, "Bob Reyes", "bob@example.com")


async def test_an_address_is_compared_by_ascii_case_only(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    for number, email in enumerate(("\u212aim@example.com", "KIM@example.com")):
        user = builder.user(email=email, created_at=NOW + timedelta(seconds=number))
        await builder.insert(user)

    found = await find(builder, subject="7", email="kim@Example.com", email_verified=True)

    assert found.user_id == user.id


@pytest.mark.parametrize("form", ["{{{}}}", "urn:uuid:{}", "org_{{{}}}"])
async def test_an_organization_id_has_one_form(form: str, sqlite: Database) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    wide = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))
    before = await builder.dump()

    for text in (form.format(builder.organization_id), str(builder.organization_id).translate(wide)):
        with pytest.raises(AccessDenied, match="No organization"):
            await resolve_user(sqlite, text, oidc_user(email="b@example.com"), now=NOW)

    assert await builder.dump() == before


async def test_an_unlinked_user_is_linked_by_the_next_verified_address(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    ada = UserRef(builder.organization_id, builder.user_id)
    for issuer in (ISSUER, "https://other.example"):
        await find(builder, subject="wrong", email="ada@example.com", email_verified=True, issuer=issuer)
    with pytest.raises(AccessDenied, match="has another subject"):
        await find(builder, subject="7", email="ada@example.com", email_verified=True)

    async with database.transaction() as transaction:
        unlinked = await unlink_user(transaction, ada, ada, now=NOW)

    assert {row.subject for row in unlinked} == {"wrong"}
    assert [row.action for row in (await builder.dump())["audit"]][-2:] == ["USER_UNLINKED"] * 2
    assert await find(builder, subject="7", email="ada@example.com", email_verified=True) == ada
    async with database.transaction() as transaction:
        [identity] = await list_identities(transaction, builder.organization_id)
    assert identity == (ISSUER, "7", builder.user_id, "Ada Quill", "ada@example.com")


async def test_a_user_without_an_identity_is_not_unlinked(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    await find(others, subject="7", email="ada@example.com", email_verified=True)
    ada = UserRef(builder.organization_id, builder.user_id)
    before = await builder.dump()

    with pytest.raises(IdentityNotFound):
        async with database.transaction() as transaction:
            await unlink_user(transaction, ada, ada, now=NOW)

    assert await builder.dump() == before


def oidc_user(**columns: Any) -> OidcUser:
    return OidcUser(**{"issuer": ISSUER, "subject": "7", "role": Role.SALES, **columns})


async def find(builder: OrganizationBuilder, **columns: Any) -> UserRef:
    return await resolve_user(builder.database, str(builder.organization_id), oidc_user(**columns), now=NOW)
