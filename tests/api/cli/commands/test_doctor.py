import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.support.command_line import CommandLine
from tests.api.support.oidc_issuer import AUDIENCE, run_issuer


def test_an_intact_database_passes_all_checks(dealdesk: CommandLine, data: Path) -> None:
    dealdesk.run("migrate", "--sample")

    status, out, err = dealdesk.run("doctor")

    assert (status, err) == (0, "")
    assert {line[:6] for line in out.splitlines()} <= {"ok    ", "warn  "}
    assert f"ok    Only its owner can access {data / 'dealdesk.db'}.\n" in out
    assert "ok    The tables match this version.\n" in out
    assert "ok    The closing rules hold in every row.\n" in out


def test_a_broken_database_exits_with_status_1(dealdesk: CommandLine, data: Path) -> None:
    dealdesk.run("migrate", "--sample")
    with closing(sqlite3.connect(data / "dealdesk.db")) as connection, connection:
        connection.execute("UPDATE quote SET opportunity_id = 'nowhere' WHERE number = 'QUO-1042'")

    status, out, err = dealdesk.run("doctor")

    assert (status, err) == (1, "")
    assert re.search(
        r"^fail  \d+ references from quote to opportunity point at missing rows\.", out, re.MULTILINE
    )


def test_an_issuer_that_calls_itself_otherwise_is_named_with_both_values(
    dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    dealdesk.run("migrate", "--sample")
    monkeypatch.setenv("DEALDESK_OIDC_AUDIENCE", AUDIENCE)
    with run_issuer() as issuer:
        monkeypatch.setenv("DEALDESK_OIDC_ISSUER", f"{issuer.url}/")
        status, out, _ = dealdesk.run("doctor")
        message = dealdesk.error_message("serve", "--port", "0")
        monkeypatch.setenv("DEALDESK_OIDC_ISSUER", issuer.url)
        accepted, _, _ = dealdesk.run("doctor")

    setting, name = f"{issuer.url}/", issuer.url
    wrong = f"DEALDESK_OIDC_ISSUER is {setting!r}, and its openid-configuration names the issuer {name!r}."
    assert (status, accepted) == (1, 0)
    assert f"fail  {wrong}" in out
    assert message.startswith(wrong)


def test_a_missing_database_is_only_a_warning(dealdesk: CommandLine, data: Path) -> None:
    status, out, _ = dealdesk.run("doctor")

    assert status == 0
    assert out.endswith(
        f"warn  There is no database at {data / 'dealdesk.db'} yet. `dealdesk serve` creates it.\n"
    )
    assert not data.exists()


def test_a_secret_that_all_users_can_read_is_a_warning(
    dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "url"
    secret.write_text(f"sqlite:///{tmp_path}/deals.db")
    monkeypatch.setenv("DEALDESK_DATABASE_URL_FILE", str(secret))

    secret.chmod(0o644)
    assert dealdesk.run("doctor")[1].splitlines()[0] == (
        "warn  All users of this machine can access the file of DEALDESK_DATABASE_URL_FILE."
        f" Restrict it: `chmod 600 {secret}`."
    )
    secret.chmod(0o600)
    assert dealdesk.run("doctor")[1].splitlines()[0] == "ok    No setting is risky."


def test_risky_settings_are_warnings_without_their_values(
    dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", "postgresql://ada:swordfish@deals.invalid:1/deals")
    monkeypatch.setenv("DEALDESK_METRICS_PORT", "9464")
    monkeypatch.setenv("DEALDESK_METRICS_HOST", "0.0.0.0")  # noqa: S104 - a warning

    status, out, _ = dealdesk.run("doctor")

    encryption, metrics, unreachable = out.splitlines()
    assert status == 1
    assert encryption == (
        "warn  DEALDESK_DATABASE_URL does not require encryption. Append ?sslmode=verify-full to it."
    )
    assert metrics == (
        "warn  DEALDESK_METRICS_HOST lets other machines read the metrics without a token."
        " Allow only Prometheus to connect, with a firewall."
    )
    assert unreachable.startswith("fail  PostgreSQL can't be reached: ")
    assert "swordfish" not in out
