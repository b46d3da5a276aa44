from pathlib import Path

import pytest

from tests.clients.commands import CLIENTS, ROOT, attempt, run

pytestmark = pytest.mark.usefixtures("node")

MEMBERS = "union CloseQuotesResult = CloseQuotesRejectedError"
STATES = "enum OpportunityState {"
FIELD = "  canClose: Boolean!\n"
DOCUMENTED = '"""Any other rule that was broken'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that has released the schema as it is committed here."""
    (tmp_path / "schema").mkdir()
    write(tmp_path, read(ROOT))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=Released")
    git(tmp_path, "tag", "v0.9.0")
    return tmp_path


def test_the_schema_breaks_no_client_of_the_last_release() -> None:
    status, lines = compared(ROOT)

    assert status == 0, lines


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (MEMBERS, f"{MEMBERS} | StaleVersionError", "UNION_MEMBER_ADDED CloseQuotesResult"),
        (STATES, f"{STATES} SUSPENDED", "ENUM_VALUE_ADDED OpportunityState.SUSPENDED"),
        (FIELD, "  closable: Boolean!\n", "FIELD_REMOVED OpportunityClosingPreview.canClose"),
    ],
)
def test_what_can_break_a_client_fails(old: str, new: str, change: str, repository: Path) -> None:
    write(repository, read(repository).replace(old, new))

    status, lines = compared(repository)

    assert status == 1
    assert lines[0].startswith(f"{change}: ")
    assert lines[1] == "1 changes since v0.9.0 can break a client."


def test_a_new_code_of_an_operation_error_can_not_break_a_client(repository: Path) -> None:
    write(repository, read(repository).replace(DOCUMENTED, f"{DOCUMENTED}, such as CREDIT_CHECK_PENDING"))

    assert compared(repository) == (0, ["0 changes since v0.9.0 can break a client."])


def test_before_the_first_release_there_is_nothing_to_compare_with(repository: Path) -> None:
    git(repository, "tag", "--delete", "v0.9.0")

    assert compared(repository) == (0, ["There is no release yet to compare with."])


def compared(repository: Path) -> tuple[int, list[str]]:
    status, output = attempt("node", CLIENTS / "schema-diff" / "comparing.js", cwd=repository)
    return status, output.splitlines()


def read(repository: Path) -> str:
    return (repository / "schema" / "schema.graphql").read_text()


def write(repository: Path, schema: str) -> None:
    (repository / "schema" / "schema.graphql").write_text(schema)


def git(repository: Path, *command: str) -> None:
    identity = ("-c", "user.name=Tests", "-c", "user.email=tests@dealdesk.test")
    run("git", *identity, *command, cwd=repository)
