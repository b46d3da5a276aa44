"""The comparison of the schema with that of the last release."""

from pathlib import Path

import pytest

from tests.clients.commands import CLIENTS, ROOT, attempt, run

pytestmark = pytest.mark.usefixtures("node")

MEMBERS = "union CloseQuotesResult = CloseQuotesRejectedError"
STATES = "enum OpportunityState {"
FIELD = "  canClose: Boolean!\n"
ERROR_DESCRIPTION = '"""Any other rule that was broken'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose last release has the committed schema."""
    (tmp_path / "schema").mkdir()
    write(tmp_path, read(ROOT))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=Released")
    git(tmp_path, "tag", "v0.9.0")
    return tmp_path


def test_the_schema_has_no_unaccepted_breaking_change() -> None:
    status, lines = compare(ROOT)

    assert status == 0, lines


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (MEMBERS, f"{MEMBERS} | StaleVersionError", "UNION_MEMBER_ADDED CloseQuotesResult"),
        (STATES, f"{STATES} SUSPENDED", "ENUM_VALUE_ADDED OpportunityState.SUSPENDED"),
        (FIELD, "  closable: Boolean!\n", "FIELD_REMOVED OpportunityClosingPreview.canClose"),
    ],
)
def test_a_breaking_change_fails(old: str, new: str, change: str, repository: Path) -> None:
    write(repository, read(repository).replace(old, new))

    status, lines = compare(repository)

    assert status == 1
    assert lines[0].startswith(f"{change}: ")
    assert lines[1] == "1 changes since v0.9.0 can break a client."


def test_a_new_code_of_an_operation_error_is_not_breaking(repository: Path) -> None:
    write(
        repository,
        read(repository).replace(ERROR_DESCRIPTION, f"{ERROR_DESCRIPTION}, such as CREDIT_CHECK_PENDING"),
    )

    assert compare(repository) == (0, ["0 changes since v0.9.0 can break a client."])


def test_without_a_release_there_is_no_comparison(repository: Path) -> None:
    git(repository, "tag", "--delete", "v0.9.0")

    assert compare(repository) == (0, ["There is no release yet to compare with."])


def compare(repository: Path) -> tuple[int, list[str]]:
    status, output = attempt("node", CLIENTS / "schema-diff" / "compare.js", cwd=repository)
    return status, output.splitlines()


def read(repository: Path) -> str:
    return (repository / "schema" / "schema.graphql").read_text()


def write(repository: Path, schema: str) -> None:
    (repository / "schema" / "schema.graphql").write_text(schema)


def git(repository: Path, *command: str) -> None:
    identity = ("-c", "user.name=Tests", "-c", "user.email=tests@dealdesk.test")
    run("git", *identity, *command, cwd=repository)
