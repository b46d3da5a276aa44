import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, delete, insert, update

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit
from db.audit.seals import GENESIS_HASH, SEAL_PAGE_SIZE, seal_entries
from db.audit.verification import VERIFY_PAGE_SIZE, Head, InvalidHead, VerificationResult, verify_seals
from db.domain.enums import OpportunityState
from db.domain.ids import new_id
from db.opportunities.close import CloseOpportunity, close_opportunity
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of
from tests.builders import NOW, OrganizationBuilder

_audit = table_of(models.Audit).c
_seal = table_of(models.AuditSeal).c
_unsealed = table_of(models.UnsealedAudit).c


def on_row(construct: Any) -> Statement:
    return Statement(construct.where(_audit.id == bindparam("audit_id")))


DELETE_ENTRY = on_row(delete(models.Audit))
FORGERIES: dict[str, Any] = {
    "details": {"details": '{"name":[null,"Forged"]}'},
    "action": {"action": AuditAction.QUOTE_WON},
    "time": {"at": NOW - timedelta(microseconds=1)},
    "subject": {"subject_id": UUID(int=1)},
}


async def test_entries_are_sealed_once_in_the_chain_of_their_organization(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    first, second = await committed_entry(builder), await committed_entry(builder)
    theirs = await committed_entry(others)

    assert await seal_entries(database) == 3
    assert await seal_entries(database) == 0

    dump = await builder.dump()
    assert [(row.organization_id, row.sequence, row.audit_id) for row in dump["audit_seal"]] == [
        (builder.organization_id, 1, first),
        (builder.organization_id, 2, second),
        (others.organization_id, 1, theirs),
    ]
    assert dump["unsealed_audit"] == []
    assert [(each.sealed, each.unsealed, each.error) for each in await results(database)] == [
        (2, 0, None),
        (1, 0, None),
    ]


async def test_unsealed_entries_are_counted(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    assert await only_result(builder) == VerificationResult(
        "Northwind Works", 0, 0, Head(builder.organization_id, 0, GENESIS_HASH)
    )
    await committed_entry(builder)
    await seal_entries(database)
    await committed_entry(builder)
    await committed_entry(builder)

    result = await only_result(builder)

    assert (result.sealed, result.unsealed, result.error) == (1, 2, None)


async def test_an_entry_written_for_one_organization_is_sealed(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    closing = CloseOpportunity(opportunity_id=await builder.opportunity(), outcome=OpportunityState.WON)
    await database.for_organization(builder.organization_id).write(
        lambda transaction: close_opportunity(transaction, builder.caller, closing)
    )

    assert await seal_entries(database) == 1


async def test_an_entry_committed_late_is_sealed_late(postgresql: Database) -> None:
    builder = await OrganizationBuilder.create(postgresql)
    async with postgresql.transaction() as late:
        early = await write_entry(late, builder)
        quick = await committed_entry(builder)
        assert await seal_entries(postgresql) == 1
    assert await seal_entries(postgresql) == 1

    assert [row.audit_id for row in (await builder.dump())["audit_seal"]] == [quick, early]
    assert (await only_result(builder)).error is None


async def test_concurrent_programs_seal_each_entry_once(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    rows = {await committed_entry(builder) for _ in range(20)}

    counts = await asyncio.gather(*(seal_entries(database) for _ in range(4)))

    assert sum(counts) == len(rows)
    assert {row.audit_id for row in (await builder.dump())["audit_seal"]} == rows
    assert (await only_result(builder)).error is None


async def test_more_entries_than_a_page_are_sealed_and_verified(sqlite: Database) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    entries = [new_entry() for _ in range(SEAL_PAGE_SIZE + 1)]
    async with sqlite.transaction() as transaction:
        await append_audit(transaction, builder.caller, entries)

    assert await seal_entries(sqlite) == SEAL_PAGE_SIZE + 1
    assert (await only_result(builder)).sealed == SEAL_PAGE_SIZE + 1


async def test_a_changed_entry_beyond_the_first_page_is_reported(sqlite: Database) -> None:
    builder = await OrganizationBuilder.create(sqlite)
    entries = [new_entry() for _ in range(VERIFY_PAGE_SIZE + 2)]
    async with sqlite.transaction() as transaction:
        await append_audit(transaction, builder.caller, entries)
    await seal_entries(sqlite)
    result = await only_result(builder)
    assert (result.sealed, result.unsealed, result.error) == (VERIFY_PAGE_SIZE + 2, 0, None)
    row = (await builder.dump())["audit_seal"][-1].audit_id
    await tamper(sqlite, on_row(update(models.Audit).values(FORGERIES["details"])), audit_id=row)

    result = await only_result(builder)

    assert result.sealed == VERIFY_PAGE_SIZE + 1
    assert result.error is not None
    assert result.error.startswith(f"Entry his_{row} (")
    assert result.error.endswith(f"or its seal {VERIFY_PAGE_SIZE + 2} was changed.")


@pytest.mark.parametrize("what", FORGERIES)
async def test_a_changed_entry_is_reported(what: str, database: Database) -> None:
    builder, row = await sealed(database)
    await tamper(database, on_row(update(models.Audit).values(FORGERIES[what])), audit_id=row)

    result = await only_result(builder)

    assert result.sealed == 1
    assert result.error is not None
    assert result.error.startswith(f"Entry his_{row} (")
    assert result.error.endswith("or its seal 2 was changed.")


async def test_a_removed_entry_is_reported(database: Database) -> None:
    builder, row = await sealed(database)
    await tamper(database, DELETE_ENTRY, audit_id=row)

    assert (await only_result(builder)).error == f"Entry his_{row} was removed; it was sealed as number 2."


async def test_an_entry_removed_with_its_seal_is_reported(database: Database) -> None:
    builder, row = await sealed(database)
    await tamper(database, DELETE_ENTRY, audit_id=row)
    await tamper(
        database, Statement(delete(models.AuditSeal).where(_seal.audit_id == bindparam("id"))), id=row
    )

    assert (await only_result(builder)).error == "Seal 2 is missing."


async def test_an_entry_removed_before_it_was_sealed_is_reported(database: Database) -> None:
    builder, _ = await sealed(database)
    row = await committed_entry(builder)
    await tamper(database, DELETE_ENTRY, audit_id=row)

    assert (await only_result(builder)).error == f"Entry his_{row} was removed before it was sealed."


async def test_an_entry_inserted_without_being_queued_is_reported(database: Database) -> None:
    builder, _ = await sealed(database)
    row = await committed_entry(builder)
    await tamper(
        database, Statement(delete(models.UnsealedAudit).where(_unsealed.audit_id == bindparam("id"))), id=row
    )

    entry = f"Entry his_{row} (ACCOUNT_UPDATED, 2026-11-23 12:00 UTC)"
    assert (await only_result(builder)).error == f"{entry} was inserted without being queued for sealing."


async def test_a_replaced_seal_breaks_the_chain(database: Database) -> None:
    builder, row = await sealed(database)
    forged = update(models.AuditSeal).values(hash="f" * 64)
    await tamper(database, Statement(forged.where(_seal.audit_id == bindparam("id"))), id=row)

    error = (await only_result(builder)).error

    assert error is not None
    assert error.endswith("or its seal 2 was changed.")


async def test_a_rebuilt_chain_lacks_the_earlier_head(database: Database) -> None:
    builder, row = await sealed(database)
    head = (await only_result(builder)).head
    old_head = Head(None, head.sequence, head.hash)
    assert await found_heads(database, head, old_head) == {head, old_head}
    await tamper(database, on_row(update(models.Audit).values(FORGERIES["details"])), audit_id=row)
    await tamper(database, Statement(delete(models.AuditSeal)))
    again = insert(models.UnsealedAudit).from_select(
        ["organization_id", "audit_id"],
        table_of(models.Audit).select().with_only_columns(*list(_audit)[:2]),
    )
    await tamper(database, Statement(again))
    await seal_entries(database)

    assert (await only_result(builder)).error is None
    assert await found_heads(database, head, old_head) == set()


async def test_a_head_is_found_in_its_own_chain_only(database: Database) -> None:
    builder, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    for each in (builder, builder, builder, others):
        await committed_entry(each)
    await seal_entries(database)
    head, theirs = [result.head for result in await results(database)]
    decoy = update(models.AuditSeal).values(sequence=head.sequence, hash=head.hash)
    await tamper(
        database,
        Statement(
            decoy.where(_seal.organization_id == bindparam("organization", type_=_seal.organization_id.type))
        ),
        organization=others.organization_id,
    )
    last = delete(models.AuditSeal).where(_seal.sequence == 3, _seal.organization_id == bindparam("own"))
    await tamper(database, Statement(last), own=builder.organization_id)

    assert await found_heads(database, head, theirs, Head(None, head.sequence, head.hash)) == set()


async def test_a_head_after_a_changed_entry_is_not_found(sqlite: Database) -> None:
    builder, row = await sealed(sqlite)
    head = (await only_result(builder)).head
    await tamper(sqlite, on_row(update(models.Audit).values(FORGERIES["details"])), audit_id=row)

    assert await found_heads(sqlite, head) == set()
    assert await found_heads(sqlite, (await only_result(builder)).head) != set()


async def test_the_head_of_an_empty_organization_is_found_for_good(database: Database) -> None:
    builder = await OrganizationBuilder.create(database)
    head, old_head = (await only_result(builder)).head, Head(None, 0, GENESIS_HASH)
    elsewhere = Head(UUID(int=1), 0, GENESIS_HASH)
    assert await found_heads(database, head, old_head, elsewhere) == {head, old_head}
    await committed_entry(builder)
    await seal_entries(database)

    assert await found_heads(database, head, old_head, elsewhere) == {head, old_head}


def test_a_head_is_written_as_it_is_read() -> None:
    text = f"org_{UUID(int=1)}-12-{'a' * 64}"

    assert Head.parse(text) == Head(UUID(int=1), 12, "a" * 64)
    assert str(Head.parse(text)) == text
    assert str(Head.parse(f"12-{'a' * 64}")) == f"12-{'a' * 64}"
    wide = "\uff11"
    nonsense = [
        "",
        "3",
        "3-",
        "-1-a",
        "x-y",
        f"{2**63}-{GENESIS_HASH}",
        f"{wide}-{GENESIS_HASH}",
        f"{text}\n",
    ]
    for each in [*nonsense, f"01-{GENESIS_HASH}", f"12-{'A' * 64}", f"org_1-12-{GENESIS_HASH}"]:
        with pytest.raises(InvalidHead):
            Head.parse(each)


async def sealed(database: Database) -> tuple[OrganizationBuilder, UUID]:
    """Return an organization with three sealed entries, and the id of the second one."""
    builder = await OrganizationBuilder.create(database)
    rows = [await committed_entry(builder) for _ in range(3)]
    await seal_entries(database)
    return builder, rows[1]


async def committed_entry(builder: OrganizationBuilder) -> UUID:
    async with builder.database.transaction() as transaction:
        return await write_entry(transaction, builder)


async def write_entry(transaction: Transaction, builder: OrganizationBuilder) -> UUID:
    entry = new_entry()
    await append_audit(transaction, builder.caller, [entry])
    rows = await transaction.rows(_FIND_BY_SUBJECT, subject_id=entry.subject_id)
    return UUID(str(rows[0].id))


def new_entry() -> AuditEntry:
    return AuditEntry(AuditAction.ACCOUNT_UPDATED, new_id(), None, {"name": ("Grey", "Harbour")})


async def results(database: Database) -> list[VerificationResult]:
    return [result async for result in verify_seals(database)]


async def found_heads(database: Database, *heads: Head) -> set[Head]:
    found = [result.found_heads async for result in verify_seals(database, heads)]
    return set().union(*found)


async def only_result(builder: OrganizationBuilder) -> VerificationResult:
    [result] = await results(builder.database)
    return result


async def tamper(database: Database, statement: Statement, **values: Any) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(statement, **values)


_FIND_BY_SUBJECT = Statement(
    table_of(models.Audit).select().where(_audit.subject_id == bindparam("subject_id"))
)
