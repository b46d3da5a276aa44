import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.support.command_line import CommandLine


def test_a_backup_is_restored(dealdesk: CommandLine, data: Path, tmp_path: Path) -> None:
    dealdesk.run("migrate", "--sample")
    copy = tmp_path / "copy.db"

    status, out, err = dealdesk.run("backup", str(copy))
    assert (status, err) == (0, "")
    assert out.endswith(f" tables to {copy}, and verified it: {copy.stat().st_size:,} bytes.\n")

    (data / "dealdesk.db").unlink()
    assert dealdesk.run("restore", str(copy)) == (0, f"Restored {data / 'dealdesk.db'} from {copy}.\n", "")
    with closing(sqlite3.connect(data / "dealdesk.db")) as database:
        names = database.execute("SELECT name FROM organization ORDER BY name").fetchall()
    assert names == [("Corvane Engineering",), ("Lowmoor Lifting",)]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_postgresql_is_backed_up_with_its_own_tools(
    command: str, dealdesk: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", "postgresql://localhost/deals")

    assert dealdesk.error_message(command, str(tmp_path / "copy.db")) == (
        "DEALDESK_DATABASE_URL names a PostgreSQL database. Use PostgreSQL's tools: pg_dump copies a"
        " database, pg_restore restores it into an empty one. Then run `dealdesk migrate`."
    )
