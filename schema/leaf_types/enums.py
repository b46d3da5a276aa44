"""The enums of the domain as GraphQL enums, with a description of each value."""

from collections.abc import Mapping
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from db.domain.enums import (
    ActivityState,
    BillingMethod,
    ContractState,
    OpenReason,
    OpportunityState,
    QuoteCloseReason,
    QuoteLineKind,
    QuoteState,
    QuoteStatusReason,
)
from schema.planner.lists.ordering import OrderDirection

__all__ = [
    "ActivityState",
    "BillingMethod",
    "ContractState",
    "OpenReason",
    "OpportunityState",
    "QuoteCloseReason",
    "QuoteLineKind",
    "QuoteState",
    "QuoteStatusReason",
    "graphql_enum",
]


def graphql_enum(enum: type[Enum], description: str, meanings: Mapping[str, str]) -> None:
    """Make a Python enum a GraphQL enum; ``meanings`` describe its values by name."""
    strawberry.enum(enum, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = meanings[value.name]


graphql_enum(
    OpportunityState,
    "The state of an opportunity.",
    {
        "OPEN": "Being worked on. It can be closed if none of its quotes is active.",
        "WON": "Closed: the customer bought. Read-only until it is reopened.",
        "LOST": "Closed: the customer did not buy. Read-only until it is reopened.",
    },
)
graphql_enum(
    OpenReason,
    "The status reasons of an open opportunity.",
    {
        "IN_PROGRESS": "It is being worked on (code 1).",
        "ON_HOLD": "It is paused (code 2).",
    },
)
graphql_enum(
    ActivityState,
    "The state of a close activity.",
    {
        "COMPLETED": "The opportunity is closed by this activity.",
        "CANCELED": "The opportunity was reopened afterwards; the activity is kept as history.",
    },
)
graphql_enum(
    QuoteState,
    "The state of a quote.",
    {
        "DRAFT": "Being written: it can be changed and deleted. It does not prevent closing the opportunity.",
        "ACTIVE": "Offered to the customer. It prevents closing the opportunity, even after it has expired.",
        "WON": "Accepted by the customer. At most one quote of an opportunity is won.",
        "CLOSED": "Lost, canceled or revised. Can't be reopened, changed or deleted.",
    },
)
graphql_enum(
    QuoteStatusReason,
    "Why a quote is in its state, with Dataverse's code and label of the reason.",
    {
        "DRAFT_IN_PROGRESS": 'Draft: "In Progress" (code 1).',
        "ACTIVE_IN_PROGRESS": 'Active: "In Progress" (code 2).',
        "OPEN": 'Active: "Open" (code 3).',
        "WON": 'Won: "Won" (code 4).',
        "LOST": 'Closed: "Lost" (code 5).',
        "CANCELED": 'Closed: "Canceled" (code 6).',
        "REVISED": 'Closed: "Revised" (code 7), replaced by its next revision.',
    },
)
graphql_enum(
    QuoteCloseReason,
    "The reasons for closing a quote without winning it.",
    {"LOST": "The customer declined.", "CANCELED": "The seller withdrew the offer."},
)
graphql_enum(
    QuoteLineKind,
    "What a line sells.",
    {
        "PROJECT": "Project work, billed by its billing method.",
        "PRODUCT": "A product: quantity times unit price.",
    },
)
graphql_enum(
    BillingMethod,
    "How a project line is billed.",
    {
        "TIME_AND_MATERIAL": "By the time and material spent, up to the not-to-exceed limit if there is one.",
        "FIXED_PRICE": "At the agreed price.",
    },
)
graphql_enum(
    ContractState,
    "The state of a project contract.",
    {"DRAFT": "Created by winning a quote."},
)
graphql_enum(
    OrderDirection,
    "The direction of an order.",
    {
        "ASC": "From the smallest, earliest or alphabetically first value. Missing values come last.",
        "DESC": "From the largest, latest or alphabetically last value. Missing values come first.",
    },
)
