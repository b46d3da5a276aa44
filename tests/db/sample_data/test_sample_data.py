"""The sample data satisfies the tables' constraints, or it would not load; these tests cover the rest."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.validation import graphql_field_name
from db.master_data.organizations import find_default_user
from db.sample_data.loader import load_sample_data
from db.sql.database import Database
from tests.builders import NOW, OrganizationBuilder

Dump = dict[str, list[Any]]


@pytest.fixture(scope="module")
async def sample(module_database: Database) -> Dump:
    """Every row of both organizations."""
    await load_sample_data(module_database, now=NOW)
    return await OrganizationBuilder(module_database).dump()


def _named(rows: Sequence[Any]) -> dict[UUID, str]:
    return {row.id: getattr(row, "name", None) or row.label for row in rows}


def _engineers(sample: Dump, table: str) -> list[Any]:
    """Return a table's rows of the first organization."""
    organization = next(each.id for each in sample["organization"] if each.name == "Corvane Engineering")
    return [row for row in sample[table] if row.organization_id == organization]


async def test_the_default_user_is_the_head_of_sales_of_the_engineering_company(
    sample: Dump, module_database: Database
) -> None:
    async with module_database.transaction() as transaction:
        user = await find_default_user(transaction)

    assert user is not None
    assert _named(sample["organization"])[user.organization_id] == "Corvane Engineering"
    assert _named(sample["app_user"])[user.user_id] == "Ingrid Solheim"


async def test_opportunities_are_in_every_state(sample: Dump) -> None:
    reasons = _named(sample["status_reason"])

    assert Counter(
        (each.state, reasons[each.status_reason_id]) for each in _engineers(sample, "opportunity")
    ) == {
        ("OPEN", "In Progress"): 16,
        ("OPEN", "On Hold"): 3,
        ("WON", "Won"): 12,
        ("LOST", "Canceled"): 4,
        ("LOST", "Out-Sold"): 5,
        ("LOST", "Budget Frozen"): 1,
        ("LOST", "Kept In-House"): 1,
    }


async def test_the_harbour_crane_retrofit_is_blocked_by_two_active_quotes(sample: Dump) -> None:
    [crane] = [row for row in _engineers(sample, "opportunity") if row.name == "Harbour crane retrofit"]

    assert (crane.state, crane.currency_code, crane.estimated_revenue) == (
        "OPEN",
        "EUR",
        Decimal("1240000.00"),
    )
    assert {
        (quote.number, quote.revision, quote.state, quote.total, quote.effective_to >= NOW.date())
        for quote in sample["quote"]
        if quote.opportunity_id == crane.id
    } == {
        ("QUO-1042", 0, "CLOSED", Decimal("1087160.00"), True),
        ("QUO-1042", 1, "ACTIVE", Decimal("1126722.00"), True),
        ("QUO-1043", 0, "ACTIVE", Decimal("380160.00"), True),
        ("QUO-1044", 0, "DRAFT", Decimal("301400.00"), True),
    }


async def test_one_opportunity_has_six_active_quotes_one_of_them_expired(sample: Dump) -> None:
    [bottling] = [row for row in sample["opportunity"] if row.name == "Bottling line controls"]
    quotes = [quote for quote in sample["quote"] if quote.opportunity_id == bottling.id]

    assert Counter(quote.state for quote in quotes) == {"ACTIVE": 6, "DRAFT": 1, "CLOSED": 3}
    assert [
        quote.number for quote in quotes if quote.state == "ACTIVE" and quote.effective_to < NOW.date()
    ] == ["QUO-1050"]


async def test_the_total_of_a_quote_is_the_sum_of_its_lines(sample: Dump) -> None:
    totals: Counter[UUID] = Counter()
    for line in sample["quote_line"]:
        totals[line.quote_id] += line.total

    assert totals == {quote.id: quote.total for quote in sample["quote"]}


async def test_won_and_closed_quotes_alone_have_a_close_activity(sample: Dump) -> None:
    assert {(close.quote_id, close.reason) for close in sample["quote_close"]} == {
        (quote.id, quote.status_reason) for quote in sample["quote"] if quote.state in ("WON", "CLOSED")
    }


async def test_every_won_quote_has_a_contract_with_its_lines(sample: Dump) -> None:
    def terms(line: Any) -> tuple[Any, ...]:
        return (
            line.position,
            line.name,
            line.billing_method,
            line.not_to_exceed,
            line.customer_budget,
            line.total,
        )

    won = {quote.id: quote for quote in sample["quote"] if quote.state == "WON"}
    contracts = {contract.quote_id: contract for contract in sample["project_contract"]}

    assert len(won) == 13
    assert {id_: (each.opportunity_id, each.total) for id_, each in contracts.items()} == {
        id_: (each.opportunity_id, each.total) for id_, each in won.items()
    }
    for quote_id, contract in contracts.items():
        assert {terms(line) for line in sample["quote_line"] if line.quote_id == quote_id} == {
            terms(line) for line in sample["project_contract_line"] if line.project_contract_id == contract.id
        }


async def test_a_closed_opportunity_equals_its_completed_close_activity(sample: Dump) -> None:
    def values(row: Any) -> tuple[Any, ...]:
        return row.status_reason_id, row.actual_revenue, row.closed_on, row.currency_code

    completed = {
        close.id: (close.outcome, *values(close))
        for close in sample["opportunity_close"]
        if close.state == "COMPLETED"
    }

    assert completed == {
        opportunity.close_id: (opportunity.state, *values(opportunity))
        for opportunity in sample["opportunity"]
        if opportunity.state != "OPEN"
    }


async def test_reopened_opportunities_keep_their_canceled_close_activities(sample: Dump) -> None:
    opportunities = _named(sample["opportunity"])

    assert {
        (opportunities[close.opportunity_id], close.outcome, close.actual_revenue)
        for close in sample["opportunity_close"]
        if close.state == "CANCELED"
    } == {
        ("Clean room monitoring", "LOST", None),
        ("Blade store fire detection", "WON", Decimal("1905000.00")),
    }


async def test_a_won_opportunity_has_the_total_of_its_won_quote_or_its_estimate(sample: Dump) -> None:
    won_quotes = {quote.opportunity_id: quote.total for quote in sample["quote"] if quote.state == "WON"}

    assert {row.name: row.actual_revenue for row in sample["opportunity"] if row.state == "WON"} == {
        row.name: won_quotes.get(row.id, row.estimated_revenue)
        for row in sample["opportunity"]
        if row.state == "WON"
    }


async def test_only_losses_to_a_competitor_have_the_reason_out_sold(sample: Dump) -> None:
    reasons = _named(sample["status_reason"])

    assert {close.competitor_id is not None for close in sample["opportunity_close"]} == {True, False}
    for close in sample["opportunity_close"]:
        assert (reasons[close.status_reason_id] == "Out-Sold") == (close.competitor_id is not None)


async def test_the_organizations_own_status_reasons_are_used_by_their_rules(sample: Dump) -> None:
    own = {reason.id: reason for reason in sample["status_reason"] if reason.code is None}
    used = {
        own[close.status_reason_id].label: (
            close.description,
            close.closed_on - (own[close.status_reason_id].retired_at or NOW).date(),
        )
        for close in sample["opportunity_close"]
        if close.status_reason_id in own
    }

    assert used == {
        "Budget Frozen": ("All energy projects wait for the group's review.", timedelta(days=-30)),
        "Kept In-House": (None, timedelta(days=-70)),
    }
    assert {
        reason.label: (reason.description_required, reason.retired_at is not None)
        for reason in _engineers(sample, "status_reason")
        if reason.code is None
    } == {"Budget Frozen": (True, False), "Kept In-House": (False, True)}


async def test_all_dates_are_in_an_order_that_the_rules_allow(sample: Dump) -> None:
    founded = {each.id: each.created_at for each in sample["organization"]}
    opportunities = {each.id: each for each in sample["opportunity"]}
    quotes = {each.id: each for each in sample["quote"]}

    for opportunity in opportunities.values():
        assert founded[opportunity.organization_id] < opportunity.created_at <= opportunity.updated_at < NOW
        assert opportunity.closed_on is None or opportunity.created_at.date() <= opportunity.closed_on
    for quote in quotes.values():
        opportunity = opportunities[quote.opportunity_id]
        assert opportunity.created_at <= quote.created_at <= quote.updated_at < NOW
        assert opportunity.closed_on is None or quote.updated_at.date() <= opportunity.closed_on
    for close in sample["quote_close"]:
        assert quotes[close.quote_id].created_at.date() <= close.closed_on <= NOW.date()
        assert close.created_at == quotes[close.quote_id].updated_at


async def test_each_revision_follows_the_revised_one(sample: Dump) -> None:
    def revision(quote: Any) -> tuple[Any, ...]:
        return quote.organization_id, quote.number, quote.revision

    by_number = groupby(sorted(sample["quote"], key=revision), key=lambda quote: revision(quote)[:2])
    for _, group in by_number:
        *earlier, last = group
        assert [quote.revision for quote in [*earlier, last]] == list(range(len(earlier) + 1))
        assert {quote.status_reason for quote in earlier} <= {"REVISED"}
        assert last.status_reason != "REVISED"
        assert {quote.opportunity_id for quote in earlier} <= {last.opportunity_id}


async def test_an_opportunity_with_a_won_quote_has_no_open_quote(sample: Dump) -> None:
    won = {quote.opportunity_id for quote in sample["quote"] if quote.state == "WON"}

    assert {quote.state for quote in sample["quote"] if quote.opportunity_id in won} == {"WON", "CLOSED"}


async def test_users_have_managers_and_contracting_units_have_currencies(sample: Dump) -> None:
    people = _named(sample["app_user"])

    assert Counter(people.get(each.manager_id) for each in _engineers(sample, "app_user")) == {
        None: 1,
        "Ingrid Solheim": 2,
        "Mara Lindqvist": 2,
        "Tomas Verhoeven": 3,
    }
    assert {each.name: each.currency_code for each in _engineers(sample, "contracting_unit")} == {
        "Marine and Ports": "EUR",
        "Industrial Automation": "EUR",
        "Nordic Delivery": "SEK",
        "UK Delivery": "GBP",
        "North America": "USD",
    }


async def test_a_second_organization_has_the_same_names_and_numbers(sample: Dump) -> None:
    assert [each.name for each in sorted(sample["organization"], key=lambda each: each.created_at)] == [
        "Corvane Engineering",
        "Lowmoor Lifting",
    ]
    assert _twice(each.name for each in sample["account"]) == ["Port of Aldermouth", "Vantera Foods"]
    assert _twice(each.name for each in sample["opportunity"]) == [
        "Berth 7 shore power",
        "Harbour crane retrofit",
    ]
    assert _twice(f"{each.number} rev {each.revision}" for each in sample["quote"]) == [
        "QUO-1042 rev 0",
        "QUO-1042 rev 1",
        "QUO-1043 rev 0",
        "QUO-1044 rev 0",
        "QUO-1045 rev 0",
    ]


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count == 2)


@pytest.mark.parametrize(
    ("later", "days"), [(timedelta(hours=-12), 0), (timedelta(hours=12), 1), (timedelta(days=730), 730)]
)
async def test_the_sample_moves_with_today_by_whole_days(
    later: timedelta, days: int, sqlite: Database, postgresql: Database
) -> None:
    await load_sample_data(sqlite, now=NOW)
    await load_sample_data(postgresql, now=NOW + later)

    assert await _summary(postgresql, today=NOW.date() + timedelta(days)) == await _summary(
        sqlite, today=NOW.date()
    )


async def _summary(database: Database, *, today: date) -> Counter[tuple[Any, ...]]:
    sample = await OrganizationBuilder(database).dump()
    opportunities = Counter(
        (each.name, each.state, each.created_at.date() - today, each.estimated_close_date - today)
        for each in sample["opportunity"]
    )
    quotes = Counter(
        (each.number, each.revision, each.total, each.updated_at.date() - today, each.effective_to - today)
        for each in sample["quote"]
    )
    return opportunities + quotes


async def test_the_audit_log_leads_to_the_stored_values(sample: Dump) -> None:
    held: dict[UUID, dict[str, str | None]] = defaultdict(dict)
    for entry in sample["audit"]:
        for field, (before, after) in orjson.loads(entry.details).items():
            assert held[entry.subject_id].get(field) == before
            held[entry.subject_id][field] = after

    for table in ("opportunity", "quote", "project_contract"):
        for row in sample[table]:
            stored = {
                graphql_field_name(name): value for name, value in row._asdict().items() if value is not None
            }
            logged = {field: value for field, value in held[row.id].items() if field in stored}
            assert logged == {field: str(stored[field]) for field in logged}
            assert logged["state"] == row.state


async def test_the_audit_log_of_an_opportunity_is_in_order(sample: Dump) -> None:
    for row in sample["opportunity"]:
        entries = [entry for entry in sample["audit"] if entry.opportunity_id == row.id]
        assert entries[0].action == "OPPORTUNITY_CREATED"
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
        assert entries[-1].at <= max(row.updated_at, NOW)
