"""Settings from environment variables. No other module reads the environment."""

import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, Self

from platformdirs import user_data_path
from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
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
from db.domain.caller import Role
from db.domain.errors import DealdeskError
from db.sql.timeouts import Timeouts
from schema.limits.concurrency import ConcurrencyLimits

_PREFIX = "DEALDESK_"
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")
_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")


class InvalidSettings(DealdeskError):
    """Settings are not valid. The message never repeats their values, which may contain passwords."""


class InvalidDatabaseUrl(InvalidSettings):
    """``DEALDESK_DATABASE_URL`` does not name a database."""

    def __init__(self) -> None:
        super().__init__(
            "DEALDESK_DATABASE_URL is not valid. Write postgresql://user:password@host/database"
            " or sqlite:///path/to/file."
        )


def _split_names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _parse_role_map(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise PydanticCustomError(
            "role_map", 'Write a JSON object of the issuer\'s roles, such as {"Deal managers": "MANAGER"}'
        ) from None


_RoleMap = Annotated[
    dict[str, Role], NoDecode, BeforeValidator(_parse_role_map), Field(validate_default=False)
]
_PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_names), Field(validate_default=False)]


class _FileSource(PydanticBaseSettingsSource):
    """Values in files: ``DEALDESK_X_FILE`` names the file of ``DEALDESK_X``, as containers mount secrets."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        name = f"{_PREFIX}{field_name.upper()}"
        path = os.environ.get(f"{name}_FILE")
        if not path:
            return None, field_name, False
        if os.environ.get(name):
            raise InvalidSettings(f"{name} and {name}_FILE are both set. Set one of them.")
        try:
            return Path(path).read_text("utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise InvalidSettings(f"Cannot read the file of {name}_FILE: {reason}.") from None

    @override
    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        values = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in values.items() if value}


class Settings(BaseSettings):
    """The settings of the server and the commands, each with its default."""

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
    oidc_audience_claim: str = "aud"
    oidc_user_claim: str = "sub"
    oidc_role_claim: str = "role"
    oidc_role_map: _RoleMap = Field(default_factory=dict)
    oidc_name_claim: str = "name"
    oidc_email_claim: str = "email"
    oidc_email_verified_claim: str = "email_verified"
    oidc_require_email: bool = True

    documents: DocumentMode = DocumentMode.OFF
    documents_manifest: Path | None = None

    request_seconds: _PositiveSeconds = 30.0
    statement_seconds: _PositiveSeconds = 10.0
    wait_seconds: _PositiveSeconds = 5.0

    operations_running: PositiveInt = 64
    operations_waiting: NonNegativeInt = 512
    queue_seconds: _PositiveSeconds = 2.0

    limits: Limits = DEFAULT_LIMITS

    connections: PositiveInt = 12_000
    head_seconds: _PositiveSeconds = 10.0
    body_seconds: _PositiveSeconds = 30.0

    drain_seconds: _Seconds = 0.0
    grace_seconds: _Seconds = 10.0

    @classmethod
    def from_environment(cls) -> Self:
        """Return the settings that the environment holds.

        The variable of a setting is its name in capitals with the prefix ``DEALDESK_``; an empty one counts
        as absent. With the suffix ``_FILE``, the variable names a file that holds the value.

        Raises:
            InvalidDatabaseUrl: the URL of the database is not valid.
            InvalidSettings: another setting is not valid, or a file cannot be read.
        """
        try:
            return cls()
        except ValidationError as error:
            messages = []
            for each in error.errors():
                # Each limit has its own variable. The rest of the path belongs to the value.
                path = each["loc"][: 2 if each["loc"][:1] == ("limits",) else 1]
                name = _PREFIX + "__".join(map(str, path)).upper()
                messages.append(f"{name}: {each['msg']}." if path else f"{each['msg']}.")
            raise InvalidSettings(" ".join(messages)) from None
        except SettingsError:
            raise InvalidSettings("DEALDESK_LIMITS__ROLE_FACTORS: Input should be valid JSON.") from None

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        *sources: PydanticBaseSettingsSource,
        **named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return *sources, *named.values(), _FileSource(settings_cls)

    @property
    def value_files(self) -> dict[str, Path]:
        """The files that hold values, by the names of their variables."""
        names = [f"{_PREFIX}{name.upper()}_FILE" for name in type(self).model_fields]
        return {name: Path(os.environ[name]) for name in names if os.environ.get(name)}

    @property
    def url(self) -> str:
        """The URL of the database; by default the embedded one, in the data directory."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"{_SQLITE}{self.data_dir / 'dealdesk.db'}"

    @property
    def is_embedded(self) -> bool:
        """Whether the database is embedded: a file that this program creates and migrates by itself."""
        return self.url.startswith(_SQLITE)

    @property
    def timeouts(self) -> Timeouts:
        """The timeouts of the database."""
        return Timeouts(self.statement_seconds, self.wait_seconds)

    @property
    def concurrency_limits(self) -> ConcurrencyLimits:
        """The limits of operations that run and wait, and their timeouts."""
        return ConcurrencyLimits(
            self.operations_running, self.operations_waiting, self.queue_seconds, self.request_seconds
        )

    @property
    def server_limits(self) -> ServerLimits:
        """The limits of connections and of the shutdown."""
        connections = ConnectionLimits(self.head_seconds, self.body_seconds, self.connections)
        return ServerLimits(connections, self.limits.body_bytes, self.drain_seconds, self.grace_seconds)

    @property
    def oidc(self) -> OidcConfig | None:
        """The trusted OpenID Connect issuer, if there is one."""
        if self.oidc_issuer is None or self.oidc_audience is None:
            return None
        return OidcConfig(
            issuer=self.oidc_issuer,
            audience=self.oidc_audience,
            jwks_url=self.oidc_jwks_url,
            organization=self.oidc_organization,
            organization_claim=self.oidc_organization_claim,
            audience_claim=self.oidc_audience_claim,
            user_claim=self.oidc_user_claim,
            role_claim=self.oidc_role_claim,
            role_map=self.oidc_role_map,
            name_claim=self.oidc_name_claim,
            email_claim=self.oidc_email_claim,
            email_verified_claim=self.oidc_email_verified_claim,
            require_email=self.oidc_require_email,
        )

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _check_url(cls, url: str | None) -> str | None:
        if url is not None and not is_secure_url(url):
            raise PydanticCustomError("url", "Write a URL that begins with https://")
        return url

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith((_SQLITE, *_POSTGRESQL)):
            raise InvalidDatabaseUrl
        return url

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST.fullmatch(host) for host in hosts):
            raise PydanticCustomError(
                "hosts", "Write host names without ports, separated by commas, such as deals.example,10.0.0.7"
            )
        return hosts

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise PydanticCustomError(
                "origins",
                "Write origins, separated by commas, such as https://app.example,http://localhost:3000",
            )
        return origins

    @field_validator("data_dir")
    @classmethod
    def _make_absolute(cls, directory: Path) -> Path:
        return directory.expanduser().absolute()

    @model_validator(mode="after")
    def _check_oidc(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_audience is None):
            raise PydanticCustomError(
                "oidc",
                "DEALDESK_OIDC_ISSUER and DEALDESK_OIDC_AUDIENCE belong together. Set both, or neither",
            )
        return self


class TracingSettings(BaseSettings):
    """Whether traces are exported. OpenTelemetry reads its other variables by itself."""

    model_config = SettingsConfigDict(env_prefix="OTEL_", env_ignore_empty=True, frozen=True)

    exporter_otlp_endpoint: str | None = None
    exporter_otlp_traces_endpoint: str | None = None
    traces_exporter: str = "otlp"
    sdk_disabled: str = "false"

    @property
    def enabled(self) -> bool:
        """Whether an endpoint is set and nothing disables the export."""
        endpoint = self.exporter_otlp_traces_endpoint or self.exporter_otlp_endpoint
        return bool(endpoint) and self.traces_exporter != "none" and self.sdk_disabled.lower() != "true"
