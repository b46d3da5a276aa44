import pytest

from tests.clients.conftest import Run


@pytest.fixture(scope="module")
def compiled(npm: Run) -> None:
    """The types are generated, and every client has passed the compiler with --strict."""
    npm("compile-typescript")


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("client", ["fetching", "apollo", "urql"])
def test_a_client_in_typescript_is_refused_and_then_sells(client: str, node: Run, server_url: str) -> None:
    node(f"typescript/built/{client}.js", server_url)
