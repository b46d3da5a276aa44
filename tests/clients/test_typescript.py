import pytest

from tests.clients.conftest import Once, Run
from tests.smoke import Server


@pytest.fixture(scope="module")
def compiled(npm: Run, once: Once) -> None:
    """The types are generated, and every client has passed the compiler with --strict."""
    once("typescript", lambda: npm("compile-typescript"))


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("client", ["fetching", "apollo", "urql"])
def test_a_client_in_typescript_is_refused_and_then_sells(client: str, node: Run, server: Server) -> None:
    node(f"typescript/built/{client}.js", *server)
