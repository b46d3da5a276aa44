from pathlib import Path

import pytest

from tests.clients.commands import CLIENTS, run
from tests.clients.conftest import Once, need
from tests.smoke import Server

PYTHON = CLIENTS / "python"
REQUIREMENTS = PYTHON / "requirements.txt"
ENVIRONMENT = PYTHON / ".venv"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, once: Once) -> None:
    """The client is generated, in an environment of its own: ariadne-codegen needs an older graphql-core."""
    need("uv")
    once("python", lambda: generate(tmp_path_factory.mktemp("outside")))  # of reach of this project's pins


def generate(outside: Path) -> str:
    generator = ENVIRONMENT / "bin" / "ariadne-codegen"
    if not generator.exists() or generator.stat().st_mtime < REQUIREMENTS.stat().st_mtime:
        run("uv", "venv", "--clear", ENVIRONMENT, cwd=outside)
        run("uv", "pip", "install", "--python", ENVIRONMENT, "--requirements", REQUIREMENTS, cwd=outside)
    (PYTHON / ".generated").mkdir(exist_ok=True)
    return run(generator, "--config", "ariadne-codegen.toml", cwd=PYTHON)


@pytest.mark.usefixtures("generated")
def test_a_client_in_python_is_refused_and_then_sells(server: Server) -> None:
    run_python("selling.py", *server)


@pytest.mark.usefixtures("generated")
def test_a_client_in_python_takes_a_new_code_but_no_new_member_of_a_union() -> None:
    run_python("growing.py")


def run_python(script: str, *arguments: str) -> None:
    run(ENVIRONMENT / "bin" / "python", script, *arguments, cwd=PYTHON, PYTHONPATH=".generated")
