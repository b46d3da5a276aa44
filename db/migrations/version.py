"""Whether an open database answers, with this version's tables."""

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import column, select, table

from db.sql.database import Database
from db.sql.statements import Statement


async def has_current_tables(database: Database) -> bool:
    """Ask the database for its version; cheap enough to be asked every second."""
    version = await database.json(_VERSION, {})
    return version is not None and version.decode() == _steps().get_current_head()


def is_known_version(version: str) -> bool:
    """Say whether tables of that version are this one's, or can be brought to it."""
    return any(step.revision == version for step in _steps().walk_revisions())


@cache
def _steps() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "db:migrations")
    return ScriptDirectory.from_config(config)


_VERSION = Statement(select(column("version_num")).select_from(table("alembic_version")))
