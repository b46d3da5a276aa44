from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from db.domain.enums import QuoteState
from db.domain.ids import new_id
from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

UPDATE = """
mutation ($input: UpdateQuoteInput!) {
  updateQuote(input: $input) {
    __typename
    ... on UpdateQuoteSuccess {
      quote {
        name effectiveFrom effectiveTo total { amount } version
        lines {
          nodes {
            position kind name billingMethod quantity unitPrice { amount } total { amount }
            notToExceed { amount } customerBudget { amount }
          }
        }
      }
    }
    ... on StaleVersionError { currentVersion node { ... on Quote { name } } }
    ... on UserError { code message path }
  }
}
"""


async def draft(builder: OrganizationBuilder, *lines: dict[str, Any], **columns: Any) -> UUID:
    return await builder.quote(await builder.opportunity(), lines=lines, **columns)


async def ids_of_lines(builder: OrganizationBuilder) -> list[str]:
    lines = sorted((await builder.dump())["quote_line"], key=lambda line: line.position)
    return [f"qln_{line.id}" for line in lines]


async def test_a_draft_is_edited_with_its_lines_in_one_call(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {"name": "Crane"}, {"name": "Cable"})
    crane, cable = await ids_of_lines(builder)
    project = {
        "name": "Crew",
        "billingMethod": "TIME_AND_MATERIAL",
        "unitPrice": "80",
        "quantity": "1.5",
        "notToExceed": "150",
        "customerBudget": "200.00",
    }
    update = {
        "quoteId": f"quo_{quote_id}",
        "name": "Cables and crew",
        "effectiveFrom": "2026-12-01",
        "lines": {
            "add": [{"project": project}, {"product": {"name": "Hook", "unitPrice": "0.05"}}],
            "change": [{"id": cable, "quantity": "3"}],
            "remove": [crane],
        },
        "expectedVersion": 1,
    }
    assert await mutate(builder, UPDATE, **update) == {
        "__typename": "UpdateQuoteSuccess",
        "quote": {
            "name": "Cables and crew",
            "effectiveFrom": "2026-12-01",
            "effectiveTo": None,
            "total": {"amount": "3120.05"},
            "version": 2,
            "lines": {
                "nodes": [
                    {
                        "position": 1,
                        "kind": "PRODUCT",
                        "name": "Cable",
                        "billingMethod": None,
                        "quantity": "3.00",
                        "unitPrice": {"amount": "1000.00"},
                        "total": {"amount": "3000.00"},
                        "notToExceed": None,
                        "customerBudget": None,
                    },
                    {
                        "position": 2,
                        "kind": "PROJECT",
                        "name": "Crew",
                        "billingMethod": "TIME_AND_MATERIAL",
                        "quantity": "1.50",
                        "unitPrice": {"amount": "80.00"},
                        "total": {"amount": "120.00"},
                        "notToExceed": {"amount": "150.00"},
                        "customerBudget": {"amount": "200.00"},
                    },
                    {
                        "position": 3,
                        "kind": "PRODUCT",
                        "name": "Hook",
                        "billingMethod": None,
                        "quantity": "1.00",
                        "unitPrice": {"amount": "0.05"},
                        "total": {"amount": "0.05"},
                        "notToExceed": None,
                        "customerBudget": None,
                    },
                ]
            },
        },
    }


async def test_null_clears_optional_fields_and_leaves_the_others(builder: OrganizationBuilder) -> None:
    line = {
        "kind": "PROJECT",
        "name": "Crew",
        "billing_method": "TIME_AND_MATERIAL",
        "not_to_exceed": Decimal("150.00"),
    }
    quote_id = await draft(builder, line, name="Crew")
    [crew] = await ids_of_lines(builder)
    change = {"id": crew, "name": None, "billingMethod": None, "notToExceed": None}
    update = {"quoteId": f"quo_{quote_id}", "name": None, "effectiveTo": None, "lines": {"change": [change]}}
    quote = (await mutate(builder, UPDATE, **update))["quote"]
    assert quote["name"] == "Crew"
    [changed] = quote["lines"]["nodes"]
    assert (changed["name"], changed["billingMethod"], changed["notToExceed"]) == (
        "Crew",
        "TIME_AND_MATERIAL",
        None,
    )


async def test_an_update_without_changes_returns_the_draft_unchanged(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {}, version=4)
    before = await builder.dump()
    updated = await mutate(builder, UPDATE, quoteId=f"quo_{quote_id}", lines={})
    assert updated["quote"]["version"] == 4
    assert await builder.dump() == before


async def test_only_a_draft_can_be_edited(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {}, state=QuoteState.ACTIVE, number="QUO-7")
    assert await mutate_refused(builder, UPDATE, quoteId=f"quo_{quote_id}", name="New") == {
        "__typename": "OperationError",
        "code": "QUOTE_NOT_DRAFT",
        "message": "QUO-7 rev 0 is active; only a draft can be edited. Revise it to get one.",
        "path": ["input", "quoteId"],
    }


async def test_editing_with_a_stale_version_is_refused(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {}, version=4, name="Cranes")
    error = await mutate_refused(builder, UPDATE, quoteId=f"quo_{quote_id}", name="New", expectedVersion=3)
    assert (error["__typename"], error["currentVersion"]) == ("StaleVersionError", 4)
    assert error["node"] == {"name": "Cranes"}


@pytest.mark.parametrize(
    ("lines", "code", "path"),
    [
        ({"remove": [f"qln_{new_id()}"]}, "NOT_FOUND", ["remove", "0"]),
        ({"remove": ["7"]}, "NOT_FOUND", ["remove", "0"]),
        ({"change": [{"id": f"qln_{new_id()}"}]}, "NOT_FOUND", ["change", "0", "id"]),
        ({"change": [{"id": f"quo_{new_id()}"}]}, "NOT_FOUND", ["change", "0", "id"]),
        (
            {"add": [{"product": {"name": "Hook", "unitPrice": "0.005"}}]},
            "UNIT_PRICE_TOO_PRECISE",
            ["add", "0", "product", "unitPrice"],
        ),
        (
            {"add": [{"product": {"name": "Hook", "unitPrice": "1000000.01", "quantity": "1000000"}}]},
            "LINE_TOTAL_OUT_OF_RANGE",
            ["add", "0", "product"],
        ),
        (
            {"add": [{"product": {"name": "Hook", "unitPrice": "1000000000000"}}]},
            "QUOTE_TOTAL_OUT_OF_RANGE",
            [],
        ),
    ],
)
async def test_an_invalid_edit_is_refused_with_the_line_and_the_code(
    builder: OrganizationBuilder, lines: dict[str, Any], code: str, path: list[str]
) -> None:
    quote_id = await draft(builder, {})
    error = await mutate_refused(builder, UPDATE, quoteId=f"quo_{quote_id}", lines=lines)
    assert (error["code"], error["path"]) == (code, ["input", "lines", *path])


async def test_a_change_that_does_not_fit_the_kind_of_line_is_refused(builder: OrganizationBuilder) -> None:
    quote_id = await draft(builder, {})
    [crane] = await ids_of_lines(builder)
    change = {"id": crane, "customerBudget": "1.00"}
    error = await mutate_refused(builder, UPDATE, quoteId=f"quo_{quote_id}", lines={"change": [change]})
    assert (error["code"], error["path"]) == (
        "PROJECT_DETAIL_OF_A_PRODUCT",
        ["input", "lines", "change", "0", "customerBudget"],
    )
