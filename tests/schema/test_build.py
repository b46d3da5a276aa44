from decimal import Decimal

import pytest
import strawberry
from graphql import GraphQLInputObjectType, Undefined, coerce_input_value

from schema.mutations.opportunities.close import (
    CloseOpportunityInput,
    LostInput,
    OpportunityOutcomeInput,
    WonInput,
)
from schema.mutations.quotes.update import UpdateQuoteInput
from tests.schema.support.client import cached_schema


def input_type(name: str) -> GraphQLInputObjectType:
    type_ = cached_schema().graphql.type_map[name]
    assert isinstance(type_, GraphQLInputObjectType)
    return type_


def test_coercion_constructs_the_declared_classes_of_mutation_inputs() -> None:
    value = {"opportunityId": "opp_1", "outcome": {"won": {"actualRevenue": "4321.50"}}, "closedOn": None}

    assert coerce_input_value(value, input_type("CloseOpportunityInput")) == CloseOpportunityInput(
        opportunity_id=strawberry.ID("opp_1"),
        outcome=OpportunityOutcomeInput(won=WonInput(actual_revenue=Decimal("4321.50"))),
    )


def test_coercion_keeps_apart_what_is_left_out_and_what_is_null() -> None:
    changes = coerce_input_value({"quoteId": "quo_1", "effectiveTo": None}, input_type("UpdateQuoteInput"))

    assert isinstance(changes, UpdateQuoteInput)
    assert (changes.effective_from, changes.effective_to) == (strawberry.UNSET, None)


@pytest.mark.parametrize("outcome", [{}, {"won": None}, {"won": {}, "lost": {}}, {"tied": {}}])
def test_coercion_refuses_anything_but_exactly_one_member_of_a_one_of_input(outcome: object) -> None:
    assert coerce_input_value(outcome, input_type("OpportunityOutcomeInput")) is Undefined
    assert coerce_input_value({"lost": {}}, input_type("OpportunityOutcomeInput")) == OpportunityOutcomeInput(
        lost=LostInput()
    )


def test_coercion_leaves_filters_as_dictionaries_for_the_planner() -> None:
    filter_ = {"name": {"eq": "Crew"}}
    assert coerce_input_value(filter_, input_type("QuoteFilter")) == filter_
