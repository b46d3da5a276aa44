import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from schema.build import build_schema
from tests.api.support.command_line import CommandLine
from tests.db.importers.pipeline_files import ENGAGING, LOST, PROSPECTING, WON, pipeline_files
from tests.postgres import PostgresServer


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_dealdesk_without_a_command_serves_on_port_8000(dealdesk: CommandLine, data: Path) -> None:
    with closing(socket.socket()) as ours:
        with suppress(OSError):  # another program's socket there is enough
            ours.bind(("127.0.0.1", 8000))
            ours.listen()

        assert dealdesk.error_message() == (
            "Port 8000 on 127.0.0.1 is already in use. Choose another with --port."
        )
    assert not data.exists()


def test_a_port_in_use_is_named(dealdesk: CommandLine, taken_port: int, data: Path) -> None:
    assert dealdesk.error_message("serve", "--host", "localhost", "--port", str(taken_port)) == (
        f"Port {taken_port} on localhost is already in use. Choose another with --port."
    )
    assert not data.exists()


@pytest.mark.parametrize("host", ["example.com", "256.0.0.1", ""])
def test_a_host_that_is_no_ip_address_is_refused(host: str, dealdesk: CommandLine, data: Path) -> None:
    assert dealdesk.error_message("serve", "--host", host) == (
        f"{host!r} is not an IP address. Omit --host, or use 127.0.0.1, ::1 or 0.0.0.0."
    )
    assert not data.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - refused
def test_a_server_that_others_can_reach_needs_a_token_and_allowed_hosts(
    host: str, dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve = ("serve", "--host", host, "--port", "0")
    hosts = "set DEALDESK_ALLOWED_HOSTS to the host names that clients use, such as deals.example"
    reached, otherwise = f"Other machines can reach {host}. First", "; or omit --host."
    create = "set DEALDESK_OIDC_ISSUER, or create a token with `dealdesk token create`"

    assert dealdesk.error_message(*serve) == f"{reached} {create}, and {hosts}{otherwise}"
    assert dealdesk.run("token", "list") == (0, "", "")
    with monkeypatch.context() as patch:
        patch.setenv("DEALDESK_ALLOWED_HOSTS", "deals.example")
        assert dealdesk.error_message(*serve) == f"{reached} {create}{otherwise}"
    dealdesk.run("token", "create", "--role", "ADMIN", "--name", "ci")
    assert dealdesk.error_message(*serve) == f"{reached} {hosts}{otherwise}"


def test_a_wrong_option_is_a_usage_error(dealdesk: CommandLine) -> None:
    status, out, err = dealdesk.run("serve", "--port", "65536")

    assert (status, out) == (2, "")
    assert "--port" in err


def test_an_invalid_database_url_is_reported_in_one_line(
    dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("mysql://localhost/deals", "postgresql://ada:swordfish@localhost:port/deals", "sqlite:///"):
        monkeypatch.setenv("DEALDESK_DATABASE_URL", url)
        for command in ("migrate", "serve --port 0", "import pipeline ."):
            assert dealdesk.error_message(*command.split()) == (
                "DEALDESK_DATABASE_URL is not valid. Write"
                " postgresql://user:password@host/database or sqlite:///path/to/file."
            )


def test_a_directory_that_can_not_be_created_is_reported_in_one_line(
    dealdesk: CommandLine, data: Path
) -> None:
    data.write_text("in the way")

    assert dealdesk.error_message("migrate") == f"The directory {data} can't be created: File exists."


def test_migrate_creates_the_embedded_database_for_its_user_only(dealdesk: CommandLine, data: Path) -> None:
    assert dealdesk.run("migrate") == (0, "The database is up to date.\n", "")
    assert data.stat().st_mode & 0o777 == 0o700
    assert _organizations(data) == []


def test_a_database_of_a_newer_version_is_not_changed(dealdesk: CommandLine, data: Path) -> None:
    dealdesk.run("migrate")
    with closing(sqlite3.connect(data / "dealdesk.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    for command in ("migrate", "serve --port 0"):
        assert dealdesk.error_message(*command.split()) == (
            "The database was migrated by a newer version of Dealdesk. Run that version."
        )
    assert _organizations(data) == []


def test_the_sample_data_is_loaded_once(dealdesk: CommandLine, data: Path) -> None:
    for _ in range(2):
        assert dealdesk.run("migrate", "--sample") == (0, "The database is up to date.\n", "")

    assert _organizations(data) == ["Corvane Engineering", "Lowmoor Lifting"]


def test_the_schema_is_printed(dealdesk: CommandLine) -> None:
    assert dealdesk.run("schema") == (0, build_schema().sdl(), "")


def test_a_postgresql_database_must_be_migrated_before_it_is_used(
    dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch, postgresql_server: PostgresServer
) -> None:
    with postgresql_server.database("not_migrated") as url:
        monkeypatch.setenv("DEALDESK_DATABASE_URL", url)

        for command in ("serve --port 0", "import pipeline ."):
            assert dealdesk.error_message(*command.split()) == (
                "The database's tables do not match this version, or were restored from a backup."
                " Run `dealdesk migrate`."
            )


def test_an_empty_postgresql_database_is_not_served(
    dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", postgresql_url)

    assert dealdesk.error_message("serve", "--port", "0") == (
        "The database contains no organization. Import one with `dealdesk import`, or load sample data"
        " with `dealdesk migrate --sample`."
    )


def test_an_unreachable_server_is_reported_without_the_password(
    dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.socket()) as deaf:
        deaf.bind(("127.0.0.1", 0))
        host, port = deaf.getsockname()
        monkeypatch.setenv("DEALDESK_DATABASE_URL", f"postgresql://ada:swordfish@{host}:{port}/deals")

        refusal = dealdesk.error_message("migrate")

    assert refusal.startswith("PostgreSQL can't be reached: ")
    assert "swordfish" not in refusal


def test_an_import_reports_the_imported_rows(dealdesk: CommandLine, tmp_path: Path) -> None:
    files = pipeline_files(tmp_path, [WON, LOST, ENGAGING, PROSPECTING])

    assert dealdesk.run("import", "pipeline", str(files)) == (
        0,
        """\
                      imported        existing
organizations                1               0
users                        3               0
contracting units            2               0
accounts                     1               0
opportunities                4               0
quotes                       2               0
opportunities imported as lost: 1
opportunities imported as open: 2
opportunities imported as won: 1
1 x no engage date: created on its close date, or on the day of the import while open
sales_teams.csv: 2 rows read, 0 of them rejected
accounts.csv: 1 rows read, 0 of them rejected
products.csv: 2 rows read, 0 of them rejected
sales_pipeline.csv: 4 rows read, 0 of them rejected
0 rows rejected
""",
        "",
    )


def test_an_import_with_rejected_rows_names_each_and_exits_with_status_3(
    dealdesk: CommandLine, tmp_path: Path
) -> None:
    files = pipeline_files(tmp_path, [WON, "WON2,Nobody,GTX Pro,Isdom,Won,2026-01-05,2026-03-01,1"])

    status, out, err = dealdesk.run("import", "pipeline", str(files))

    assert (status, err) == (3, "")
    assert out.endswith(
        "rejected: sales_pipeline.csv, line 3: sales_agent 'Nobody' is unknown.\n1 rows rejected\n"
    )


def test_an_import_of_a_broken_file_names_the_line_and_exits_with_status_3(
    dealdesk: CommandLine, tmp_path: Path
) -> None:
    files = pipeline_files(
        tmp_path, [WON], accounts=["Isdom,,,,,,", 'A,medical,2002,1,1,"Norway,', "B,,,,,,"]
    )

    status, out, err = dealdesk.run("import", "pipeline", str(files))

    assert (status, err) == (3, "")
    assert "accounts.csv: 1 rows read, 0 of them rejected\n" in out
    assert "not read: accounts.csv, from line 3 to the end: A field begins with a quote that is not" in out


def test_an_import_without_files_is_reported_in_one_line(
    dealdesk: CommandLine, tmp_path: Path, data: Path
) -> None:
    assert dealdesk.error_message("import", "pipeline", str(tmp_path)) == (
        f"sales_teams.csv can't be read in {tmp_path}: No such file or directory."
    )
    assert _organizations(data) == []


def _organizations(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "dealdesk.db")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM organization ORDER BY name")]
