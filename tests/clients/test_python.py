"""A Python client that ariadne-codegen generates."""

import json
from pathlib import Path
from textwrap import indent

import pytest

from tests.clients.commands import CLIENTS, run
from tests.clients.conftest import Once, readme_block, require
from tests.smoke import Server

PYTHON = CLIENTS / "python"
REQUIREMENTS = PYTHON / "requirements.txt"
ENVIRONMENT = PYTHON / ".venv"
GENERATOR = ENVIRONMENT / "bin" / "ariadne-codegen"
SWITCH_SCRIPT = """
import json
import sys
from graphql_client import CloseOpportunity

def handle(result, show, offer_to_close, warn):
{switch}
for answer in json.loads(sys.argv[1]):
    result = CloseOpportunity.model_validate({{"closeOpportunity": answer}}).close_opportunity
    handle(result, lambda found: print(found.state.value), lambda quotes: print(len(quotes)), print)
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory, once: Once) -> None:
    """Generate the client in its own environment, because ariadne-codegen needs an older graphql-core."""
    require("uv")
    once(
        "python", lambda: generate(tmp_path_factory.mktemp("outside"))
    )  # where the constraints of this project don't apply


def generate(outside: Path) -> str:
    if not GENERATOR.exists() or GENERATOR.stat().st_mtime < REQUIREMENTS.stat().st_mtime:
        run("uv", "venv", "--clear", ENVIRONMENT, cwd=outside)
        run("uv", "pip", "install", "--python", ENVIRONMENT, "--requirements", REQUIREMENTS, cwd=outside)
    (PYTHON / ".generated").mkdir(exist_ok=True)
    return run(GENERATOR, "--config", "ariadne-codegen.toml", cwd=PYTHON)


@pytest.mark.usefixtures("generated")
def test_a_python_client_closes_an_opportunity_after_a_refusal(server: Server) -> None:
    run_python("close_opportunity.py", *server)


@pytest.mark.usefixtures("generated")
def test_a_python_client_accepts_a_new_code_but_no_new_union_member() -> None:
    run_python("newer_server.py")


@pytest.mark.usefixtures("generated")
def test_the_readme_configuration_for_python_generates_types_for_its_switch(project: Path) -> None:
    (project / "pyproject.toml").write_text(readme_block("toml"))
    run(GENERATOR, cwd=project)

    (project / "switch.py").write_text(SWITCH_SCRIPT.format(switch=indent(readme_block("python"), "    ")))
    opportunity = {"id": "opp_1", "name": "Cranes", "state": "WON", "version": 2}
    refusal = {"code": "NEW", "message": "Wait.", "path": None, "opportunity": opportunity}
    answers = [
        {"__typename": "CloseOpportunitySuccess", "opportunity": opportunity},
        {"__typename": "ActiveQuotesError", "blockingQuotes": {"nodes": []}, **refusal},
        {"__typename": "OperationError", **refusal},
    ]
    output = run(ENVIRONMENT / "bin" / "python", "switch.py", json.dumps(answers), cwd=project)
    assert output.split() == ["WON", "0", "Wait."]


def run_python(script: str, *arguments: str) -> None:
    run(ENVIRONMENT / "bin" / "python", script, *arguments, cwd=PYTHON, PYTHONPATH=".generated")
