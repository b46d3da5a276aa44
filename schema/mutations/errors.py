"""Refusals as data: every mutation's result is a union of one success and these."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import strawberry
from sqlalchemy import Text, bindparam

from db.domain import errors
from db.sql.array_param import InArray
from schema.filters.list_specs import QUOTES, STATUS_REASONS
from schema.planner.fields.columns import param
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.json_items import MemberId, item, items_param
from schema.planner.fields.relations import by_param, node_param, to_one
from schema.types.node import Node, planned_type
from schema.types.opportunity import Opportunity
from schema.types.organization import StatusReason
from schema.types.quote import Quote

_CODE = "For programs: a documented value. New rules bring new codes, so keep a branch for unknown ones."
_MESSAGE = "For people: what is wrong and what to do."
_PATH = 'Where in the arguments the reason lies, such as `["input", "closedOn"]`.'


@strawberry.interface(description="Why a mutation changed nothing.")
class UserError:
    """What every refusal tells."""

    code: str = param("code", _CODE)
    message: str = param("message", _MESSAGE)
    path: list[str] | None = param("path", _PATH)


@planned_type
class OperationError(UserError):
    """Any other rule that was broken; the code says which. New rules arrive here."""


@planned_type
class NotFoundError(UserError):
    """There is no such thing, or none that the caller may see: the two look the same."""


@planned_type
class ActiveQuotesError(UserError):
    """Active quotes block closing the opportunity (code ACTIVE_QUOTES)."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, as it is.")
    blocking_quotes: Connection[Quote] = connection(
        QUOTES, "The quotes that block, expired ones included.", lambda _, row: InArray(row.id, "quote_ids")
    )


@planned_type
class OpportunityAlreadyClosedError(UserError):
    """The opportunity is won or lost already, so it is read-only (code OPPORTUNITY_ALREADY_CLOSED)."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, as it is.")


@planned_type
class InvalidStatusReasonError(UserError):
    """The status reason doesn't belong to the outcome, or is retired (code INVALID_STATUS_REASON)."""

    allowed_status_reasons: Connection[StatusReason] = connection(
        STATUS_REASONS,
        "The reasons to choose from for this outcome.",
        lambda _, row: (row.state == bindparam("outcome", type_=Text())) & row.retired_at.is_(None),
    )


@planned_type
class StaleVersionError(UserError):
    """What was to be changed has changed since it was read (code STALE_VERSION)."""

    current_version: int = param("current_version", "The version it is at.")
    node: Node = node_param("node", "What was to be changed, as it is.")


@planned_type
class QuoteCloseFailure:
    """Why one quote could not be closed."""

    code: str = item("code", _CODE)
    message: str = item("message", _MESSAGE)
    path: list[str] = item("path", _PATH)
    quote: Quote | None = to_one(
        "The quote, as it is; null where there is none.",
        lambda failure, row: row.id == MemberId(failure, "quote_id"),
    )


@planned_type
class OpportunityCloseFailure:
    """Why one opportunity could not be closed."""

    code: str = item("code", _CODE)
    message: str = item("message", _MESSAGE)
    path: list[str] = item("path", _PATH)
    opportunity: Opportunity | None = to_one(
        "The opportunity, as it is; null where there is none.",
        lambda failure, row: row.id == MemberId(failure, "opportunity_id"),
    )
    blocking_quotes: Connection[Quote] = connection(
        QUOTES,
        "The opportunity's active quotes, expired ones included. Each blocks.",
        lambda failure, row: row.active_parent == MemberId(failure, "opportunity_id"),
    )


@planned_type
class CloseOpportunitiesRejectedError(UserError):
    """Some opportunities can't be closed, so none was (code OPPORTUNITIES_NOT_CLOSABLE)."""

    failures: list[OpportunityCloseFailure] = items_param(
        "failures", "One for each opportunity that can't be closed."
    )


@planned_type
class CloseQuotesRejectedError(UserError):
    """Some quotes can't be closed, so none was (code QUOTES_NOT_CLOSABLE)."""

    failures: list[QuoteCloseFailure] = items_param("failures", "One for each quote that can't be closed.")


PayloadParams = dict[str, Any]
"""The values that a payload's plan takes from the server, by the names that its fields declare."""


def encode_failures(failures: Any) -> str:
    """Return failures as the JSON array that ``QuoteCloseFailure`` and ``OpportunityCloseFailure`` read."""
    return orjson.dumps(failures, default=str).decode()


_PREFIXES = {"opportunity": "opp", "quote": "quo", "account": "acc", "status reason": "rsn"}

ERROR_TYPES: Mapping[type[errors.Refusal], tuple[type, Callable[[Any], PayloadParams]]] = {
    errors.ActiveQuotes: (
        ActiveQuotesError,
        lambda refusal: {
            "opportunity_id": refusal.opportunity_id,
            "quote_ids": [quote.id for quote in refusal.quotes],
        },
    ),
    errors.OpportunityAlreadyClosed: (
        OpportunityAlreadyClosedError,
        lambda refusal: {"opportunity_id": refusal.opportunity_id},
    ),
    errors.InvalidStatusReason: (
        InvalidStatusReasonError,
        lambda refusal: {"outcome": refusal.outcome},
    ),
    errors.StaleVersion: (
        StaleVersionError,
        lambda refusal: {
            "node_prefix": _PREFIXES[refusal.noun],
            "node_id": refusal.subject_id,
            "current_version": str(refusal.current_version),
        },
    ),
    errors.NotFound: (NotFoundError, lambda _: {}),
    errors.QuotesNotClosable: (
        CloseQuotesRejectedError,
        lambda refusal: {"failures": encode_failures(refusal.failures)},
    ),
    errors.OpportunitiesNotClosable: (
        CloseOpportunitiesRejectedError,
        lambda refusal: {"failures": encode_failures(refusal.failures)},
    ),
    errors.RuleViolation: (OperationError, lambda _: {}),
}
"""The union member of every refusal, and what its plan is given beside code, message and path."""


def error_payload(refusal: errors.Refusal, members: frozenset[str]) -> tuple[str, PayloadParams]:
    """Return the type that answers a refusal in a union of ``members``, and what its plan is given.

    A union without the refusal's own type answers it as an OperationError with the same code.
    """
    type_, extra = ERROR_TYPES[type(refusal)]
    told = {
        "code": json.dumps(refusal.code),
        "message": json.dumps(refusal.message),
        "path": json.dumps(refusal.path),
    }
    if type_.__name__ not in members:
        return OperationError.__name__, told
    return type_.__name__, told | extra(refusal)
