import sys
from pathlib import Path

from tests.smoke import ask, close_the_crane_deal, running

SERVE = (str(Path(sys.executable).with_name("dealdesk")), "serve", "--port", "0")
STATES = '{ opportunities(filter: {name: {eq: "Harbour crane retrofit"}}) { nodes { state } } }'


def test_the_server_starts_on_nothing_and_finds_its_data_again(tmp_path: Path) -> None:
    with running(SERVE, tmp_path / "data") as url:
        close_the_crane_deal(url)
    with running(SERVE, tmp_path / "data") as url:
        assert ask(url, STATES) == {"opportunities": {"nodes": [{"state": "WON"}]}}


def test_ipv6_is_served_too(tmp_path: Path) -> None:
    with running((*SERVE, "--host", "::1"), tmp_path) as url:
        assert url.startswith("http://[::1]:")
        assert ask(url, "{ __typename }") == {"__typename": "Query"}
