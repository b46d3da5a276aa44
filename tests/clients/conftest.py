"""The server, the Node packages, and the code blocks of the READMEs."""

import fcntl
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.clients.commands import CLIENTS, ROOT, run
from tests.smoke import Server, running

Run = Callable[..., str]
Once = Callable[[str, Callable[[], str]], str]

READMES = [ROOT / "README.md", *(ROOT / package / "README.md" for package in ("api", "schema", "db"))]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all clients share; each closes another opportunity of the sample data."""
    with serve_sample_data(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Call a function once for all test processes; each of them gets its result."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def do(name: str, act: Callable[[], str]) -> str:
        with (shared / name).open("a+") as kept:
            fcntl.flock(kept, fcntl.LOCK_EX)
            kept.seek(0)
            text = kept.read()
            if not text:
                text = f"{act()}\n"
                kept.write(text)
            return text

    return do


@pytest.fixture(scope="session")
def node(once: Once) -> Run:
    """Run a script with Node and the packages of package-lock.json."""
    require("node")
    require("npm")
    once("npm", _install)
    return partial(run, "node")


def _install() -> str:
    lock, installed = CLIENTS / "package-lock.json", CLIENTS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return "already installed"
    return run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


@pytest.fixture(scope="session")
def npm(node: Run) -> Run:  # noqa: ARG001 - the packages have to be installed
    """Run a script of package.json."""
    return partial(run, "npm", "run", "--silent")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the folders that the READMEs' configurations of code generators expect."""
    for folder, original in (
        ("schema", ROOT / "schema" / "schema.graphql"),
        ("src", CLIENTS / "operations.graphql"),
        ("queries", CLIENTS / "operations.graphql"),
    ):
        (tmp_path / folder).mkdir()
        shutil.copy(original, tmp_path / folder)
    return tmp_path


def readme_block(language: str) -> str:
    """Return the only block in a language in the READMEs."""
    text = "\n".join(readme.read_text() for readme in READMES)
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


def serve_sample_data(directory: Path) -> AbstractContextManager[Server]:
    """Serve the sample data from an empty directory."""
    dealdesk = Path(sys.executable).with_name("dealdesk")
    return running([str(dealdesk), "serve", "--port", "0"], directory)


def require(program: str) -> None:
    """Skip the test if a program is missing; fail in CI."""
    if shutil.which(program) is None:
        missing = f"{program} is not installed"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
