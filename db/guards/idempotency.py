"""Keys that make a mutation safe to send again: the same key and input answer the first outcome.

A key belongs to one user. Its row is claimed before anything else is done, in the transaction of the effect:
a twin waits there until the first one ends, and a refusal gives the claim back.
"""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql

from db import models
from db.domain.caller import Caller
from db.domain.errors import RuleViolation
from db.domain.validation import validate_no_nul
from db.sql.database import Database, Transaction
from db.sql.statements import Statement
from db.sql.tables import table_of

T = TypeVar("T")

KEY_TTL = timedelta(hours=24)
"""How long a key answers its first outcome."""

PURGE_BATCH_SIZE = 500
"""How many keys one transaction deletes, so that on SQLite no other write waits long for it."""

MAX_KEY_LENGTH = 128
"""In characters."""


class IdempotentOperation(Generic[T]):
    """A mutation that has its effect once for a key; ``outcome`` is a dataclass that JSON can carry.

    ``check_replay`` may refuse to answer an outcome again that can't be shown any more.
    """

    def __init__(
        self,
        name: str,
        outcome: type[T],
        *,
        check_replay: Callable[[Transaction, Caller, T], Awaitable[None]] | None = None,
    ) -> None:
        self._name = name
        self._outcomes = TypeAdapter(outcome)
        self._check_first = check_replay

    async def run(
        self, transaction: Transaction, caller: Caller, sent: Any, act: Callable[[], Awaitable[T]]
    ) -> T:
        """Run ``act``, or answer the outcome that the same input had with the same key.

        ``sent`` is the input, a dataclass with an ``idempotency_key``; without a key ``act`` always runs.

        Raises:
            RuleViolation: the key is empty, too long, or was sent with another input.
        """
        if sent.idempotency_key is None:
            return await act()
        _check(sent.idempotency_key)
        key = _row_key(caller, sent.idempotency_key)
        fingerprint = self._fingerprint(sent)
        if not await _claim(transaction, caller, key, fingerprint):
            return await self._replay(transaction, caller, key, fingerprint)
        outcome = await act()
        await transaction.execute(_KEEP, **key, answer=self._outcomes.dump_json(outcome).decode())
        return outcome

    def _fingerprint(self, sent: Any) -> str:
        return hashlib.sha256(orjson.dumps([self._name, sent], default=str)).hexdigest()

    async def _replay(
        self, transaction: Transaction, caller: Caller, key: dict[str, Any], fingerprint: str
    ) -> T:
        first = await transaction.one(_FIND, **key)
        if first.fingerprint != fingerprint:
            raise RuleViolation(
                "IDEMPOTENCY_KEY_REUSED",
                "This idempotency key was sent before, with another input. Send a new key with a new input.",
                _PATH,
            )
        outcome = self._outcomes.validate_json(first.outcome)
        if self._check_first is not None:
            await self._check_first(transaction, caller, outcome)
        return outcome


async def delete_expired_keys(database: Database, *, now: datetime) -> int:
    """Delete the keys of all organizations that answer no more, some at a time; return how many there were.

    Of several servers at once each deletes others.

    Raises:
        Unavailable: the database was not reached; those that are left are there the next time.
    """
    forgotten = 0
    while True:
        some = await database.write(lambda it: it.execute(_FORGET, forgotten_before=now - KEY_TTL))
        forgotten += some
        if some < PURGE_BATCH_SIZE:
            return forgotten


def _check(key: str) -> None:
    if not key:
        raise RuleViolation(
            "IDEMPOTENCY_KEY_EMPTY", "The idempotency key is empty. Send one, or leave it out.", _PATH
        )
    if len(key) > MAX_KEY_LENGTH:
        raise RuleViolation(
            "IDEMPOTENCY_KEY_TOO_LONG",
            f"The idempotency key has {len(key):,} characters; the limit is {MAX_KEY_LENGTH}. Shorten it.",
            _PATH,
        )
    validate_no_nul("idempotency key", key, _PATH)


def _row_key(caller: Caller, key: str) -> dict[str, Any]:
    return {"organization_id": caller.organization_id, "user_id": caller.user_id, "key": key}


async def _claim(transaction: Transaction, caller: Caller, key: dict[str, Any], fingerprint: str) -> bool:
    claimed = await transaction.execute(
        _CLAIM,
        **key,
        fingerprint=fingerprint,
        outcome="",
        created_at=caller.now,
        forgotten_before=caller.now - KEY_TTL,
    )
    return claimed == 1


_PATH = ("input", "idempotencyKey")
_idempotency = table_of(models.Idempotency)
_row = _idempotency.c
_of_key = (
    _row.organization_id == bindparam("organization_id"),
    _row.user_id == bindparam("user_id"),
    _row.key == bindparam("key"),
)
_is_old = _row.created_at < bindparam("forgotten_before")

# PostgreSQL's construct compiles on SQLite too, not the other way round.
_new = postgresql.insert(_idempotency).values({column.name: bindparam(column.name) for column in _row})
_CLAIM = Statement(
    _new.on_conflict_do_update(
        index_elements=[_row.organization_id, _row.user_id, _row.key],
        set_={name: _new.excluded[name] for name in ("fingerprint", "outcome", "created_at")},
        where=_is_old,
    )
)
_FIND = Statement(select(_row.fingerprint, _row.outcome).where(*_of_key))
_KEEP = Statement(update(_idempotency).where(*_of_key).values(outcome=bindparam("answer")))
_of_row = (_row.organization_id, _row.user_id, _row.key)
_old = select(*_of_row).where(_is_old).limit(PURGE_BATCH_SIZE).with_for_update(skip_locked=True)
_FORGET = Statement(delete(_idempotency).where(tuple_(*_of_row).in_(_old)))
