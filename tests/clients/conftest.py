"""The server, and the packages that its clients are built from."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.clients.commands import CLIENTS, run
from tests.smoke import Server, running

Run = Callable[..., str]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all clients share; each of them sells other deals of the sample data."""
    with served(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="session")
def node() -> Run:
    """Run a script with Node, with the packages that package-lock.json pins."""
    need("node")
    need("npm")
    lock, installed = CLIENTS / "package-lock.json", CLIENTS / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return partial(run, "node")


@pytest.fixture(scope="session")
def npm(node: Run) -> Run:  # noqa: ARG001 - the packages are needed
    """Run a script of package.json."""
    return partial(run, "npm", "run", "--silent")


def served(directory: Path) -> AbstractContextManager[Server]:
    """Serve the sample data from an empty directory."""
    dealdesk = Path(sys.executable).with_name("dealdesk")
    return running([str(dealdesk), "serve", "--port", "0"], directory)


def need(program: str) -> None:
    """Skip what can't run without a program; in CI there is no excuse."""
    if shutil.which(program) is None:
        missing = f"{program} is not installed"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
