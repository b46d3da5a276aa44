import json
from pathlib import Path
from textwrap import indent

import pytest

from tests.clients.commands import CLIENTS, run
from tests.clients.conftest import Once, in_the_readme, need
from tests.smoke import Server

PYTHON = CLIENTS / "python"
REQUIREMENTS = PYTHON / "requirements.txt"
ENVIRONMENT = PYTHON / ".venv"
GENERATOR = ENVIRONMENT / "bin" / "ariadne-codegen"
SWITCHING = """
import json
import sys
from graphql_client import CloseOpportunity

def told(result, show, offer_to_close, warn):
{switch}
for answer in json.loads(sys.argv[1]):
    result = CloseOpportunity.model_validate({{"closeOpportunity": answer}}).close_opportunity
    told(result, lambda deal: print(deal.state.value), lambda quotes: print(len(quotes)), print)
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, once: Once) -> None:
    """The client is generated, in an environment of its own: ariadne-codegen needs an older graphql-core."""
    need("uv")
    once("python", lambda: generate(tmp_path_factory.mktemp("outside")))  # of reach of this project's pins


def generate(outside: Path) -> str:
    if not GENERATOR.exists() or GENERATOR.stat().st_mtime < REQUIREMENTS.stat().st_mtime:
        run("uv", "venv", "--clear", ENVIRONMENT, cwd=outside)
        run("uv", "pip", "install", "--python", ENVIRONMENT, "--requirements", REQUIREMENTS, cwd=outside)
    (PYTHON / ".generated").mkdir(exist_ok=True)
    return run(GENERATOR, "--config", "ariadne-codegen.toml", cwd=PYTHON)


@pytest.mark.usefixtures("generated")
def test_a_client_in_python_is_refused_and_then_sells(server: Server) -> None:
    run_python("selling.py", *server)


@pytest.mark.usefixtures("generated")
def test_a_client_in_python_takes_a_new_code_but_no_new_member_of_a_union() -> None:
    run_python("growing.py")


@pytest.mark.usefixtures("generated")
def test_what_the_readme_generates_for_python_fits_its_switch(project: Path) -> None:
    (project / "pyproject.toml").write_text(in_the_readme("toml"))
    run(GENERATOR, cwd=project)

    (project / "switching.py").write_text(SWITCHING.format(switch=indent(in_the_readme("python"), "    ")))
    deal = {"id": "opp_1", "name": "Cranes", "state": "WON", "version": 2}
    refusal = {"code": "NEW", "message": "Wait.", "path": None, "opportunity": deal}
    answers = [
        {"__typename": "CloseOpportunitySuccess", "opportunity": deal},
        {"__typename": "ActiveQuotesError", "blockingQuotes": {"nodes": []}, **refusal},
        {"__typename": "OperationError", **refusal},
    ]
    told = run(ENVIRONMENT / "bin" / "python", "switching.py", json.dumps(answers), cwd=project)
    assert told.split() == ["WON", "0", "Wait."]


def run_python(script: str, *arguments: str) -> None:
    run(ENVIRONMENT / "bin" / "python", script, *arguments, cwd=PYTHON, PYTHONPATH=".generated")
