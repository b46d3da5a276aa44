import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.api.support.command_line import CommandLine


def test_a_new_token_is_alone_on_the_last_line(dealdesk: CommandLine, data: Path) -> None:
    dealdesk.run("migrate", "--sample")

    status, out, err = dealdesk.run("token", "create", "--role", "sales", "--name", "ci")

    message, token, end = out.split("\n")
    assert (status, err, end) == (0, "", "")
    assert message == "The token 'ci' is shown only once. It is valid until it is revoked."
    assert re.fullmatch(r"dealdesk_[\w-]{43}", token)
    assert token.encode() not in (data / "dealdesk.db").read_bytes()


def test_tokens_are_listed_without_their_secrets(dealdesk: CommandLine) -> None:
    dealdesk.run("migrate", "--sample")
    create = ("token", "create", "--role", "READER", "--name")
    dealdesk.run(*create, "ci", "--expires-in", "2w", "--user", "Mara Lindqvist")
    dealdesk.run(*create, "theirs", "--organization", "Lowmoor Lifting")
    dealdesk.run(*create, "old")

    assert dealdesk.run("token", "revoke", "old") == (0, "The token 'old' is revoked.\n", "")
    _, out, _ = dealdesk.run("token", "list")

    ci, old = out.splitlines()
    assert re.fullmatch(r"ci\tREADER\tMara Lindqvist\tvalid until [-\d]{10} [\d:]{5} UTC", ci)
    assert re.fullmatch(r"old\tREADER\told\trevoked on [-\d]{10}", old)


def test_errors_about_tokens_are_reported_in_one_line(dealdesk: CommandLine) -> None:
    dealdesk.run("migrate", "--sample")
    create = ("token", "create", "--role", "ADMIN", "--name", "ci")
    dealdesk.run(*create)

    assert dealdesk.error_message(*create) == (
        "There is a token 'ci' already. Revoke it first, or choose another name."
    )
    assert dealdesk.error_message(*create, "--user", "Nobody") == (
        "No user of the organization has the e-mail address or name 'Nobody'."
    )
    assert dealdesk.error_message("token", "revoke", "other") == (
        "There is no token 'other' to revoke. `dealdesk token list` shows all tokens."
    )


def test_a_lifetime_needs_a_unit(dealdesk: CommandLine) -> None:
    for span in ("30", "0d", "-1d", "1y", "99999999w", "3651d"):
        status, out, err = dealdesk.run(
            "token", "create", "--role", "ADMIN", "--name", "ci", "--expires-in", span
        )
        assert (status, out) == (2, "")
        assert "--expires-in" in err


def test_a_token_without_a_user_belongs_to_one_service_user_of_its_name(
    dealdesk: CommandLine, data: Path
) -> None:
    dealdesk.run("migrate", "--sample")
    for _ in range(2):
        dealdesk.run("token", "create", "--role", "SALES", "--name", " nightly ")
        dealdesk.run("token", "revoke", "nightly")

    assert dealdesk.run("token", "create", "--role", "SALES", "--name", "a\nb")[0] == 1

    with closing(sqlite3.connect(data / "dealdesk.db")) as connection:
        users = connection.execute(
            "SELECT name, email FROM app_user WHERE email LIKE '%.invalid' ORDER BY created_at"
        ).fetchall()
        entries = connection.execute(
            "SELECT action FROM audit WHERE user_id IN (SELECT user_id FROM api_token)"
        ).fetchall()
    [(name, email)] = users
    assert name == "nightly"
    assert re.fullmatch(r"usr_[-0-9a-f]{36}@service-user\.invalid", email)
    assert entries == [("USER_CREATED",)]
