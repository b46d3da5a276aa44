"""Enums: the database's own, with what each value means."""

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
    """Make a Python enum a GraphQL enum whose every value says what it means."""
    strawberry.enum(enum, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = meanings[value.name]


graphql_enum(
    OpportunityState,
    "Where an opportunity stands.",
    {
        "OPEN": "Still being worked on; it can be closed while none of its quotes is active.",
        "WON": "Closed: the customer bought. Read-only until it is reopened.",
        "LOST": "Closed: the customer did not buy from us. Read-only until it is reopened.",
    },
)
graphql_enum(
    OpenReason,
    "The status reasons of an open opportunity.",
    {
        "IN_PROGRESS": "It is being worked on (code 1).",
        "ON_HOLD": "It rests for now (code 2).",
    },
)
graphql_enum(
    ActivityState,
    "Whether a closing still stands.",
    {
        "COMPLETED": "It stands: the opportunity is closed by it.",
        "CANCELED": "The opportunity was reopened since; kept as history.",
    },
)
graphql_enum(
    QuoteState,
    "Where a quote stands.",
    {
        "DRAFT": "Being written; only drafts are editable. Doesn't block closing the opportunity.",
        "ACTIVE": "Offered to the customer; blocks closing the opportunity, even when it has expired.",
        "WON": "Accepted by the customer; never blocks. At most one an opportunity.",
        "CLOSED": "Lost, canceled or revised; never blocks. Can't be reopened, edited or deleted.",
    },
)
graphql_enum(
    QuoteStatusReason,
    "Why a quote is in its state, with the code that Dataverse gives the reason.",
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
    "Why quotes are closed by hand.",
    {"LOST": "The customer declined.", "CANCELED": "We withdrew the offer."},
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
        "TIME_AND_MATERIAL": "By what was spent; a not-to-exceed limit may cap it.",
        "FIXED_PRICE": "At the agreed price.",
    },
)
graphql_enum(
    ContractState,
    "Where a project contract stands.",
    {"DRAFT": "Created by winning a quote, to be completed."},
)
graphql_enum(
    OrderDirection,
    "Which end of an order comes first.",
    {
        "ASC": "Smallest, earliest, A first; a missing value comes last.",
        "DESC": "Largest, latest, Z first; a missing value comes first.",
    },
)
