"""Every way in which a rule refuses, and every way in which the database can't answer.

    DealdeskError
    ├── Refusal                     nothing was changed; the caller can act on it
    │   ├── ActiveQuotes
    │   ├── OpportunityAlreadyClosed
    │   ├── InvalidStatusReason
    │   ├── StaleVersion
    │   ├── NotFound
    │   ├── QuotesNotClosable
    │   ├── OpportunitiesNotClosable
    │   └── RuleViolation           one code per rule
    ├── Unanswerable                the database takes no such value
    │   └── TooComplex              nor such a statement
    └── Unavailable                 the database can't be reached
        ├── TimedOut                it took too long; nothing was changed
        └── OutcomeUnknown          it did not say whether it took the change

Errors carry ids and texts, never rows: a row can't be read after the rollback that an error causes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

Path = tuple[str, ...]
"""Where in the caller's input the reason lies: argument, field, index, as GraphQL names."""


class DealdeskError(Exception):
    """Anything that this project raises on purpose."""


class RejectedByDatabase(DealdeskError):
    """The database doesn't take what is asked, now or later. Nothing was changed."""


class StatementTooComplex(RejectedByDatabase):
    """A statement is deeper or larger than the database takes."""

    def __init__(self) -> None:
        super().__init__(
            "This takes a statement that is deeper or larger than the database allows. Nest fewer lists and"
            " objects, or ask for some of it in a request of its own."
        )


class Unavailable(DealdeskError):
    """The database can't answer now. ``code`` is for programs, ``retry_after`` are seconds."""

    code: ClassVar[str] = "UNAVAILABLE"
    retry_after: ClassVar[int] = 1


class TimedOut(Unavailable):
    """The database took longer than it may. Nothing was changed."""

    code = "TIMEOUT"


class OutcomeUnknown(Unavailable):
    """The database did not say whether it took the change."""

    def __init__(self) -> None:
        super().__init__(
            "The database did not say whether it took the change. Sent again with the same idempotencyKey, it"
            " is done once; if you sent none, look before you send it again."
        )


class Refusal(DealdeskError):
    """A rule said no. ``code`` is for programs, ``message`` for people, ``path`` points into the input."""

    def __init__(self, code: str, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


@dataclass(frozen=True, slots=True)
class BlockingQuote:
    """An active quote that keeps its opportunity from being closed."""

    id: UUID
    number: str
    revision: int
    is_expired: bool

    def __str__(self) -> str:
        return f"{self.number} rev {self.revision}{' (expired)' if self.is_expired else ''}"


class ActiveQuotes(Refusal):
    """An opportunity can't be closed while a quote of it is active."""

    def __init__(self, opportunity_id: UUID, quotes: Sequence[BlockingQuote]) -> None:
        count = "1 active quote blocks" if len(quotes) == 1 else f"{len(quotes)} active quotes block"
        them = "it" if len(quotes) == 1 else "them"
        super().__init__(
            "ACTIVE_QUOTES",
            f"{count} closing: {_named(quotes)}. Close {them} first, or send closeQuotes.",
            ("input", "opportunityId"),
        )
        self.opportunity_id = opportunity_id
        self.quotes = tuple(quotes)


_MOST_NAMED = 20


def _named(quotes: Sequence[BlockingQuote]) -> str:
    names = [str(quote) for quote in quotes[:_MOST_NAMED]]
    if len(quotes) > _MOST_NAMED:
        names.append(f"and {len(quotes) - _MOST_NAMED} more")
    return ", ".join(names)


class OpportunityAlreadyClosed(Refusal):
    """A closed opportunity is read-only."""

    def __init__(self, opportunity_id: UUID, state: str) -> None:
        super().__init__(
            "OPPORTUNITY_ALREADY_CLOSED",
            f"The opportunity is already closed as {state.lower()}: reopen it, change it, close it again.",
            ("input", "opportunityId"),
        )
        self.opportunity_id = opportunity_id


class InvalidStatusReason(Refusal):
    """The status reason doesn't belong to the outcome, is retired, or there is no default left."""

    def __init__(self, outcome: str, why: str) -> None:
        super().__init__(
            "INVALID_STATUS_REASON",
            f"{why} Send one of the status reasons that are allowed for {outcome.lower()}.",
            ("input", "outcome", outcome.lower(), "statusReasonId"),
        )
        self.outcome = outcome


class StaleVersion(Refusal):
    """What is to be changed has changed since the caller read it."""

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
    """There is no such thing in the caller's organization; hidden and missing look the same."""

    def __init__(self, noun: str, path: Path) -> None:
        super().__init__("NOT_FOUND", f"There is no {noun} with this id. Check the id.", path)


@dataclass(frozen=True, slots=True)
class QuoteFailure:
    """One quote that could not be closed; ``quote_id`` is None where there is no such quote to show."""

    quote_id: UUID | None
    code: str
    message: str
    path: Path


class QuotesNotClosable(Refusal):
    """Closing was asked to be all or nothing, and some of the quotes can't be closed."""

    def __init__(self, failures: Sequence[QuoteFailure]) -> None:
        some = "1 quote" if len(failures) == 1 else f"{len(failures)} quotes"
        super().__init__(
            "QUOTES_NOT_CLOSABLE",
            f"{some} can't be closed, so none was. Leave them out, or send onFailure: CLOSE_OTHERS.",
            failures[0].path[:3],
        )
        self.failures = tuple(failures)


@dataclass(frozen=True, slots=True)
class OpportunityFailure:
    """One opportunity that could not be closed; ``opportunity_id`` is None where there is none to show."""

    opportunity_id: UUID | None
    code: str
    message: str
    path: Path


class OpportunitiesNotClosable(Refusal):
    """Closing was asked to be all or nothing, and some of the opportunities can't be closed."""

    def __init__(self, failures: Sequence[OpportunityFailure]) -> None:
        some = "1 opportunity" if len(failures) == 1 else f"{len(failures)} opportunities"
        super().__init__(
            "OPPORTUNITIES_NOT_CLOSABLE",
            f"{some} can't be closed, so none was. Leave them out, or send onFailure: CLOSE_OTHERS.",
            ("input", "opportunityIds"),
        )
        self.failures = tuple(failures)


class RuleViolation(Refusal):
    """Any other rule; each has a documented code. New rules arrive here."""
