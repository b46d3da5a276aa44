"""Redaction of logs: tokens, passwords, and exceptions' messages that may contain what a client sent."""

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
    r"dealdesk_[A-Za-z0-9_-]{43}"  # our own tokens
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"  # JSON Web Tokens
    r"|(?<=://)[^\s/@]+(?=@)"  # user and password in a URL
    r"|(?<= exception=)[^\n]+"  # the exception in asyncio's message about a task that nothing awaits
)
_SAFE_EXCEPTIONS = (DealdeskError, ConstraintViolation, OSError, sqlite3.Error)
"""Exceptions whose messages contain nothing that a client sent; those of refusals may."""


class RedactingFormatter(logging.Formatter):
    """Formats records with another formatter, without secrets."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    @override
    def format(self, record: logging.LogRecord) -> str:
        record = copy(record)
        error = record.exc_info[1] if record.exc_info else None
        record.exc_text = None if error is None else "\n".join(_traceback_lines(error))
        record.exc_info = None  # the other formatter takes exc_text as it is
        return redact(self._formatter.format(record))


def redact(text: str) -> str:
    """Return a text without tokens, and without the passwords of URLs."""
    return _SECRETS.sub("[redacted]", text)


def _traceback_lines(error: BaseException) -> Iterator[str]:
    """Yield the traceback of an exception after those of its causes."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _traceback_lines(cause)
        yield "which led to"
    yield from "".join(traceback.format_tb(error.__traceback__)).splitlines()
    name = type(error).__qualname__
    if isinstance(error, PostgresError):
        details = (error.sqlstate, error.table_name, error.column_name, error.constraint_name)
        yield f"{name}: {', '.join(detail for detail in details if detail)}"
    elif isinstance(error, _SAFE_EXCEPTIONS) and not isinstance(error, Refusal):
        yield f"{name}: {error}"
    else:
        yield f"{name} (the message is omitted, because it may contain what a client sent)"
