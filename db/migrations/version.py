"""The schema version of an open database."""

from functools import cache

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import column, select, table

from db.sql.database import Database
from db.sql.statements import Statement

_VERSION = Statement(select(column("version_num")).select_from(table("alembic_version")))


async def has_current_tables(database: Database) -> bool:
    """Return whether the database has this version's tables. Cheap enough for a health check per second."""
    version = await database.json(_VERSION, {})
    return version is not None and version.decode() == _scripts().get_current_head()


def is_known_version(version: str) -> bool:
    """Return whether tables of that version are current or can be migrated."""
    return any(script.revision == version for script in _scripts().walk_revisions())


@cache
def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "db:migrations")
    return ScriptDirectory.from_config(config)
