"""The schema and the server against published conventions."""

from tests.clients.conftest import Run
from tests.smoke import Server


def test_the_server_passes_all_audits_of_graphql_over_http(node: Run, server: Server) -> None:
    assert node("audits/graphql-over-http.js", *server) == "61 audits, 0 failed\n"


def test_the_schema_passes_the_lint_rules_of_graphql_and_relay(npm: Run) -> None:
    npm("lint-schema")
