import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.api.support.command_line import CommandLine


def test_entries_are_sealed_and_verified(dealdesk: CommandLine) -> None:
    dealdesk.run("migrate", "--sample")

    _, sealed, _ = dealdesk.run("audit", "seal")
    status, out, err = dealdesk.run("audit", "verify")

    entries = re.fullmatch(r"([\d,]+) entries sealed\.\n", sealed)
    assert entries
    assert (status, err) == (0, "")
    corvane, lowmoor = out.splitlines()
    assert re.fullmatch(
        r"Corvane Engineering: [\d,]+ entries match their seals, 0 are not sealed yet\."
        r" Head \d+-[0-9a-f]{64}",
        corvane,
    )
    head = corvane.split()[-1]
    assert dealdesk.run("audit", "verify", "--head", head) == (0, out, "")
    forged = f"1-{'f' * 64}"
    assert dealdesk.run("audit", "verify", "--head", head, "--head", forged) == (
        1,
        f"{out}The head {forged} does not exist: entries were deleted, or all seals were rewritten.\n",
        "",
    )
    assert lowmoor.startswith("Lowmoor Lifting: ")


def test_a_changed_entry_is_reported(dealdesk: CommandLine, data: Path) -> None:
    dealdesk.run("migrate", "--sample")
    dealdesk.run("audit", "seal")
    with closing(sqlite3.connect(data / "dealdesk.db")) as connection, connection:
        connection.execute(
            "UPDATE audit SET details = '{}'"
            " WHERE id = (SELECT audit_id FROM audit_seal ORDER BY organization_id, sequence LIMIT 1)"
        )

    status, out, _ = dealdesk.run("audit", "verify")

    assert status == 1
    assert re.search(r"BROKEN after 0 entries\. Entry his_[-\w]{36} \(.+\) or its seal 1 was changed\.", out)
