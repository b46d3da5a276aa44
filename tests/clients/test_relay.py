"""Relay, with its store, pagination and refetching."""

from tests.clients.conftest import Run
from tests.smoke import Server


def test_relay_paginates_refetches_and_closes_an_opportunity(npm: Run, node: Run, server: Server) -> None:
    npm("compile-relay")
    node("relay/close-opportunity.js", *server)
