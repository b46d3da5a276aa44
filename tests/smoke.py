"""The smoke test: start the real server on an empty directory and close an opportunity.

Run it with ``python -m tests.smoke``. It needs only the standard library and uv.
"""

import json
import os
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from threading import Timer
from typing import Any, NamedTuple

START_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 30

PIPELINE = """{
  opportunities(filter: {state: {eq: OPEN}, name: {eq: "Harbour crane retrofit"}}) {
    nodes { id quotes(filter: {state: {in: [ACTIVE, DRAFT]}}) { nodes { number revision } } }
  }
}"""
CLOSE = """mutation($id: ID!) {
  closeOpportunity(input: {opportunityId: $id, outcome: {won: {}}}) {
    __typename
    ... on ActiveQuotesError { blockingQuotes { nodes { number revision } } }
    ... on CloseOpportunitySuccess {
      opportunityClose { statusReason { label } actualRevenue { amount currencyCode } }
    }
  }
}"""
CLOSE_QUOTES = """mutation($id: ID!) {
  closeQuotes(input: {quotes: {ofOpportunity: $id}}) {
    ... on CloseQuotesSuccess { closedQuotes { nodes { number revision } } }
  }
}"""
HISTORY = "query($id: ID!) { opportunity(id: $id) { state close { outcome closedBy { name } } } }"

BLOCKING = [{"number": "QUO-1042", "revision": 1}, {"number": "QUO-1043", "revision": 0}]
REMAINING = [*BLOCKING, {"number": "QUO-1044", "revision": 0}]


class Server(NamedTuple):
    """The URL of a running server, and the token that it printed if this was its first start."""

    url: str
    token: str = ""


def main() -> None:
    """Start the server as the README says, and close the crane opportunity."""
    with (
        tempfile.TemporaryDirectory(prefix="dealdesk-") as directory,
        running(["uv", "run", "dealdesk", "serve", "--port", "0"], Path(directory) / "data") as server,
    ):
        close_the_crane_deal(server)
    print("The crane deal was refused, its quotes closed, then it was won.")  # noqa: T201 - a script's result


def close_the_crane_deal(server: Server) -> None:
    """Close the crane opportunity, which needs its quotes to be closed first.

    Raises:
        AssertionError: a response differs from the expected one.
    """
    [crane] = ask(server, PIPELINE)["opportunities"]["nodes"]
    assert crane["quotes"]["nodes"] == REMAINING
    id_ = crane["id"]
    assert ask(server, CLOSE, id=id_)["closeOpportunity"] == {
        "__typename": "ActiveQuotesError",
        "blockingQuotes": {"nodes": BLOCKING},
    }
    assert ask(server, CLOSE_QUOTES, id=id_)["closeQuotes"] == {"closedQuotes": {"nodes": REMAINING}}
    assert ask(server, CLOSE, id=id_)["closeOpportunity"] == {
        "__typename": "CloseOpportunitySuccess",
        "opportunityClose": {
            "statusReason": {"label": "Won"},
            "actualRevenue": {"amount": "1240000.00", "currencyCode": "EUR"},
        },
    }
    assert ask(server, CLOSE, id=id_)["closeOpportunity"] == {"__typename": "OpportunityAlreadyClosedError"}
    assert ask(server, HISTORY, id=id_)["opportunity"] == {
        "state": "WON",
        "close": {"outcome": "WON", "closedBy": {"name": "Ingrid Solheim"}},
    }


def ask(server: Server, query: str, **variables: str) -> Any:
    """Return the data of a server's response."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"authorization": f"Bearer {server.token}", "content-type": "application/json"}
    request = urllib.request.Request(server.url, body, headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
        return json.load(response)["data"]


@contextmanager
def running(command: Sequence[str], directory: Path) -> Iterator[Server]:
    """Run a server with its data in ``directory`` until the block ends; yield what its banner says.

    Raises:
        RuntimeError: the server did not start, or did not exit with status 0.
    """
    with subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        env={**os.environ, "DEALDESK_DATA_DIR": str(directory), "DEALDESK_DATABASE_URL": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield _read_banner(process)
            process.send_signal(signal.SIGTERM)
            if process.wait(STOP_TIMEOUT_SECONDS) != 0:
                raise RuntimeError(f"{command} exited with status {process.returncode}.")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _read_banner(process: subprocess.Popen[str]) -> Server:
    timeout = Timer(START_TIMEOUT_SECONDS, process.kill)
    timeout.start()
    try:
        banner = takewhile(lambda line: "curl" not in line, process.stdout)  # type: ignore[arg-type]
        lines = [line.strip() for line in banner]
    finally:
        timeout.cancel()
    if not lines or not lines[0].startswith("Dealdesk is running at "):
        raise RuntimeError(f"The server did not start: {lines!r}")
    url = lines[0].split()[-1]
    links = [line for line in lines if line.startswith(f"{url}#token=")]
    return Server(url, *(line.partition("=")[2] for line in links))


if __name__ == "__main__":
    main()
