from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from db.domain.enums import BillingMethod, OpportunityState, QuoteLineKind, QuoteState
from db.domain.errors import NotFound, RuleViolation, StaleVersion
from db.domain.ids import new_id
from db.lines.line import LineContent, LineUpdate
from db.quotes.delete import delete_draft_quote
from db.quotes.transitions import ChangedQuote, QuoteRef
from db.quotes.update import UpdateQuote, update_quote
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import expect_refusal, only_row, run_operation

CRANE = LineContent(kind=QuoteLineKind.PRODUCT, name=" Crane ", unit_price=Decimal("0.1"))
CREW: dict[str, Any] = {
    "kind": "PROJECT",
    "name": "Crew",
    "billing_method": "TIME_AND_MATERIAL",
    "quantity": Decimal("2.00"),
    "unit_price": Decimal("50.00"),
    "not_to_exceed": Decimal("120.00"),
}


async def update(builder: OrganizationBuilder, quote_id: UUID, **sent: Any) -> ChangedQuote:
    return await run_operation(builder, update_quote, UpdateQuote(quote_id=quote_id, **sent))


async def draft(builder: OrganizationBuilder, *lines: dict[str, Any], **columns: Any) -> UUID:
    return await builder.quote(await builder.opportunity(), lines=lines, **columns)


async def lines_of(builder: OrganizationBuilder) -> list[Any]:
    return sorted((await builder.dump())["quote_line"], key=lambda line: line.position)


async def ids_of_lines(builder: OrganizationBuilder) -> list[UUID]:
    return [line.id for line in await lines_of(builder)]


def project(**columns: Any) -> LineContent:
    usual: dict[str, Any] = {
        "kind": QuoteLineKind.PROJECT,
        "name": "Crew",
        "unit_price": Decimal(50),
        "billing_method": BillingMethod.TIME_AND_MATERIAL,
    }
    return LineContent(**{**usual, **columns})


async def test_lines_are_added_changed_and_removed_in_one_call(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {"name": "Crane"}, {"name": "Cable"}, CREW)
    crane, cable, crew = await ids_of_lines(builder)

    changed = await update(
        builder,
        quote_id,
        add_lines=(CRANE, project(quantity=Decimal("1.5"), customer_budget=Decimal(80))),
        change_lines=(LineUpdate(crew, {"quantity": Decimal(3), "not_to_exceed": None}),),
        remove_lines=(crane,),
    )

    assert changed == ChangedQuote(quote_id)
    lines = await lines_of(builder)
    assert [line.id for line in lines[:2]] == [cable, crew]
    assert [
        (line.position, line.kind, line.name, line.quantity, line.unit_price, line.total) for line in lines
    ] == [
        (1, "PRODUCT", "Cable", Decimal("1.00"), Decimal("1000.00"), Decimal("1000.00")),
        (2, "PROJECT", "Crew", Decimal("3.00"), Decimal("50.00"), Decimal("150.00")),
        (3, "PRODUCT", "Crane", Decimal("1.00"), Decimal("0.10"), Decimal("0.10")),
        (4, "PROJECT", "Crew", Decimal("1.50"), Decimal("50.00"), Decimal("75.00")),
    ]
    assert [(line.billing_method, line.not_to_exceed, line.customer_budget) for line in lines] == [
        (None, None, None),
        ("TIME_AND_MATERIAL", None, None),
        (None, None, None),
        ("TIME_AND_MATERIAL", None, Decimal("80.00")),
    ]
    quote = await only_row(builder, "quote")
    assert (quote.total, quote.version, quote.updated_at) == (Decimal("1225.10"), 2, NOW)


async def test_only_the_sent_fields_change(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {}, effective_from=date(2026, 12, 1), effective_to=date(2026, 12, 31))
    before = await only_row(builder, "quote")
    lines = await lines_of(builder)
    await update(builder, quote_id, changes={"name": " Cranes ", "effective_to": None})
    assert await only_row(builder, "quote") == before._replace(
        name="Cranes", effective_to=None, version=2, updated_at=NOW
    )
    assert await lines_of(builder) == lines


async def test_an_update_is_audited_with_its_differences(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {"name": "Crane"}, CREW)
    crane, crew = await ids_of_lines(builder)
    await update(
        builder,
        quote_id,
        changes={"effective_to": date(2027, 1, 31)},
        change_lines=(LineUpdate(crew, {"unit_price": Decimal("60.00")}),),
        remove_lines=(crane,),
    )
    audit = await only_row(builder, "audit")
    assert (audit.action, audit.subject_id) == ("QUOTE_UPDATED", quote_id)
    assert orjson.loads(audit.details) == {
        "effectiveTo": [None, "2027-01-31"],
        "total": ["1100.00", "120.00"],
        "lines.1.kind": ["PRODUCT", "PROJECT"],
        "lines.1.name": ["Crane", "Crew"],
        "lines.1.billingMethod": [None, "TIME_AND_MATERIAL"],
        "lines.1.notToExceed": [None, "120.00"],
        "lines.1.quantity": ["1.00", "2.00"],
        "lines.1.unitPrice": ["1000.00", "60.00"],
        "lines.2.kind": ["PROJECT", None],
        "lines.2.name": ["Crew", None],
        "lines.2.billingMethod": ["TIME_AND_MATERIAL", None],
        "lines.2.notToExceed": ["120.00", None],
        "lines.2.quantity": ["2.00", None],
        "lines.2.unitPrice": ["50.00", None],
    }
    event = await only_row(builder, "event")
    assert event.kind == "QUOTE_UPDATED"


async def test_a_project_line_can_become_fixed_price_if_its_limit_is_cleared(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await draft(builder, CREW)
    [crew] = await ids_of_lines(builder)
    fixed = {"billing_method": BillingMethod.FIXED_PRICE}
    refusal = await expect_refusal(
        builder,
        RuleViolation,
        update(builder, quote_id, change_lines=(LineUpdate(crew, fixed),)),  # type: ignore[arg-type]
    )
    assert (refusal.code, refusal.path) == (
        "LIMIT_OF_A_FIXED_PRICE",
        ("input", "lines", "change", "0", "notToExceed"),
    )
    await update(builder, quote_id, change_lines=(LineUpdate(crew, {**fixed, "not_to_exceed": None}),))  # type: ignore[typeddict-item]
    assert (await only_row(builder, "quote_line")).billing_method == "FIXED_PRICE"


async def test_an_update_without_a_difference_writes_nothing(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {"name": "Crane"})
    [crane] = await ids_of_lines(builder)
    before = await builder.dump()
    await update(
        builder,
        quote_id,
        changes={"name": "Cranes and crew"},
        change_lines=(LineUpdate(crane, {"quantity": Decimal(1)}),),
    )
    assert await builder.dump() == before


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (QuoteState.ACTIVE, "Revise it to get one."),
        (QuoteState.WON, "It stays as it is."),
        (QuoteState.CLOSED, "Revise it, or go on with its live revision."),
    ],
)
async def test_only_a_draft_is_updated(builder: OrganizationBuilder, state: QuoteState, advice: str) -> None:
    quote_id = await draft(builder, {}, state=state, number="QUO-7")
    refusal = await expect_refusal(
        builder, RuleViolation, update(builder, quote_id, changes={"name": "New"}, expected_version=9)
    )
    assert (refusal.code, refusal.path) == ("QUOTE_NOT_DRAFT", ("input", "quoteId"))
    assert refusal.message == (f"QUO-7 rev 0 is {state.lower()}; only a draft can be edited. {advice}")


async def test_a_draft_of_a_closed_opportunity_is_not_updated(builder: OrganizationBuilder) -> None:
    quote_id = await builder.quote(await builder.opportunity(state=OpportunityState.WON))
    refusal = await expect_refusal(builder, RuleViolation, update(builder, quote_id, changes={"name": "New"}))
    assert (refusal.code, refusal.path) == ("OPPORTUNITY_CLOSED", ("input", "quoteId"))


async def test_a_draft_of_another_version_is_not_updated(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {}, version=4)
    refusal = await expect_refusal(
        builder, StaleVersion, update(builder, quote_id, changes={"name": "New"}, expected_version=3)
    )
    assert (refusal.noun, refusal.subject_id, refusal.current_version) == ("quote", quote_id, 4)


async def test_a_missing_quote_is_not_updated(builder: OrganizationBuilder) -> None:
    other = await OrganizationBuilder.create(builder.database)
    for missing in (new_id(), await draft(other, {})):
        refusal = await expect_refusal(builder, NotFound, update(builder, missing, changes={"name": "New"}))
        assert refusal.path == ("input", "quoteId")


async def test_a_line_of_another_quote_is_not_found(builder: OrganizationBuilder) -> None:
    await draft(builder, {})
    [theirs] = await ids_of_lines(builder)
    quote_id = await draft(builder)
    for sent, path in (
        ({"change_lines": (LineUpdate(theirs, {"name": "New"}),)}, ("change", "0", "id")),
        ({"remove_lines": (theirs,)}, ("remove", "0")),
    ):
        refusal = await expect_refusal(builder, NotFound, update(builder, quote_id, **sent))
        assert refusal.path == ("input", "lines", *path)
        assert refusal.message == "There is no line of this quote with this id. Check the id."


async def test_a_line_is_sent_only_once(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {})
    [line] = await ids_of_lines(builder)
    change = LineUpdate(line, {"name": "New"})
    for sent, path in (
        ({"change_lines": (change, change)}, ("change", "1", "id")),
        ({"change_lines": (change,), "remove_lines": (line,)}, ("remove", "0")),
        ({"remove_lines": (line, line)}, ("remove", "1")),
    ):
        refusal = await expect_refusal(builder, RuleViolation, update(builder, quote_id, **sent))
        assert (refusal.code, refusal.path) == ("LINE_NAMED_TWICE", ("input", "lines", *path))


PRODUCT: dict[str, Any] = {"kind": QuoteLineKind.PRODUCT, "name": "Crane", "unit_price": Decimal(1)}
PROJECT: dict[str, Any] = {
    "kind": QuoteLineKind.PROJECT,
    "name": "Crew",
    "unit_price": Decimal(1),
    "billing_method": BillingMethod.FIXED_PRICE,
}


@pytest.mark.parametrize(
    ("line", "code", "path"),
    [
        (PRODUCT | {"name": " "}, "NAME_EMPTY", ("product", "name")),
        (PRODUCT | {"quantity": Decimal("0.001")}, "QUANTITY_TOO_PRECISE", ("product", "quantity")),
        (PRODUCT | {"quantity": Decimal(-1)}, "QUANTITY_OUT_OF_RANGE", ("product", "quantity")),
        (PRODUCT | {"unit_price": Decimal("0.005")}, "UNIT_PRICE_TOO_PRECISE", ("product", "unitPrice")),
        (PRODUCT | {"unit_price": Decimal("1E13")}, "UNIT_PRICE_OUT_OF_RANGE", ("product", "unitPrice")),
        (
            PRODUCT | {"quantity": Decimal("1000000.01"), "unit_price": Decimal(1_000_000)},
            "LINE_TOTAL_OUT_OF_RANGE",
            ("product",),
        ),
        (
            PRODUCT | {"quantity": Decimal("1E12"), "unit_price": Decimal("1E12")},
            "LINE_TOTAL_OUT_OF_RANGE",
            ("product",),
        ),
        (
            PRODUCT | {"customer_budget": Decimal(1)},
            "PROJECT_DETAIL_OF_A_PRODUCT",
            ("product", "customerBudget"),
        ),
        (PROJECT | {"billing_method": None}, "BILLING_METHOD_MISSING", ("project", "billingMethod")),
        (PROJECT | {"not_to_exceed": Decimal(1)}, "LIMIT_OF_A_FIXED_PRICE", ("project", "notToExceed")),
        (
            PROJECT | {"not_to_exceed": Decimal(-1)},
            "NOT_TO_EXCEED_LIMIT_OUT_OF_RANGE",
            ("project", "notToExceed"),
        ),
        (
            PROJECT | {"customer_budget": Decimal("0.001")},
            "CUSTOMER_BUDGET_TOO_PRECISE",
            ("project", "customerBudget"),
        ),
    ],
)
async def test_invalid_lines_are_refused(
    builder: OrganizationBuilder, line: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    quote_id = await draft(builder, {})
    refusal = await expect_refusal(
        builder, RuleViolation, update(builder, quote_id, add_lines=(LineContent(**line),))
    )
    assert (refusal.code, refusal.path) == (code, ("input", "lines", "add", "0", *path))


async def test_invalid_fields_of_a_quote_are_refused(builder: OrganizationBuilder) -> None:
    highest = {"unit_price": Decimal("1000000000000.00")}
    quote_id = await draft(builder, highest, name="Cranes")
    for sent, code, path in (
        ({"changes": {"name": ""}}, "NAME_EMPTY", ("name",)),
        (
            {"add_lines": (LineContent(**PRODUCT | {"unit_price": Decimal("0.01")}),)},
            "QUOTE_TOTAL_OUT_OF_RANGE",
            ("lines",),
        ),
        (
            {"changes": {"effective_from": date(2026, 12, 2), "effective_to": date(2026, 12, 1)}},
            "EFFECTIVE_DATES_REVERSED",
            ("effectiveTo",),
        ),
    ):
        refusal = await expect_refusal(builder, RuleViolation, update(builder, quote_id, **sent))
        assert (refusal.code, refusal.path) == (code, ("input", *path))


async def test_updating_again_with_the_same_key_returns_the_first_outcome(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await draft(builder, {})
    first = await update(builder, quote_id, add_lines=(CRANE,), idempotency_key="monday")
    before = await builder.dump()
    assert await update(builder, quote_id, add_lines=(CRANE,), idempotency_key="monday") == first
    assert await builder.dump() == before


async def test_updating_again_with_the_same_key_is_refused_if_the_draft_was_deleted(
    builder: OrganizationBuilder,
) -> None:
    quote_id = await draft(builder, {})
    await update(builder, quote_id, add_lines=(CRANE,), idempotency_key="monday")
    await run_operation(builder, delete_draft_quote, QuoteRef(quote_id=quote_id))
    again = update(builder, quote_id, add_lines=(CRANE,), idempotency_key="monday")
    assert (await expect_refusal(builder, RuleViolation, again)).code == "QUOTE_DELETED"
