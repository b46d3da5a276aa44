import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, delete, insert, update

from db import models
from db.audit.log import AuditAction, AuditEntry, append_audit
from db.audit.seals import GENESIS_HASH, SEAL_PAGE_SIZE, seal_entries
from db.audit.verification import VERIFY_PAGE_SIZE as VERIFIED_PAGE
from db.audit.verification import VerificationResult, has_seal, verify_seals
from db.domain.enums import OpportunityState
from db.domain.ids import new_id
from db.opportunities.close import CloseOpportunity, close_opportunity
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of
from tests.builders import NOW, OrganizationBuilder

_audit = table_of(models.Audit).c
_seal = table_of(models.AuditSeal).c
_waiting = table_of(models.UnsealedAudit).c


def on_row(construct: Any) -> Statement:
    return Statement(construct.where(_audit.id == bindparam("audit_id")))


REMOVE = on_row(delete(models.Audit))
CHANGES: dict[str, Any] = {
    "details": {"details": '{"name":[null,"Forged"]}'},
    "action": {"action": AuditAction.QUOTE_WON},
    "time": {"at": NOW - timedelta(microseconds=1)},
    "subject": {"subject_id": UUID(int=1)},
}


async def test_rows_are_sealed_once_in_a_chain_of_their_organization(database: Database) -> None:
    deals, others = await OrganizationBuilder.create(database), await OrganizationBuilder.create(database)
    first, second = await written(deals), await written(deals)
    theirs = await written(others)

    assert await seal_entries(database) == 3
    assert await seal_entries(database) == 0

    dump = await deals.dump()
    assert [(row.organization_id, row.sequence, row.audit_id) for row in dump["audit_seal"]] == [
        (deals.organization_id, 1, first),
        (deals.organization_id, 2, second),
        (others.organization_id, 1, theirs),
    ]
    assert dump["unsealed_audit"] == []
    assert [(each.sealed, each.unsealed, each.error) for each in await verdicts(database)] == [
        (2, 0, None),
        (1, 0, None),
    ]


async def test_what_is_not_sealed_yet_is_counted(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    assert await only_verdict(deals) == VerificationResult("Northwind Works", 0, 0, f"0-{GENESIS_HASH}")
    await written(deals)
    await seal_entries(database)
    await written(deals)
    await written(deals)

    verdict = await only_verdict(deals)

    assert (verdict.sealed, verdict.unsealed, verdict.error) == (1, 2, None)


async def test_a_mutation_is_sealed_whoever_writes_it(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    closing = CloseOpportunity(opportunity_id=await deals.opportunity(), outcome=OpportunityState.WON)
    await database.for_organization(deals.organization_id).write(
        lambda transaction: close_opportunity(transaction, deals.caller, closing)
    )

    assert await seal_entries(database) == 1


async def test_a_row_that_is_committed_late_is_sealed_then(postgresql: Database) -> None:
    deals = await OrganizationBuilder.create(postgresql)
    async with postgresql.transaction() as late:
        early = await write(late, deals)
        quick = await written(deals)
        assert await seal_entries(postgresql) == 1
    assert await seal_entries(postgresql) == 1

    assert [row.audit_id for row in (await deals.dump())["audit_seal"]] == [quick, early]
    assert (await only_verdict(deals)).error is None


async def test_programs_that_seal_at_the_same_time_seal_each_row_once(database: Database) -> None:
    deals = await OrganizationBuilder.create(database)
    rows = {await written(deals) for _ in range(20)}

    counts = await asyncio.gather(*(seal_entries(database) for _ in range(4)))

    assert sum(counts) == len(rows)
    assert {row.audit_id for row in (await deals.dump())["audit_seal"]} == rows
    assert (await only_verdict(deals)).error is None


async def test_more_rows_than_a_page_are_sealed_and_verified(sqlite: Database) -> None:
    deals = await OrganizationBuilder.create(sqlite)
    changes = [change() for _ in range(SEAL_PAGE_SIZE + 1)]
    async with sqlite.transaction() as transaction:
        await append_audit(transaction, deals.caller, changes)

    assert await seal_entries(sqlite) == SEAL_PAGE_SIZE + 1
    assert (await only_verdict(deals)).sealed == SEAL_PAGE_SIZE + 1


async def test_a_row_that_was_changed_behind_a_full_page_of_seals_is_found(sqlite: Database) -> None:
    deals = await OrganizationBuilder.create(sqlite)
    changes = [change() for _ in range(VERIFIED_PAGE + 2)]
    async with sqlite.transaction() as transaction:
        await append_audit(transaction, deals.caller, changes)
    await seal_entries(sqlite)
    verdict = await only_verdict(deals)
    assert (verdict.sealed, verdict.unsealed, verdict.error) == (VERIFIED_PAGE + 2, 0, None)
    row = (await deals.dump())["audit_seal"][-1].audit_id
    await tamper(sqlite, on_row(update(models.Audit).values(CHANGES["details"])), audit_id=row)

    verdict = await only_verdict(deals)

    assert verdict.sealed == VERIFIED_PAGE + 1
    assert verdict.error is not None
    assert verdict.error.startswith(f"Entry his_{row} (")
    assert verdict.error.endswith(f"or its seal {VERIFIED_PAGE + 2} was changed.")


@pytest.mark.parametrize("what", CHANGES)
async def test_a_row_that_was_changed_is_named(what: str, database: Database) -> None:
    deals, row = await sealed(database)
    await tamper(database, on_row(update(models.Audit).values(CHANGES[what])), audit_id=row)

    verdict = await only_verdict(deals)

    assert verdict.sealed == 1
    assert verdict.error is not None
    assert verdict.error.startswith(f"Entry his_{row} (")
    assert verdict.error.endswith("or its seal 2 was changed.")


async def test_a_row_that_was_removed_is_named(database: Database) -> None:
    deals, row = await sealed(database)
    await tamper(database, REMOVE, audit_id=row)

    assert (await only_verdict(deals)).error == f"Entry his_{row} was removed; it was sealed as number 2."


async def test_a_row_that_was_removed_with_its_seal_is_missed(database: Database) -> None:
    deals, row = await sealed(database)
    await tamper(database, REMOVE, audit_id=row)
    await tamper(
        database, Statement(delete(models.AuditSeal).where(_seal.audit_id == bindparam("id"))), id=row
    )

    assert (await only_verdict(deals)).error == "Seal 2 is gone."


async def test_a_row_that_was_removed_before_it_was_sealed_is_named(database: Database) -> None:
    deals, _ = await sealed(database)
    row = await written(deals)
    await tamper(database, REMOVE, audit_id=row)

    assert (await only_verdict(deals)).error == f"Entry his_{row} was removed before it was sealed."


async def test_a_row_that_was_slipped_in_is_named(database: Database) -> None:
    deals, _ = await sealed(database)
    row = await written(deals)
    await tamper(
        database, Statement(delete(models.UnsealedAudit).where(_waiting.audit_id == bindparam("id"))), id=row
    )

    fault = (await only_verdict(deals)).error

    assert fault == f"Entry his_{row} (ACCOUNT_UPDATED, 2026-11-23 12:00 UTC) was slipped in."


async def test_a_seal_that_was_put_in_place_of_another_breaks_the_chain(database: Database) -> None:
    deals, row = await sealed(database)
    forged = update(models.AuditSeal).values(hash="f" * 64)
    await tamper(database, Statement(forged.where(_seal.audit_id == bindparam("id"))), id=row)

    fault = (await only_verdict(deals)).error

    assert fault is not None
    assert fault.endswith("or its seal 2 was changed.")


async def test_a_chain_that_was_made_anew_lacks_the_head_that_was_kept(database: Database) -> None:
    deals, row = await sealed(database)
    head = (await only_verdict(deals)).head
    assert await has_seal(database, head)
    await tamper(database, on_row(update(models.Audit).values(CHANGES["details"])), audit_id=row)
    await tamper(database, Statement(delete(models.AuditSeal)))
    again = insert(models.UnsealedAudit).from_select(
        ["organization_id", "audit_id"],
        table_of(models.Audit).select().with_only_columns(*list(_audit)[:2]),
    )
    await tamper(database, Statement(again))
    await seal_entries(database)

    assert (await only_verdict(deals)).error is None
    assert not await has_seal(database, head)
    for nonsense in ("", "3", "3-", "-1-a", "x-y", f"{2**63}-{GENESIS_HASH}"):
        assert not await has_seal(database, nonsense)


async def sealed(database: Database) -> tuple[OrganizationBuilder, UUID]:
    """Return an organization with three sealed rows, and the second of them."""
    deals = await OrganizationBuilder.create(database)
    rows = [await written(deals) for _ in range(3)]
    await seal_entries(database)
    return deals, rows[1]


async def written(deals: OrganizationBuilder) -> UUID:
    async with deals.database.transaction() as transaction:
        return await write(transaction, deals)


async def write(transaction: Transaction, deals: OrganizationBuilder) -> UUID:
    one = change()
    await append_audit(transaction, deals.caller, [one])
    rows = await transaction.rows(_OF_SUBJECT, subject_id=one.subject_id)
    return UUID(str(rows[0].id))


def change() -> AuditEntry:
    return AuditEntry(AuditAction.ACCOUNT_UPDATED, new_id(), None, {"name": ("Grey", "Harbour")})


async def verdicts(database: Database) -> list[VerificationResult]:
    return [verdict async for verdict in verify_seals(database)]


async def only_verdict(deals: OrganizationBuilder) -> VerificationResult:
    [verdict] = await verdicts(deals.database)
    return verdict


async def tamper(database: Database, statement: Statement, **values: Any) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(statement, **values)


_OF_SUBJECT = Statement(table_of(models.Audit).select().where(_audit.subject_id == bindparam("subject_id")))
