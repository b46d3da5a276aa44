"""Idempotency keys: the same key with the same input returns the outcome of the first request.

A key belongs to one user. An operation first claims the row of its key, in its own transaction: a concurrent
request with the same key waits for that transaction, and a refusal rolls the claim back.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol, TypeVar, get_type_hints

import orjson
from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql

from db import models
from db.domain.caller import Caller
from db.domain.errors import Path, RuleViolation
from db.domain.validation import Problems, validate_no_nul
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

KEY_TTL = timedelta(hours=24)
"""The time for which a key returns its first outcome."""

PURGE_BATCH_SIZE = 500
"""The number of keys that one transaction deletes; on SQLite other writes wait for it."""

MAX_KEY_LENGTH = 128
"""In characters."""


_PATH: Path = ("input", "idempotencyKey")
_table = table_of(models.Idempotency)
_columns = _table.c
_is_key = (
    _columns.organization_id == bindparam("organization_id"),
    _columns.user_id == bindparam("user_id"),
    _columns.key == bindparam("key"),
)
_is_expired = _columns.created_at < bindparam("expired_before")

# PostgreSQL's construct compiles on SQLite too, but not the other way round.
_insert = postgresql.insert(_table).values({column.name: bindparam(column.name) for column in _columns})
_CLAIM = Statement(
    _insert.on_conflict_do_update(
        index_elements=[_columns.organization_id, _columns.user_id, _columns.key],
        set_={name: _insert.excluded[name] for name in ("fingerprint", "outcome", "created_at")},
        where=_is_expired,
    )
)
_FIND = Statement(select(_columns.fingerprint, _columns.outcome).where(*_is_key))
_STORE_OUTCOME = Statement(update(_table).where(*_is_key).values(outcome=bindparam("answer")))
_primary_key = (_columns.organization_id, _columns.user_id, _columns.key)
_expired = select(*_primary_key).where(_is_expired).limit(PURGE_BATCH_SIZE).with_for_update(skip_locked=True)
_DELETE_EXPIRED = Statement(delete(_table).where(tuple_(*_primary_key).in_(_expired)))


class Command(Protocol):
    """The input of an operation: a frozen dataclass that orjson can encode."""

    @property
    def idempotency_key(self) -> str | None:
        """The key, or None."""


C = TypeVar("C", bound=Command)
T = TypeVar("T")
Operation = Callable[[Transaction, Caller, C], Awaitable[T]]


def idempotent(
    name: str, *, check_replay: Callable[[Transaction, Caller, Any], Awaitable[None]] | None = None
) -> Callable[[Operation[C, T]], Operation[C, T]]:
    """Decorate an operation so that it takes effect once for each idempotency key.

    A command without a key always runs. ``name`` is the name of the mutation: a key that was sent to one
    mutation cannot be sent to another one. The operation returns a dataclass, which is stored as JSON.
    ``check_replay`` raises a refusal if a stored outcome cannot be returned any more.

    The decorated operation raises RuleViolation if the key is empty, too long, or was sent with other input.
    """

    def decorate(operation: Operation[C, T]) -> Operation[C, T]:
        outcomes: TypeAdapter[T] = TypeAdapter(get_type_hints(operation)["return"])

        @wraps(operation)
        async def run(transaction: Transaction, caller: Caller, command: C) -> T:
            if command.idempotency_key is None:
                return await operation(transaction, caller, command)
            _validate_key(command.idempotency_key)
            key = {
                "organization_id": caller.organization_id,
                "user_id": caller.user_id,
                "key": command.idempotency_key,
            }
            fingerprint = hashlib.sha256(orjson.dumps([name, command], default=str)).hexdigest()
            is_first = await transaction.execute(
                _CLAIM,
                **key,
                fingerprint=fingerprint,
                outcome="",
                created_at=caller.now,
                expired_before=caller.now - KEY_TTL,
            )
            if is_first:
                outcome = await operation(transaction, caller, command)
                stored = outcomes.dump_json(outcome).decode()
                await transaction.execute(_STORE_OUTCOME, **key, answer=stored)
                return outcome
            first = await transaction.one(_FIND, **key)
            if first.fingerprint != fingerprint:
                raise RuleViolation(
                    "IDEMPOTENCY_KEY_REUSED",
                    "This idempotency key was sent before, with another input. Send a new key with a new"
                    " input.",
                    _PATH,
                )
            outcome = outcomes.validate_json(first.outcome)
            if check_replay is not None:
                await check_replay(transaction, caller, outcome)
            return outcome

        return run

    return decorate


async def delete_expired_keys(database: Database, *, now: datetime) -> int:
    """Delete the expired keys of all organizations, in batches; return their number.

    Servers that do this at the same time delete different keys.

    Raises:
        Unavailable: the database was not reached. The remaining keys are deleted the next time.
    """
    total = 0
    while True:
        deleted = await database.write(
            lambda transaction: transaction.execute(_DELETE_EXPIRED, expired_before=now - KEY_TTL)
        )
        total += deleted
        if deleted < PURGE_BATCH_SIZE:
            return total


def _validate_key(key: str) -> None:
    problems = Problems()
    if not key:
        problems.add(
            "IDEMPOTENCY_KEY_EMPTY", "The idempotency key is empty. Send one, or leave it out.", _PATH
        )
    elif len(key) > MAX_KEY_LENGTH:
        problems.add(
            "IDEMPOTENCY_KEY_TOO_LONG",
            f"The idempotency key has {len(key):,} characters; the limit is {MAX_KEY_LENGTH}. Shorten it.",
            _PATH,
        )
    validate_no_nul(problems, "idempotency key", key, _PATH)
    problems.raise_first()
