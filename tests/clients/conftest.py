"""The server, and the packages that its clients are built from."""

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

README = ROOT / "README.md"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all clients share; each of them sells other deals of the sample data."""
    with served(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Do something once for all processes that share the tests, and give each of them what came of it."""
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
    """Run a script with Node, with the packages that package-lock.json pins."""
    need("node")
    need("npm")
    once("npm", _install)
    return partial(run, "node")


def _install() -> str:
    lock, installed = CLIENTS / "package-lock.json", CLIENTS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return "installed before"
    return run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


@pytest.fixture(scope="session")
def npm(node: Run) -> Run:  # noqa: ARG001 - the packages are needed
    """Run a script of package.json."""
    return partial(run, "npm", "run", "--silent")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that is laid out as the README's configurations of code generators expect."""
    for folder, original in (
        ("schema", ROOT / "schema" / "schema.graphql"),
        ("src", CLIENTS / "selling.graphql"),
        ("queries", CLIENTS / "selling.graphql"),
    ):
        (tmp_path / folder).mkdir()
        shutil.copy(original, tmp_path / folder)
    return tmp_path


def in_the_readme(language: str) -> str:
    """Return the README's only block in a language."""
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    return str(block)


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
