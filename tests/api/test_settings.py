from pathlib import Path

import pytest

from api.auth.oidc import OidcConfig
from api.http.limits import DEFAULT_LIMITS, Limits
from api.settings import InvalidDatabaseUrl, InvalidSetting, InvalidSettings, Settings
from api.transports.trusted_documents import DocumentMode
from db.domain.caller import Role


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEALDESK_DATABASE_URL", "DEALDESK_DATA_DIR", "DEALDESK_DOCUMENTS"):
        monkeypatch.delenv(name, raising=False)


def test_the_embedded_database_lives_in_the_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEALDESK_DATA_DIR", str(tmp_path))

    settings = Settings.from_environment()

    assert (settings.url, settings.is_embedded) == (f"sqlite:///{tmp_path}/dealdesk.db", True)


def test_the_data_directory_is_the_users_own_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/home/ada/share")
    monkeypatch.setenv("DEALDESK_DATA_DIR", "")

    assert Settings.from_environment().data_dir == Path("/home/ada/share/dealdesk")


def test_a_relative_data_directory_lies_below_the_working_directory(
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
def test_a_url_of_either_database_is_taken_as_it_is(
    url: str, is_embedded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", url)

    settings = Settings.from_environment()

    assert (settings.url, settings.is_embedded) == (url, is_embedded)


@pytest.mark.parametrize(
    "url", ["mysql://ada:swordfish@localhost/deals", "swordfish", "sqlite://swordfish.db"]
)
def test_another_url_is_refused_without_being_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", url)

    with pytest.raises(InvalidDatabaseUrl) as refusal:
        Settings.from_environment()

    assert str(refusal.value) == (
        "DEALDESK_DATABASE_URL can't be used: write postgresql://user:password@host/database"
        " or sqlite:///path/to/file."
    )


def test_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://ada:swordfish@localhost/dealdesk\n")
    monkeypatch.setenv("DEALDESK_DATABASE_URL_FILE", str(secret))

    settings = Settings.from_environment()

    assert settings.url == "postgresql://ada:swordfish@localhost/dealdesk"
    assert "swordfish" not in repr(settings)


def test_a_file_that_can_not_be_taken_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL_FILE", str(tmp_path / "missing"))
    with pytest.raises(
        InvalidSettings, match=r"DEALDESK_DATABASE_URL_FILE can't be read: No such file or directory\."
    ):
        Settings.from_environment()
    monkeypatch.setenv("DEALDESK_DATABASE_URL", "postgresql://localhost/dealdesk")
    with pytest.raises(InvalidSettings, match="are both set: set one of them"):
        Settings.from_environment()


def test_documents_are_not_trusted_unless_set() -> None:
    assert Settings.from_environment().documents is DocumentMode.OFF


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("DEALDESK_DOCUMENTS", "off, allow, only"),
        ("DEALDESK_LOG_FORMAT", "text, json"),
        ("DEALDESK_METRICS_PORT", "a number from 0 to 65535"),
        (
            "DEALDESK_ALLOWED_HOSTS",
            "names without ports, separated by commas, such as deals.example,10.0.0.7",
        ),
        (
            "DEALDESK_ALLOWED_ORIGINS",
            "origins, separated by commas, such as https://app.example,http://localhost:3000",
        ),
    ],
)
def test_another_value_is_refused_with_those_that_are_allowed(
    name: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "some/other")

    with pytest.raises(InvalidSetting) as refusal:
        Settings.from_environment()

    assert str(refusal.value) == f"{name} can't be used: write {allowed}."


def test_an_issuer_is_trusted_with_tokens_for_an_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment().oidc is None
    monkeypatch.setenv("DEALDESK_OIDC_ISSUER", "https://login.example")
    with pytest.raises(InvalidSettings, match="set both, or none"):
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
def test_an_issuer_and_an_audience_are_refused_without_each_other(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidSettings) as refusal:
        Settings.from_environment()

    assert str(refusal.value) == (
        "DEALDESK_OIDC_ISSUER and DEALDESK_OIDC_AUDIENCE go together: set both, or none."
    )


@pytest.mark.parametrize("name", ["DEALDESK_OIDC_ISSUER", "DEALDESK_OIDC_JWKS_URL"])
def test_an_issuer_is_never_asked_where_others_could_answer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://login.example/keys")

    with pytest.raises(InvalidSetting, match="write a URL that begins with https://"):
        Settings.from_environment()


def test_names_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_ALLOWED_HOSTS", "deals.example, [::1],10.0.0.7,")
    monkeypatch.setenv("DEALDESK_ALLOWED_ORIGINS", "https://app.example,http://localhost:3000")

    settings = Settings.from_environment()

    assert settings.allowed_hosts == ("deals.example", "[::1]", "10.0.0.7")
    assert settings.allowed_origins == ("https://app.example", "http://localhost:3000")


def test_limits_are_those_that_are_documented_unless_set() -> None:
    assert Settings.from_environment().limits == DEFAULT_LIMITS


def test_each_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_LIMITS__DEPTH", "7")
    monkeypatch.setenv("DEALDESK_LIMITS__BUCKET", "0")
    monkeypatch.setenv("DEALDESK_LIMITS__INIT_SECONDS", "2.5")
    monkeypatch.setenv("DEALDESK_LIMITS__ROLE_FACTORS", '{"ADMIN": 4}')

    expected = Limits(depth=7, bucket=0, init_seconds=2.5, role_factors={Role.ADMIN: 4})
    assert Settings.from_environment().limits == expected


FACTORS = 'JSON from roles to whole numbers above 0, such as {"ADMIN": 4}'


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DEPTH", "deep", "DEALDESK_LIMITS__DEPTH can't be used: write a whole number above 0."),
        ("COST", "0", "DEALDESK_LIMITS__COST can't be used: write a whole number above 0."),
        ("BUCKET", "-1", "DEALDESK_LIMITS__BUCKET can't be used: write a whole number, or 0."),
        (
            "INIT_SECONDS",
            "0",
            "DEALDESK_LIMITS__INIT_SECONDS can't be used: write a number of seconds above 0.",
        ),
        *(
            (
                "ROLE_FACTORS",
                value,
                f"DEALDESK_LIMITS__ROLE_FACTORS can't be used: write {FACTORS}.",
            )
            for value in ("4", "{", '{"BOSS": 4}', '{"ADMIN": 0}')
        ),
    ],
)
def test_a_limit_that_is_none_is_refused(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DEALDESK_LIMITS__{name}", value)

    with pytest.raises(InvalidSetting) as refusal:
        Settings.from_environment()

    assert str(refusal.value) == message


def test_an_unknown_limit_is_refused_with_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALDESK_LIMITS__HEIGHT", "7")

    with pytest.raises(
        InvalidSettings, match=r"^DEALDESK_LIMITS__HEIGHT is no limit: there is CHARACTERS, TOKENS, "
    ):
        Settings.from_environment()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("REQUEST_SECONDS", "0", "a number of seconds above 0"),
        ("STATEMENT_SECONDS", "inf", "a number of seconds above 0"),
        ("GRACE_SECONDS", "-1", "a number of seconds, or 0"),
        ("OPERATIONS_RUNNING", "many", "a whole number above 0"),
        ("OPERATIONS_WAITING", "-1", "a whole number, or 0"),
    ],
)
def test_a_time_or_a_number_that_can_not_be_is_refused(
    name: str, value: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DEALDESK_{name}", value)

    with pytest.raises(InvalidSetting, match=f"^DEALDESK_{name} can't be used: write {allowed}.$"):
        Settings.from_environment()
