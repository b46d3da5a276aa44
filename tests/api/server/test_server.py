import sys
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.smoke import ask, close_the_crane_deal, running

SERVE = (str(Path(sys.executable).with_name("dealdesk")), "serve", "--port", "0")
STATES = '{ opportunities(filter: {name: {eq: "Harbour crane retrofit"}}) { nodes { state } } }'


def test_a_server_starts_without_data_and_finds_its_data_again(tmp_path: Path) -> None:
    with running(SERVE, tmp_path / "data") as first:
        close_the_crane_deal(first)
        with pytest.raises(HTTPError, match="401"):
            ask(first._replace(token=""), STATES)
    with running(SERVE, tmp_path / "data") as second:
        assert second.token == ""
        assert ask(second._replace(token=first.token), STATES) == {
            "opportunities": {"nodes": [{"state": "WON"}]}
        }


def test_a_server_listens_on_ipv6(tmp_path: Path) -> None:
    with running((*SERVE, "--host", "::1"), tmp_path) as server:
        assert server.url.startswith("http://[::1]:")
        assert ask(server, "{ __typename }") == {"__typename": "Query"}
