"""Sessions: connections that stay open, and end when their credential expires or is revoked."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from api.auth.principal import Principal
from db.auth.tokens import unrevoked_digests
from db.sql.database import Database

_log = logging.getLogger("dealdesk.authentication")


@dataclass(eq=False, slots=True)
class Session:
    """A connection of one principal. It must be closed when ``expired`` is set."""

    principal: Principal
    expired: asyncio.Event = field(default_factory=asyncio.Event)


class SessionRegistry:
    """Checks the credentials of all sessions every ``interval`` seconds, with one statement."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, interval: float) -> None:
        self._database = database
        self._clock = clock
        self._interval = interval
        self._sessions: set[Session] = set()
        self._checks: asyncio.Task[None] | None = None

    @contextmanager
    def track(self, principal: Principal) -> Iterator[Session]:
        """Check the principal's credential until the block ends."""
        session = Session(principal)
        self._sessions.add(session)
        if self._checks is None:
            self._checks = asyncio.create_task(self._check_periodically())
        try:
            yield session
        finally:
            self._sessions.discard(session)
            if not self._sessions and self._checks is not None:
                self._checks.cancel()
                self._checks = None

    async def _check_periodically(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self._revalidate()
            except Exception:  # noqa: BLE001 - sessions survive any error; the next check may succeed
                _log.warning("cannot check whether tokens were revoked; will retry", exc_info=True)

    async def _revalidate(self) -> None:
        now = self._clock()
        for session in self._sessions:
            if session.principal.seconds_left(now) <= 0:
                session.expired.set()
        digests = {
            session.principal.token_digest
            for session in self._sessions
            if session.principal.token_digest is not None
        }
        if digests:
            revoked = digests - await unrevoked_digests(self._database, list(digests))
            for session in self._sessions:
                if session.principal.token_digest in revoked:
                    session.expired.set()
