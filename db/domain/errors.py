"""The errors of the business rules and of the database.

    DealdeskError
    ├── Refusal                     a rule rejects the request; nothing was changed
    │   ├── ActiveQuotes
    │   ├── OpportunityAlreadyClosed
    │   ├── InvalidStatusReason
    │   ├── StaleVersion
    │   ├── NotFound
    │   ├── QuotesNotClosable
    │   ├── OpportunitiesNotClosable
    │   └── RuleViolation           every other rule, one code per rule
    ├── RejectedByDatabase          the database does not accept a value
    │   └── StatementTooComplex     the database does not accept a statement
    └── Unavailable                 the database cannot be reached
        ├── TimedOut                the database took too long; nothing was changed
        └── OutcomeUnknown          the connection was lost during the commit

Errors contain ids and texts, never rows: rows cannot be read after the rollback that an error causes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple
from uuid import UUID

Path = tuple[str, ...]
"""A path in the input of an operation: argument, field and index, as GraphQL names them."""


class DealdeskError(Exception):
    """An error that this project raises deliberately."""


class RejectedByDatabase(DealdeskError):
    """The database does not accept a value, now or later. Nothing was changed."""


class StatementTooComplex(RejectedByDatabase):
    """A statement is nested more deeply, or is larger, than the database accepts."""

    def __init__(self) -> None:
        super().__init__(
            "This operation needs a statement that is nested more deeply, or is larger, than the database"
            " accepts. Nest fewer lists and objects, or split the operation into several requests."
        )


class Unavailable(DealdeskError):
    """The database cannot answer now. ``code`` is for programs, ``retry_after`` is in seconds."""

    code: ClassVar[str] = "UNAVAILABLE"
    retry_after: ClassVar[int] = 1


class TimedOut(Unavailable):
    """The database took longer than its timeout. Nothing was changed."""

    code = "TIMEOUT"


class OutcomeUnknown(Unavailable):
    """The connection was lost during the commit, so the change may be stored or not."""

    def __init__(self) -> None:
        super().__init__(
            "The database did not confirm the change, so it may be stored or not. With an idempotencyKey,"
            " send the request again: it takes effect once. Without a key, first check what is stored."
        )


class Problem(NamedTuple):
    """Something wrong with the input: ``code`` for programs, ``message`` for people."""

    code: str
    message: str
    path: Path | None


class Refusal(DealdeskError):
    """A rule rejects the request.

    ``code`` is for programs, ``message`` for people, ``path`` points into the input. ``problems`` are all
    problems that were found; the first one is the refusal itself.
    """

    def __init__(self, code: str, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.problems: tuple[Problem, ...] = (Problem(code, message, path),)


def quote_label(number: str, revision: int) -> str:
    """Return the name of a quote in messages, such as ``QUO-1042 rev 1``."""
    return f"{number} rev {revision}"


@dataclass(frozen=True, slots=True)
class BlockingQuote:
    """An active quote that blocks the closing of its opportunity."""

    id: UUID
    number: str
    revision: int
    is_expired: bool

    def __str__(self) -> str:
        return f"{quote_label(self.number, self.revision)}{' (expired)' if self.is_expired else ''}"


MAX_NAMED_QUOTES = 20
"""The number of blocking quotes that the message names."""


class ActiveQuotes(Refusal):
    """An opportunity cannot be closed while one of its quotes is active."""

    def __init__(self, opportunity_id: UUID, quotes: Sequence[BlockingQuote]) -> None:
        names = ", ".join(map(str, quotes[:MAX_NAMED_QUOTES]))
        if len(quotes) > MAX_NAMED_QUOTES:
            names += f", and {len(quotes) - MAX_NAMED_QUOTES} more"
        count = "1 active quote blocks" if len(quotes) == 1 else f"{len(quotes)} active quotes block"
        pronoun = "it" if len(quotes) == 1 else "them"
        super().__init__(
            "ACTIVE_QUOTES",
            f"{count} closing: {names}. Close {pronoun} first, or send closeQuotes.",
            ("input", "opportunityId"),
        )
        self.opportunity_id = opportunity_id
        self.quotes = tuple(quotes)


class OpportunityAlreadyClosed(Refusal):
    """The opportunity is won or lost, and therefore read-only."""

    def __init__(self, opportunity_id: UUID, state: str) -> None:
        super().__init__(
            "OPPORTUNITY_ALREADY_CLOSED",
            f"The opportunity is already closed as {state.lower()}: reopen it, change it, close it again.",
            ("input", "opportunityId"),
        )
        self.opportunity_id = opportunity_id


class InvalidStatusReason(Refusal):
    """The status reason is unknown, retired, or belongs to another outcome."""

    def __init__(self, outcome: str, cause: str) -> None:
        super().__init__(
            "INVALID_STATUS_REASON",
            f"{cause} Send one of the status reasons that are allowed for {outcome.lower()}.",
            ("input", "outcome", outcome.lower(), "statusReasonId"),
        )
        self.outcome = outcome


class StaleVersion(Refusal):
    """The entity was changed after the caller read it."""

    def __init__(self, noun: str, subject_id: UUID, expected: int, current: int) -> None:
        super().__init__(
            "STALE_VERSION",
            f"The {noun} is at version {current}, you expected {expected}: read it again, then decide.",
            ("input", "expectedVersion"),
        )
        self.noun = noun
        self.subject_id = subject_id
        self.current_version = current


class NotFound(Refusal):
    """The caller's organization has no such entity. Entities of other organizations are not found either."""

    def __init__(self, noun: str, path: Path) -> None:
        super().__init__("NOT_FOUND", f"There is no {noun} with this id. Check the id.", path)


@dataclass(frozen=True, slots=True)
class QuoteFailure:
    """Why a quote cannot be closed; ``quote_id`` is None if there is no such quote."""

    quote_id: UUID | None
    code: str
    message: str
    path: Path


class QuotesNotClosable(Refusal):
    """Some of the quotes cannot be closed, so none was closed; ``are_named`` if the request has their ids."""

    def __init__(self, failures: Sequence[QuoteFailure], *, are_named: bool = True) -> None:
        advice = "Leave them out" if are_named else "Do what failures says"
        count = "1 quote" if len(failures) == 1 else f"{len(failures)} quotes"
        super().__init__(
            "QUOTES_NOT_CLOSABLE",
            f"{count} can't be closed, so none was. {advice}, or send onFailure: CLOSE_OTHERS.",
            failures[0].path[:3],
        )
        self.failures = tuple(failures)


@dataclass(frozen=True, slots=True)
class OpportunityFailure:
    """Why an opportunity cannot be closed; ``opportunity_id`` is None if there is no such opportunity."""

    opportunity_id: UUID | None
    code: str
    message: str
    path: Path


class OpportunitiesNotClosable(Refusal):
    """Some of the opportunities cannot be closed, so none was closed."""

    def __init__(self, failures: Sequence[OpportunityFailure]) -> None:
        count = "1 opportunity" if len(failures) == 1 else f"{len(failures)} opportunities"
        super().__init__(
            "OPPORTUNITIES_NOT_CLOSABLE",
            f"{count} can't be closed, so none was. Leave them out, or send onFailure: CLOSE_OTHERS.",
            ("input", "opportunityIds"),
        )
        self.failures = tuple(failures)


class RuleViolation(Refusal):
    """The violation of any other rule; each rule has a documented code."""
