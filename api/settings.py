"""The settings; the only place that reads the environment."""

from pathlib import Path
from typing import Self

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.documents import DocumentMode
from api.logs import LogFormat
from db.errors import DealdeskError

_PREFIX = "DEALDESK_"
_SQLITE = "sqlite:///"
_SERVERS = ("postgresql://", "postgres://")


class BadSettings(DealdeskError):
    """A setting can't be used. The message never repeats its value: there may be a password in it."""


class BadDatabaseUrl(BadSettings):
    """``DEALDESK_DATABASE_URL`` names no database."""

    def __init__(self) -> None:
        super().__init__(
            "DEALDESK_DATABASE_URL can't be used: write postgresql://user:password@host/database"
            " or sqlite:///path/to/file."
        )


class BadSetting(BadSettings):
    """Another setting has a value that it can't have; ``allowed`` says which it may."""

    def __init__(self, name: str, allowed: str) -> None:
        super().__init__(f"{_PREFIX}{name.upper()} can't be used: write {allowed}.")


class Settings(BaseSettings):
    """Which database is used, where the embedded one lives, and which documents are trusted."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, frozen=True)

    database_url: str | None = None
    data_dir: Path = Field(default_factory=lambda: user_data_path("dealdesk", appauthor=False))

    log_format: LogFormat = LogFormat.TEXT
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)

    documents: DocumentMode = DocumentMode.OFF
    documents_manifest: Path | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """Read what is set as ``DEALDESK_`` and the name in capitals; an empty one counts as absent.

        Raises:
            BadDatabaseUrl: the URL names another kind of database.
            BadSetting: another setting has no value that it may have.
        """
        try:
            return cls()
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise (BadSetting(name, _ALLOWED[name]) if name in _ALLOWED else BadDatabaseUrl) from None

    @property
    def url(self) -> str:
        """The database's URL: the embedded one's, unless another is set."""
        return self.database_url or f"{_SQLITE}{self.data_dir / 'dealdesk.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a file, which this program looks after by itself."""
        return self.url.startswith(_SQLITE)

    @field_validator("database_url")
    @classmethod
    def _known(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith((_SQLITE, *_SERVERS)):
            raise ValueError
        return url

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, directory: Path) -> Path:
        return directory.expanduser().absolute()


_ALLOWED = {
    "documents": ", ".join(DocumentMode),
    "log_format": ", ".join(LogFormat),
    "metrics_port": "a number from 0 to 65535",
}
"""What may be written for a setting, where not everything may."""
