"""Dates that are no business date are refused by their code, and nothing is changed."""

from typing import Any

import pytest

from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate_refused

REFUSALS = {
    "createOpportunity": ("estimatedCloseDate", "ESTIMATED_CLOSE_DATE_OUT_OF_RANGE"),
    "updateOpportunity": ("estimatedCloseDate", "ESTIMATED_CLOSE_DATE_OUT_OF_RANGE"),
    "createQuote": ("effectiveFrom", "EFFECTIVE_FROM_OUT_OF_RANGE"),
    "updateQuote": ("effectiveTo", "EFFECTIVE_TO_OUT_OF_RANGE"),
}
PAST_REFUSALS = {
    "closeOpportunity": ("closedOn", "CLOSED_ON_OUT_OF_RANGE"),
    "winQuote": ("closedOn", "CLOSED_ON_OUT_OF_RANGE"),
    "closeQuotes": ("closedOn", "CLOSED_ON_OUT_OF_RANGE"),
}


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
@pytest.mark.parametrize("mutation", [*REFUSALS, *PAST_REFUSALS])
async def test_a_date_out_of_range_is_refused(builder: OrganizationBuilder, mutation: str, day: str) -> None:
    field, code = {**REFUSALS, **PAST_REFUSALS}[mutation]
    if mutation in PAST_REFUSALS and day > "2026":
        code = "CLOSED_ON_IN_FUTURE"
    opportunity = await builder.opportunity()
    draft, active = await builder.quote(opportunity), await builder.quote(opportunity, state="ACTIVE")
    inputs: dict[str, dict[str, Any]] = {
        "createOpportunity": {
            "name": "Crane",
            "accountId": f"acc_{builder.account_id}",
            "contractingUnitId": f"unit_{builder.contracting_unit_id}",
            "estimatedRevenue": "1.00",
        },
        "updateOpportunity": {"opportunityId": f"opp_{opportunity}"},
        "createQuote": {"opportunityId": f"opp_{opportunity}", "name": "Crane"},
        "updateQuote": {"quoteId": f"quo_{draft}"},
        "closeOpportunity": {"opportunityId": f"opp_{opportunity}", "outcome": {"lost": {}}},
        "winQuote": {"quoteId": f"quo_{active}"},
        "closeQuotes": {"quotes": {"ids": [f"quo_{active}"]}},
    }
    document = f"""
        mutation ($input: {mutation[0].upper()}{mutation[1:]}Input!) {{
          {mutation}(input: $input) {{ __typename ... on UserError {{ code message path }} }}
        }}"""
    refused: Any = await mutate_refused(builder, document, **inputs[mutation], **{field: day})
    assert (refused["code"], refused["path"]) == (code, ["input", field])
