"""The settings; the only place that reads the environment."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Self

from platformdirs import user_data_path
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from typing_extensions import override

from api.auth.jwks import is_secure_url
from api.auth.oidc import OidcConfig
from api.http.limits import DEFAULT_LIMITS, Limits
from api.observability.logs import LogFormat
from api.server.protocol import ConnectionLimits
from api.server.server import ServerLimits
from api.transports.trusted_documents import DocumentMode
from db.domain.errors import DealdeskError
from db.sql.timeouts import Timeouts
from schema.limits.concurrency import ConcurrencyLimits

_PREFIX = "DEALDESK_"
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")
_SQLITE = "sqlite:///"
_SERVERS = ("postgresql://", "postgres://")


class InvalidSettings(DealdeskError):
    """A setting can't be used. The message never repeats its value: there may be a password in it."""


class InvalidDatabaseUrl(InvalidSettings):
    """``DEALDESK_DATABASE_URL`` names no database."""

    def __init__(self) -> None:
        super().__init__(
            "DEALDESK_DATABASE_URL can't be used: write postgresql://user:password@host/database"
            " or sqlite:///path/to/file."
        )


class InvalidSetting(InvalidSettings):
    """Another setting has a value that it can't have; ``allowed`` says which it may."""

    def __init__(self, name: str, allowed: str) -> None:
        super().__init__(f"{_PREFIX}{name.upper()} can't be used: write {allowed}.")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


_Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_SecondsOrNone = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Number = Annotated[int, Field(gt=0)]
_NumberOrNone = Annotated[int, Field(ge=0)]
_Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names), Field(validate_default=False)]


class _Files(PydanticBaseSettingsSource):
    """Values in files, as secrets are handed to containers."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = f"{_PREFIX}{field_name.upper()}"
        path = os.environ.get(f"{name}_FILE")
        return _content(name, path) if path else None, field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        values = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in values.items() if value}


def _content(name: str, path: str) -> str:
    if os.environ.get(name):
        raise InvalidSettings(f"{name} and {name}_FILE are both set: set one of them.")
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InvalidSettings(f"The file of {name}_FILE can't be read: {reason}.") from None


class Settings(BaseSettings):
    """Which database is used, where the embedded one lives, which documents are trusted, and how much is."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", env_ignore_empty=True, frozen=True
    )

    database_url: SecretStr | None = None
    data_dir: Path = Field(default_factory=lambda: user_data_path("dealdesk", appauthor=False))

    log_format: LogFormat = LogFormat.TEXT
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)

    allowed_hosts: _Names = ()
    allowed_origins: _Names = ()
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    oidc_organization: str | None = None
    oidc_organization_claim: str = "organization"
    oidc_user_claim: str = "sub"
    oidc_role_claim: str = "role"

    documents: DocumentMode = DocumentMode.OFF
    documents_manifest: Path | None = None

    request_seconds: _Seconds = 30.0
    statement_seconds: _Seconds = 10.0
    wait_seconds: _Seconds = 5.0

    operations_running: _Number = 64
    operations_waiting: _NumberOrNone = 512
    queue_seconds: _Seconds = 2.0

    limits: Limits = DEFAULT_LIMITS

    connections: _Number = 12_000
    head_seconds: _Seconds = 10.0
    body_seconds: _Seconds = 30.0

    drain_seconds: _SecondsOrNone = 0.0
    grace_seconds: _SecondsOrNone = 10.0

    @classmethod
    def from_environment(cls) -> Self:
        """Read what is set as ``DEALDESK_`` and the name in capitals; an empty one counts as absent.

        With ``_FILE`` behind the name, it is the file that holds the value.

        Raises:
            BadDatabaseUrl: the URL names another kind of database.
            BadSetting: another setting has no value that it may have.
            BadSettings: one is missing that another one needs, or a file can't be read.
        """
        try:
            settings = cls()
        except ValidationError as error:
            raise _refusal(*map(str, error.errors()[0]["loc"])) from None
        except SettingsError:
            raise _refusal("limits", "role_factors") from None
        if (settings.oidc_issuer is None) != (settings.oidc_audience is None):
            raise InvalidSettings(
                "DEALDESK_OIDC_ISSUER and DEALDESK_OIDC_AUDIENCE go together: set both, or none."
            )
        return settings

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        *sources: PydanticBaseSettingsSource,
        **named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return *sources, *named.values(), _Files(settings_cls)

    @property
    def value_files(self) -> dict[str, Path]:
        """The files that hold values, by the variables that name them."""
        names = [f"{_PREFIX}{name.upper()}_FILE" for name in type(self).model_fields]
        return {name: Path(os.environ[name]) for name in names if os.environ.get(name)}

    @property
    def url(self) -> str:
        """The database's URL: the embedded one's, unless another is set."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"{_SQLITE}{self.data_dir / 'dealdesk.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether the database is a file, which this program looks after by itself."""
        return self.url.startswith(_SQLITE)

    @property
    def timeouts(self) -> Timeouts:
        """How long the database may take."""
        return Timeouts(self.statement_seconds, self.wait_seconds)

    @property
    def concurrency_limits(self) -> ConcurrencyLimits:
        """How many operations run, and how long each."""
        return ConcurrencyLimits(
            self.operations_running, self.operations_waiting, self.queue_seconds, self.request_seconds
        )

    @property
    def server_limits(self) -> ServerLimits:
        """What connections may take, and how the server stops."""
        connections = ConnectionLimits(self.head_seconds, self.body_seconds, self.connections)
        return ServerLimits(connections, self.limits.body_bytes, self.drain_seconds, self.grace_seconds)

    @property
    def oidc(self) -> OidcConfig | None:
        """Which issuer of tokens is trusted, if one is."""
        if self.oidc_issuer is None or self.oidc_audience is None:
            return None
        return OidcConfig(
            issuer=self.oidc_issuer,
            audience=self.oidc_audience,
            jwks_url=self.oidc_jwks_url,
            organization=self.oidc_organization,
            organization_claim=self.oidc_organization_claim,
            user_claim=self.oidc_user_claim,
            role_claim=self.oidc_role_claim,
        )

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _safe(cls, url: str | None) -> str | None:
        if url is not None and not is_secure_url(url):
            raise ValueError
        return url

    @field_validator("database_url")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith((_SQLITE, *_SERVERS)):
            raise ValueError
        return url

    @field_validator("allowed_hosts")
    @classmethod
    def _without_ports(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST.fullmatch(host) for host in hosts):
            raise ValueError
        return hosts

    @field_validator("allowed_origins")
    @classmethod
    def _whole(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError
        return origins

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, directory: Path) -> Path:
        return directory.expanduser().absolute()


def _refusal(name: str, *inner: str) -> InvalidSettings:
    if name == "limits":
        return _bad_limit(*inner[:1])
    return InvalidSetting(name, _ALLOWED[name]) if name in _ALLOWED else InvalidDatabaseUrl()


def _bad_limit(name: str) -> InvalidSettings:
    if name not in Limits.model_fields:
        return InvalidSettings(f"{_PREFIX}LIMITS__{name.upper()} is no limit: there is {_LIMITS}.")
    return InvalidSetting(f"limits__{name}", _ALLOWED_LIMITS.get(name, "a whole number above 0"))


class TracingSettings(BaseSettings):
    """Whether traces are wanted; OpenTelemetry reads the rest of its variables by itself."""

    model_config = SettingsConfigDict(env_prefix="OTEL_", env_ignore_empty=True, frozen=True)

    exporter_otlp_endpoint: str | None = None
    exporter_otlp_traces_endpoint: str | None = None
    traces_exporter: str = "otlp"
    sdk_disabled: str = "false"

    @property
    def enabled(self) -> bool:
        """Whether there is somewhere to send them, and nothing against it."""
        somewhere = self.exporter_otlp_traces_endpoint or self.exporter_otlp_endpoint
        return bool(somewhere) and self.traces_exporter != "none" and self.sdk_disabled.lower() != "true"


_ALLOWED = {
    "allowed_hosts": "names without ports, separated by commas, such as deals.example,10.0.0.7",
    "allowed_origins": "origins, separated by commas, such as https://app.example,http://localhost:3000",
    **dict.fromkeys(("oidc_issuer", "oidc_jwks_url"), "a URL that begins with https://"),
    "documents": ", ".join(DocumentMode),
    "log_format": ", ".join(LogFormat),
    "metrics_port": "a number from 0 to 65535",
    **dict.fromkeys(
        (
            "request_seconds",
            "statement_seconds",
            "wait_seconds",
            "queue_seconds",
            "head_seconds",
            "body_seconds",
        ),
        "a number of seconds above 0",
    ),
    **dict.fromkeys(("drain_seconds", "grace_seconds"), "a number of seconds, or 0"),
    **dict.fromkeys(("operations_running", "connections"), "a whole number above 0"),
    "operations_waiting": "a whole number, or 0",
}
"""What may be written for a setting, where not everything may."""

_ALLOWED_LIMITS = {
    "aliases": "a whole number, or 0",
    "directives": "a whole number, or 0",
    "bucket": "a whole number, or 0",
    "init_seconds": "a number of seconds above 0",
    "role_factors": 'JSON from roles to whole numbers above 0, such as {"ADMIN": 4}',
}
_LIMITS = ", ".join(name.upper() for name in Limits.model_fields)
