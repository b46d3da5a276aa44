from pathlib import Path

import pytest

from api.auth.oidc import OidcConfig
from api.http.limits import DEFAULT_LIMITS, Limits
from api.settings import InvalidDatabaseUrl, InvalidSettings, Settings
from api.transports.trusted_documents import DocumentMode
from db.domain.caller import Role


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEALDESK_DATABASE_URL", "DEALDESK_DATA_DIR", "DEALDESK_DOCUMENTS"):
        monkeypatch.delenv(name, raising=False)


def test_the_embedded_database_is_in_the_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEALDESK_DATA_DIR", str(tmp_path))

    settings = Settings.from_environment()

    assert (settings.url, settings.is_embedded) == (f"sqlite:///{tmp_path}/dealdesk.db", True)


def test_the_default_data_directory_belongs_to_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/home/ada/share")
    monkeypatch.setenv("DEALDESK_DATA_DIR", "")

    assert Settings.from_environment().data_dir == Path("/home/ada/share/dealdesk")


def test_a_relative_data_directory_is_below_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEALDESK_DATA_DIR", "data")

    assert Settings.from_environment().data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("url", "is_embedded"),
    [
        ("postgresql://ada:secret@localhost/dealdesk", False),
        ("postgres://localhost/dealdesk", False),
        ("sqlite:////srv/dealdesk/deals.db", True),
    ],
)
def test_urls_of_both_databases_are_accepted(
    url: str, is_embedded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", url)

    settings = Settings.from_environment()

    assert (settings.url, settings.is_embedded) == (url, is_embedded)


@pytest.mark.parametrize(
    "url", ["mysql://ada:swordfish@localhost/deals", "swordfish", "sqlite://swordfish.db"]
)
def test_an_invalid_url_is_rejected_and_not_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", url)

    with pytest.raises(InvalidDatabaseUrl) as error:
        Settings.from_environment()

    assert str(error.value) == (
        "DEALDESK_DATABASE_URL is not valid. Write postgresql://user:password@host/database"
        " or sqlite:///path/to/file."
    )


def test_a_file_can_hold_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://ada:swordfish@localhost/dealdesk\n")
    monkeypatch.setenv("DEALDESK_DATABASE_URL_FILE", str(secret))

    settings = Settings.from_environment()

    assert settings.url == "postgresql://ada:swordfish@localhost/dealdesk"
    assert "swordfish" not in repr(settings)


def test_an_unreadable_or_ambiguous_file_is_rejected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL_FILE", str(tmp_path / "missing"))
    with pytest.raises(
        InvalidSettings,
        match=r"^Cannot read the file of DEALDESK_DATABASE_URL_FILE: No such file or directory\.$",
    ):
        Settings.from_environment()
    monkeypatch.setenv("DEALDESK_DATABASE_URL", "postgresql://localhost/dealdesk")
    with pytest.raises(InvalidSettings, match=r"are both set\. Set one of them\."):
        Settings.from_environment()


def test_trusted_documents_are_off_by_default() -> None:
    assert Settings.from_environment().documents is DocumentMode.OFF


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("DEALDESK_DOCUMENTS", "Input should be 'off', 'allow' or 'only'."),
        ("DEALDESK_LOG_FORMAT", "Input should be 'text' or 'json'."),
        (
            "DEALDESK_METRICS_PORT",
            "Input should be a valid integer, unable to parse string as an integer.",
        ),
        (
            "DEALDESK_ALLOWED_HOSTS",
            "Write host names without ports, separated by commas, such as deals.example,10.0.0.7.",
        ),
        (
            "DEALDESK_ALLOWED_ORIGINS",
            "Write origins, separated by commas, such as https://app.example,http://localhost:3000.",
        ),
    ],
)
def test_an_invalid_value_is_rejected_with_the_valid_ones(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "some/other")

    with pytest.raises(InvalidSettings) as error:
        Settings.from_environment()

    assert str(error.value) == f"{name}: {message}"


def test_all_invalid_values_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_METRICS_PORT", "65536")
    monkeypatch.setenv("DEALDESK_CONNECTIONS", "0")

    with pytest.raises(InvalidSettings) as error:
        Settings.from_environment()

    assert str(error.value) == (
        "DEALDESK_METRICS_PORT: Input should be less than or equal to 65535."
        " DEALDESK_CONNECTIONS: Input should be greater than 0."
    )


def test_an_issuer_is_trusted_for_an_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().oidc is None
    monkeypatch.setenv("DEALDESK_OIDC_ISSUER", "https://login.example")
    with pytest.raises(InvalidSettings, match="Set both, or neither"):
        Settings.from_environment()
    monkeypatch.setenv("DEALDESK_OIDC_AUDIENCE", "https://deals.example")
    monkeypatch.setenv("DEALDESK_OIDC_ROLE_CLAIM", "realm_access.roles")

    assert Settings.from_environment().oidc == OidcConfig(
        issuer="https://login.example", audience="https://deals.example", role_claim="realm_access.roles"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEALDESK_OIDC_ISSUER", "https://login.example"),
        ("DEALDESK_OIDC_AUDIENCE", "https://deals.example"),
    ],
)
def test_an_issuer_and_an_audience_must_be_set_together(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings) as error:
        Settings.from_environment()

    assert str(error.value) == (
        "DEALDESK_OIDC_ISSUER and DEALDESK_OIDC_AUDIENCE belong together. Set both, or neither."
    )


def test_a_role_map_is_a_json_object_of_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_OIDC_ROLE_MAP", '{"Deal sales, EMEA": "SALES"}')

    assert Settings.from_environment().oidc_role_map == {"Deal sales, EMEA": Role.SALES}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("secret", """Write a JSON object of the issuer's roles, such as {"Deal managers": "MANAGER"}."""),
        ('["secret"]', "Input should be a valid dictionary."),
        ('{"secret": "OWNER"}', "Input should be 'READER', 'SALES', 'MANAGER' or 'ADMIN'."),
    ],
)
def test_an_invalid_role_map_is_refused(text: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_OIDC_ROLE_MAP", text)

    with pytest.raises(InvalidSettings) as error:
        Settings.from_environment()

    assert str(error.value) == f"DEALDESK_OIDC_ROLE_MAP: {message}"


@pytest.mark.parametrize("name", ["DEALDESK_OIDC_ISSUER", "DEALDESK_OIDC_JWKS_URL"])
def test_an_issuer_must_use_https(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://login.example/keys")

    with pytest.raises(InvalidSettings, match=f"^{name}: Write a URL that begins with https://"):
        Settings.from_environment()


def test_hosts_and_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_ALLOWED_HOSTS", "deals.example, [::1],10.0.0.7,")
    monkeypatch.setenv("DEALDESK_ALLOWED_ORIGINS", "https://app.example,http://localhost:3000")

    settings = Settings.from_environment()

    assert settings.allowed_hosts == ("deals.example", "[::1]", "10.0.0.7")
    assert settings.allowed_origins == ("https://app.example", "http://localhost:3000")


def test_limits_have_defaults() -> None:
    assert Settings.from_environment().limits == DEFAULT_LIMITS


def test_each_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_LIMITS__DEPTH", "7")
    monkeypatch.setenv("DEALDESK_LIMITS__BUCKET", "0")
    monkeypatch.setenv("DEALDESK_LIMITS__INIT_SECONDS", "2.5")
    monkeypatch.setenv("DEALDESK_LIMITS__ROLE_FACTORS", '{"ADMIN": 4}')

    expected = Limits(depth=7, bucket=0, init_seconds=2.5, role_factors={Role.ADMIN: 4})
    assert Settings.from_environment().limits == expected


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DEPTH", "deep", "Input should be a valid integer, unable to parse string as an integer."),
        ("COST", "0", "Input should be greater than 0."),
        ("BUCKET", "-1", "Input should be greater than or equal to 0."),
        ("INIT_SECONDS", "0", "Input should be greater than 0."),
        ("ROLE_FACTORS", "4", "Input should be a valid dictionary."),
        ("ROLE_FACTORS", "{", "Input should be valid JSON."),
        ("ROLE_FACTORS", '{"BOSS": 4}', "Input should be 'READER', 'SALES', 'MANAGER' or 'ADMIN'."),
        ("ROLE_FACTORS", '{"ADMIN": 0}', "Input should be greater than 0."),
    ],
)
def test_an_invalid_limit_is_rejected(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DEALDESK_LIMITS__{name}", value)

    with pytest.raises(InvalidSettings) as error:
        Settings.from_environment()

    assert str(error.value) == f"DEALDESK_LIMITS__{name}: {message}"


def test_an_unknown_limit_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_LIMITS__HEIGHT", "7")

    with pytest.raises(InvalidSettings, match=r"^DEALDESK_LIMITS__HEIGHT: Extra inputs are not permitted\.$"):
        Settings.from_environment()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("REQUEST_SECONDS", "0", "Input should be greater than 0"),
        ("STATEMENT_SECONDS", "inf", "Input should be a finite number"),
        ("GRACE_SECONDS", "-1", "Input should be greater than or equal to 0"),
        (
            "OPERATIONS_RUNNING",
            "many",
            "Input should be a valid integer, unable to parse string as an integer",
        ),
        ("OPERATIONS_WAITING", "-1", "Input should be greater than or equal to 0"),
    ],
)
def test_an_invalid_duration_or_number_is_rejected(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DEALDESK_{name}", value)

    with pytest.raises(InvalidSettings, match=f"^DEALDESK_{name}: {message}.$"):
        Settings.from_environment()
