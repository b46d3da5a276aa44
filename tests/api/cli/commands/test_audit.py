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
        r" Head org_[-0-9a-f]{36}-\d+-[0-9a-f]{64}",
        corvane,
    )
    head = corvane.split()[-1]
    assert dealdesk.run("audit", "verify", "--head", head) == (0, out, "")
    forged = "-".join([*head.split("-")[:-2], "1", "f" * 64])
    missing = (
        f"The head {forged} is not an intact seal of its organization: entries were changed or deleted, or"
        " all seals were rewritten.\n"
    )
    assert dealdesk.run("audit", "verify", "--head", head, "--head", forged) == (1, f"{out}{missing}", "")
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


def test_a_text_that_is_no_head_is_refused(dealdesk: CommandLine) -> None:
    dealdesk.run("migrate", "--sample")

    assert dealdesk.error_message("audit", "verify", "--head", "12") == (
        "'12' is not a head. Write it as `dealdesk audit verify` printed it:"
        " org_<id of the organization>-<sequence>-<64 hexadecimal digits>."
    )


def test_a_removed_organization_is_reported(dealdesk: CommandLine, data: Path) -> None:
    dealdesk.run("migrate", "--sample")
    dealdesk.run("audit", "seal")
    _, before, _ = dealdesk.run("audit", "verify")
    corvane, lowmoor = before.splitlines()
    head = corvane.split()[-1]
    with closing(sqlite3.connect(data / "dealdesk.db")) as connection, connection:
        connection.execute("DELETE FROM organization WHERE name = 'Corvane Engineering'")

    status, out, _ = dealdesk.run("audit", "verify", "--head", head)

    organization, sequence, _ = head.rsplit("-", 2)
    assert (status, out) == (
        1,
        f"{lowmoor}\n{organization}: BROKEN after {int(sequence):,} entries. Its organization was removed.\n",
    )
