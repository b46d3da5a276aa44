"""Refusals as data: the error types of result unions, and the payload that each refusal answers with."""

import json
from collections.abc import Collection, Mapping

import strawberry
from sqlalchemy import Text, bindparam

from db.domain import errors
from db.sql.array_param import InArray
from schema.filters.list_specs import QUOTES, STATUS_REASONS
from schema.mutations.payload import Payload, PayloadParams, encode_failures
from schema.planner.fields.columns import param
from schema.planner.fields.connections import Connection, connection
from schema.planner.fields.json_items import MemberId, item, items_param
from schema.planner.fields.relations import by_param, node_param, to_one
from schema.request.policies import FORBIDDEN
from schema.types.node import Node, planned_type
from schema.types.opportunity import Opportunity
from schema.types.organization import StatusReason
from schema.types.quote import Quote

_CODE = "For programs: a documented value. New rules bring new codes, so keep a branch for unknown ones."
_MESSAGE = "For people: what is wrong and what to do."
_PATH = 'Which argument is wrong, such as `["input", "closedOn"]`.'

_CODES_OF_KEYS = ("IDEMPOTENCY_KEY_EMPTY", "IDEMPOTENCY_KEY_TOO_LONG", "IDEMPOTENCY_KEY_REUSED")


@strawberry.interface(description="Why a mutation changed nothing.")
class UserError:
    """The fields of every error."""

    code: str = param("code", _CODE)
    message: str = param("message", _MESSAGE)
    path: list[str] | None = param("path", _PATH)


@planned_type
class OperationError(UserError):
    """Any other broken rule; `code` says which. New rules arrive here as new codes."""


@planned_type
class NotFoundError(UserError):
    """The object does not exist, or the caller may not see it: both answer alike."""


@planned_type
class ActiveQuotesError(UserError):
    """Active quotes block closing the opportunity (code ACTIVE_QUOTES)."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, unchanged.")
    blocking_quotes: Connection[Quote] = connection(
        QUOTES, "The active quotes, including expired ones.", lambda _, row: InArray(row.id, "quote_ids")
    )


@planned_type
class OpportunityAlreadyClosedError(UserError):
    """The opportunity is won or lost already, so it is read-only (code OPPORTUNITY_ALREADY_CLOSED)."""

    opportunity: Opportunity = by_param("opportunity_id", "The opportunity, unchanged.")


@planned_type
class InvalidStatusReasonError(UserError):
    """The status reason doesn't belong to the outcome, or is retired (code INVALID_STATUS_REASON)."""

    allowed_status_reasons: Connection[StatusReason] = connection(
        STATUS_REASONS,
        "The status reasons that are allowed for this outcome.",
        lambda _, row: (row.state == bindparam("outcome", type_=Text())) & row.retired_at.is_(None),
    )


@planned_type
class StaleVersionError(UserError):
    """The object has changed since the caller read it (code STALE_VERSION)."""

    current_version: int = param("current_version", "The object's version now.")
    node: Node = node_param("node", "The object, unchanged.")


@planned_type
class QuoteCloseFailure:
    """Why one quote could not be closed."""

    code: str = item("code", _CODE)
    message: str = item("message", _MESSAGE)
    path: list[str] = item("path", _PATH)
    quote: Quote | None = to_one(
        "The quote, unchanged; null if it was not found.",
        lambda failure, row: row.id == MemberId(failure, "quote_id"),
    )


@planned_type
class OpportunityCloseFailure:
    """Why one opportunity could not be closed."""

    code: str = item("code", _CODE)
    message: str = item("message", _MESSAGE)
    path: list[str] = item("path", _PATH)
    opportunity: Opportunity | None = to_one(
        "The opportunity, unchanged; null if it was not found.",
        lambda failure, row: row.id == MemberId(failure, "opportunity_id"),
    )
    blocking_quotes: Connection[Quote] = connection(
        QUOTES,
        "The opportunity's active quotes, including expired ones. Each blocks.",
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


ERROR_TYPES: Mapping[type[errors.Refusal], type] = {
    errors.ActiveQuotes: ActiveQuotesError,
    errors.OpportunityAlreadyClosed: OpportunityAlreadyClosedError,
    errors.InvalidStatusReason: InvalidStatusReasonError,
    errors.StaleVersion: StaleVersionError,
    errors.NotFound: NotFoundError,
    errors.QuotesNotClosable: CloseQuotesRejectedError,
    errors.OpportunitiesNotClosable: CloseOpportunitiesRejectedError,
    errors.RuleViolation: OperationError,
}
"""The GraphQL type of every refusal."""

_ID_PREFIXES = {"opportunity": "opp", "quote": "quo", "account": "acc", "status reason": "rsn"}


def describe_result(mutation: str, *codes: str) -> str:
    """Return the description of a mutation's result; ``codes`` are those of its OperationError."""
    all_codes = ", ".join((*codes, *_CODES_OF_KEYS, FORBIDDEN))
    return f"The result of `{mutation}`. Codes of OperationError: {all_codes}."


def error_payload(refusal: errors.Refusal, members: Collection[str]) -> Payload:
    """Return the payload of a refusal in a union whose member types are named ``members``.

    A union without the refusal's own type answers with an OperationError that has the same code.
    """
    params = {
        "code": json.dumps(refusal.code),
        "message": json.dumps(refusal.message),
        "path": json.dumps(refusal.path),
    }
    type_ = ERROR_TYPES[type(refusal)]
    if type_.__name__ not in members:
        return Payload(OperationError, params)
    return Payload(type_, {**params, **_own_params(refusal)})


def _own_params(refusal: errors.Refusal) -> PayloadParams:
    match refusal:
        case errors.ActiveQuotes():
            quote_ids = [quote.id for quote in refusal.quotes]
            return {"opportunity_id": refusal.opportunity_id, "quote_ids": quote_ids}
        case errors.OpportunityAlreadyClosed():
            return {"opportunity_id": refusal.opportunity_id}
        case errors.InvalidStatusReason():
            return {"outcome": refusal.outcome}
        case errors.StaleVersion():
            return {
                "node_prefix": _ID_PREFIXES[refusal.noun],
                "node_id": refusal.subject_id,
                "current_version": str(refusal.current_version),
            }
        case errors.QuotesNotClosable() | errors.OpportunitiesNotClosable():
            return {"failures": encode_failures(refusal.failures)}
        case _:
            return {}
