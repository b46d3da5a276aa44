from tests.clients.conftest import Run
from tests.smoke import Server


def test_relay_pages_refetches_is_refused_and_then_sells(npm: Run, node: Run, server: Server) -> None:
    npm("compile-relay")
    node("relay/selling.js", *server)
