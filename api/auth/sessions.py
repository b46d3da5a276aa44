"""Connections that stay open: they end when what let them in has expired or was revoked."""

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
    """One connection; ``over`` is set when it has to end."""

    principal: Principal
    over: asyncio.Event = field(default_factory=asyncio.Event)


class SessionRegistry:
    """Looks after all of them ``every`` so many seconds, with one statement for all tokens of our own."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, every: float) -> None:
        self._database = database
        self._clock = clock
        self._every = every
        self._present: set[Session] = set()
        self._watching: asyncio.Task[None] | None = None

    @contextmanager
    def begin(self, principal: Principal) -> Iterator[Session]:
        """Watch over a connection until the block ends."""
        visit = Session(principal)
        self._present.add(visit)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        try:
            yield visit
        finally:
            self._present.discard(visit)
            if not self._present and self._watching is not None:
                self._watching.cancel()
                self._watching = None

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self._look()
            except Exception:  # noqa: BLE001 - whatever it is, nobody is sent away for it and the next look may do
                _log.warning("whether tokens were revoked can't be read; trying on", exc_info=True)

    async def _look(self) -> None:
        now = self._clock()
        for visit in self._present:
            if visit.principal.seconds_left(now) <= 0:
                visit.over.set()
        digests = {each.principal.digest for each in self._present if each.principal.digest is not None}
        revoked = digests - await unrevoked_digests(self._database, list(digests)) if digests else digests
        for visit in self._present:
            if visit.principal.digest in revoked:
                visit.over.set()
