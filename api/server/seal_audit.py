"""Sealing audit rows while the server runs."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from api.server.background_jobs import repeating
from db.audit.seals import seal_entries
from db.sql.database import Database

EVERY = 2.0
"""Seconds between two looks for rows that wait for their seal; so long they are not protected yet."""


def sealing(database: Database) -> AbstractAsyncContextManager[None]:
    """Seal what is written until the block ends."""
    return repeating(partial(seal_entries, database), every=EVERY, complaint="audit rows can't be sealed")
