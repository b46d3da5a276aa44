import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from db import models
from db.domain.caller import Caller
from db.domain.enums import OpportunityState, QuoteCloseReason, QuoteState
from db.domain.errors import (
    ActiveQuotes,
    OpportunityAlreadyClosed,
    QuotesNotClosable,
    RuleViolation,
)
from db.domain.ids import new_id
from db.guards.idempotency import KEY_TTL, PURGE_BATCH_SIZE, IdempotentOperation, delete_expired_keys
from db.opportunities.close import CloseRemainingQuotes
from db.sql.database import Database
from tests.builders import A_MONTH_AGO, NOW, OrganizationBuilder
from tests.db.operations import activate, close, close_all, expect_refusal, only_row

KEY = "8f2c-monday"


@dataclass(frozen=True)
class Sent:
    idempotency_key: str


@pytest.fixture
async def deals(database: Database) -> OrganizationBuilder:
    return await OrganizationBuilder.create(database)


async def same_again(deals: OrganizationBuilder, act: Callable[[], Awaitable[Any]]) -> None:
    """Act twice: the second time answers the first outcome and changes nothing."""
    first = await act()
    before = await deals.dump()
    assert await act() == first
    assert await deals.dump() == before


async def test_closing_an_opportunity_again_with_its_key_answers_the_first_outcome(
    deals: OrganizationBuilder,
) -> None:
    opportunity_id = await deals.opportunity()
    await deals.quote(opportunity_id, state=QuoteState.ACTIVE)
    remaining = CloseRemainingQuotes(reason=QuoteCloseReason.LOST)
    await same_again(deals, lambda: close(deals, opportunity_id, close_quotes=remaining, idempotency_key=KEY))
    assert (await only_row(deals, "opportunity")).version == 2


async def test_closing_quotes_again_with_its_key_answers_the_first_outcome(
    deals: OrganizationBuilder,
) -> None:
    ids = (await deals.quote(await deals.opportunity(), state=QuoteState.ACTIVE), new_id())
    await same_again(deals, lambda: close_all(deals, ids=ids, close_others=True, idempotency_key=KEY))
    assert (await only_row(deals, "quote")).version == 2


async def test_activating_again_with_its_key_answers_the_first_outcome(deals: OrganizationBuilder) -> None:
    quote_id = await deals.quote(await deals.opportunity())
    await same_again(deals, lambda: activate(deals, quote_id, idempotency_key=KEY))
    assert (await only_row(deals, "quote")).version == 2


async def test_twelve_twins_have_one_effect_and_one_answer(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    answers = await asyncio.gather(*(close(deals, opportunity_id, idempotency_key=KEY) for _ in range(12)))
    assert len(set(answers)) == 1
    assert (await only_row(deals, "opportunity")).version == 2
    assert (await only_row(deals, "opportunity_close")).id == answers[0].opportunity_close_id
    assert (await only_row(deals, "event")).kind == "OPPORTUNITY_CLOSED"


async def test_without_a_key_nothing_is_remembered(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    await close(deals, opportunity_id)
    assert (await deals.dump())["idempotency"] == []
    await expect_refusal(deals, OpportunityAlreadyClosed, close(deals, opportunity_id))


async def test_a_key_is_refused_with_another_input(deals: OrganizationBuilder) -> None:
    first, second = await deals.opportunity(), await deals.opportunity()
    await close(deals, first, idempotency_key=KEY)
    for closing in (
        close(deals, second, idempotency_key=KEY),
        close(deals, first, OpportunityState.LOST, idempotency_key=KEY),
        close_all(deals, of_opportunity=first, idempotency_key=KEY),
        activate(deals, first, idempotency_key=KEY),
    ):
        refusal = await expect_refusal(deals, RuleViolation, closing)
        assert (refusal.code, refusal.path) == ("IDEMPOTENCY_KEY_REUSED", ("input", "idempotencyKey"))


async def test_a_key_is_refused_for_another_mutation_with_the_same_input(deals: OrganizationBuilder) -> None:
    sent = Sent(idempotency_key=KEY)

    async def act() -> Sent:
        return sent

    async def once(name: str) -> Sent:
        mutation = IdempotentOperation(name, Sent)
        return await deals.database.write(lambda it: mutation.run(it, deals.caller, sent, act))

    assert await once("closeDeal") == sent
    refusal = await expect_refusal(deals, RuleViolation, once("openDeal"))
    assert refusal.code == "IDEMPOTENCY_KEY_REUSED"


async def test_twins_with_different_inputs_have_one_effect(deals: OrganizationBuilder) -> None:
    opportunities = [await deals.opportunity() for _ in range(4)]
    answers = await asyncio.gather(
        *(close(deals, each, idempotency_key=KEY) for each in opportunities), return_exceptions=True
    )
    refusals = [answer.code for answer in answers if isinstance(answer, RuleViolation)]
    assert refusals == 3 * ["IDEMPOTENCY_KEY_REUSED"]
    closed = await only_row(deals, "opportunity_close")
    assert closed.opportunity_id in opportunities


def user(deals: OrganizationBuilder, user_id: UUID) -> models.User:
    return models.User(
        organization_id=deals.organization_id,
        id=user_id,
        name="Ben Sloe",
        email="ben@example.com",
        created_at=A_MONTH_AGO,
    )


async def test_keys_of_different_users_and_organizations_are_different(deals: OrganizationBuilder) -> None:
    colleague_id = new_id()
    other = await OrganizationBuilder.create(deals.database)
    await deals.insert(user(deals, colleague_id), user(other, deals.user_id))
    opportunities = {
        deals.caller: await deals.opportunity(),
        replace(deals.caller, user_id=colleague_id): await deals.opportunity(),
        replace(other.caller, user_id=deals.user_id): await other.opportunity(),
    }
    for _first_and_again in range(2):
        for caller, opportunity_id in opportunities.items():
            closed = await close(deals, opportunity_id, caller=caller, idempotency_key=KEY)
            assert closed.opportunity_id == opportunity_id
    assert len((await deals.dump())["opportunity_close"]) == 3


async def test_a_refusal_leaves_the_key_unused(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    quote_id = await deals.quote(opportunity_id, state=QuoteState.ACTIVE)
    await expect_refusal(deals, ActiveQuotes, close(deals, opportunity_id, idempotency_key=KEY))
    await expect_refusal(deals, QuotesNotClosable, close_all(deals, ids=(new_id(),), idempotency_key=KEY))
    await close_all(deals, ids=(quote_id,), idempotency_key=KEY)
    assert (await only_row(deals, "quote")).state == "CLOSED"


def after(caller: Caller, hours: timedelta) -> Caller:
    return replace(caller, now=NOW + hours)


async def test_a_key_answers_for_24_hours(deals: OrganizationBuilder) -> None:
    opportunity_id = await deals.opportunity()
    closed = await close(deals, opportunity_id, idempotency_key=KEY)
    a_day_later = after(deals.caller, timedelta(hours=24))
    assert await close(deals, opportunity_id, caller=a_day_later, idempotency_key=KEY) == closed


async def test_a_key_older_than_24_hours_is_as_good_as_new(deals: OrganizationBuilder) -> None:
    first, second = await deals.opportunity(), await deals.opportunity()
    await close(deals, first, idempotency_key=KEY)
    later = after(deals.caller, timedelta(hours=24, microseconds=1))

    closed = await close(deals, second, caller=later, idempotency_key=KEY)

    assert closed.opportunity_id == second
    row = await only_row(deals, "idempotency")
    assert row.created_at == later.now
    assert await close(deals, second, caller=later, idempotency_key=KEY) == closed


async def test_keys_older_than_24_hours_are_forgotten_and_no_others(deals: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(deals.database)
    old = [key_of(each, f"old {number}") for number in range(PURGE_BATCH_SIZE) for each in (deals, other)]
    young = key_of(other, "young", created_at=NOW - KEY_TTL)
    await deals.insert(*old, young)

    assert await delete_expired_keys(deals.database, now=NOW) == len(old)

    assert (await only_row(deals, "idempotency")).key == "young"
    assert await delete_expired_keys(deals.database, now=NOW) == 0


def key_of(
    deals: OrganizationBuilder, key: str, created_at: datetime = NOW - KEY_TTL - timedelta(microseconds=1)
) -> models.Idempotency:
    return models.Idempotency(
        organization_id=deals.organization_id,
        user_id=deals.user_id,
        key=key,
        fingerprint="",
        outcome="",
        created_at=created_at,
    )


@pytest.mark.parametrize(
    ("key", "code"), [("", "IDEMPOTENCY_KEY_EMPTY"), (129 * "k", "IDEMPOTENCY_KEY_TOO_LONG")]
)
async def test_a_key_has_1_to_128_characters(deals: OrganizationBuilder, key: str, code: str) -> None:
    opportunity_id = await deals.opportunity()
    refusal = await expect_refusal(deals, RuleViolation, close(deals, opportunity_id, idempotency_key=key))
    assert (refusal.code, refusal.path) == (code, ("input", "idempotencyKey"))


async def test_a_key_of_128_characters_is_remembered(deals: OrganizationBuilder) -> None:
    await close(deals, await deals.opportunity(), idempotency_key=128 * "ß")
    assert (await only_row(deals, "idempotency")).key == 128 * "ß"
