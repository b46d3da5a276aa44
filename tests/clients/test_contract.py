from tests.clients.conftest import Run
from tests.smoke import Server


def test_the_server_passes_every_audit_of_graphql_over_http(node: Run, server: Server) -> None:
    assert node("audits/auditing.js", *server) == "61 audits, 0 failed\n"


def test_the_schema_follows_the_conventions_of_graphql_and_of_relay(npm: Run) -> None:
    npm("lint-schema")
