"""Logs say what happened and where, never with what: no tokens, no passwords, nothing that callers sent."""

import logging
import re
import sqlite3
import traceback
from collections.abc import Iterator
from copy import copy

from asyncpg import PostgresError
from typing_extensions import override

from db.domain.errors import DealdeskError, Refusal
from db.sql.database import ConstraintViolation

_SECRETS = re.compile(
    r"dealdesk_[A-Za-z0-9_-]{43}"  # tokens of our own
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"  # those of issuers
    r"|(?<=://)[^\s/@]+(?=@)"  # user and password in a URL
    r"|(?<= exception=)[^\n]+"  # what asyncio says of a task that nobody waits for
)
_HARMLESS = (DealdeskError, ConstraintViolation, OSError, sqlite3.Error)
"""Exceptions whose texts hold nothing that a caller has sent, but for refusals, which speak to callers."""


class RedactingFormatter(logging.Formatter):
    """A formatter that leaves out of another one's lines what they must not hold."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter
        formatter.formatException = _traceback  # type: ignore[method-assign, assignment]

    @override
    def format(self, record: logging.LogRecord) -> str:
        record = copy(record)
        record.exc_text = None  # what another formatter may have made of the exception
        return redact(self._formatter.format(record))


def redact(text: str) -> str:
    """Return a text without tokens, and without the passwords of URLs."""
    return _SECRETS.sub("[redacted]", text)


def _traceback(exc_info: tuple[object, BaseException | None, object]) -> str:
    return "" if exc_info[1] is None else "\n".join(_lines(exc_info[1]))


def _lines(error: BaseException) -> Iterator[str]:
    """Yield where an exception and those before it were raised, and what of their texts may be told."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before)
        yield "which led to"
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    yield _named(error)


def _named(error: BaseException) -> str:
    name = type(error).__qualname__
    if isinstance(error, PostgresError):
        about = (error.sqlstate, error.table_name, error.column_name, error.constraint_name)
        return f"{name}: {', '.join(each for each in about if each)}"
    if isinstance(error, _HARMLESS) and not isinstance(error, Refusal):
        return f"{name}: {error}"
    return f"{name} (its text may hold what was sent, so it is left out)"
