from tests.clients.conftest import Run


def test_relay_pages_refetches_is_refused_and_then_sells(npm: Run, node: Run, server_url: str) -> None:
    npm("compile-relay")
    node("relay/selling.js", server_url)
