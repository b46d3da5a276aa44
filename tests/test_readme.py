"""Every example and command of the READMEs does what they say."""

import json
import re
import shlex
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import parse, validate

from api.app import create_app
from api.auth.access_policy import AccessPolicy
from api.auth.authenticator import Authenticator
from api.cli.main import main
from api.cli.runtime.banner import create_first_token
from api.http.limits import DEFAULT_LIMITS
from api.settings import Settings
from db.master_data.organizations import find_default_user
from db.sample_data.loader import load_sample_data
from db.sql.database import Database
from schema.execution.executor import Executor
from tests.db.importers.pipeline_files import WON, pipeline_files
from tests.schema.support.client import cached_schema

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "schema/README.md", "api/README.md", "db/README.md")
"""In the order in which a reader follows the examples: those of the second continue those of the first."""

TEXTS = {name: (ROOT / name).read_text() for name in READMES}
BLOCKS = [
    block
    for text in TEXTS.values()
    for block in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
]
MOST_LINES_OF_THE_LANDING_PAGE = 250
EXAMPLES = [(example, answer) for example, answer in pairwise(BLOCKS) if answer[0] == "json"]
COMMANDS = [
    line for language, block in BLOCKS if language == "sh" for line in block.replace("\\\n", "").splitlines()
]
UUID = "[0-9a-f-]{36}"
CI = (ROOT / ".ci" / "run").read_text()

RUN_BY_CI = {
    "pip install uv",
    "uv run pytest",
    "uv run ruff format --check .",
    "uv run ruff check .",
    "uv run mypy",
}
STARTED_BY_THE_SMOKE_TEST = {"uv run dealdesk", "uv run dealdesk serve --port 8000"}
RUN_HERE = {
    "uv run dealdesk migrate --sample",
    "uv run dealdesk schema",
    "uv run dealdesk import pipeline path/to/directory",
    "uv run dealdesk documents build path/to/directory",
}
RUN_BY_OTHER_TESTS = {
    "uv run dealdesk backup path/to/copy.db",
    "uv run dealdesk restore path/to/copy.db",
    "uv run dealdesk doctor",
    "uv run dealdesk token create --role SALES --name nightly-report --expires-in 90d",
    "uv run dealdesk token list",
    "uv run dealdesk token revoke nightly-report",
    "uv run dealdesk identity list",
    'uv run dealdesk identity unlink --user ada@sales.example --by "Ingrid Solheim"',
    "uv run dealdesk serve --host 0.0.0.0",
    "uv run dealdesk audit verify",
}
RUN_BEFORE_A_RELEASE = {"uv run pytest -m long", "uv run --group bench python -m tests.benchmarks"}
PIPELINE = "path/to/directory"


@pytest.fixture
async def http(database: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application over the sample data."""
    now = datetime.now(UTC)
    await load_sample_data(database, now=now)
    served = await database.write(find_default_user)
    assert served is not None
    token = await create_first_token(database, served, is_sample=True, now=now)
    app = create_app(Executor(cached_schema(), database), database, AccessPolicy(Authenticator(database)))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), headers={"authorization": f"Bearer {token}"}
    ) as client:
        yield client


async def test_every_example_is_answered_as_the_readme_says(http: httpx2.AsyncClient) -> None:
    answers = list[Any]()
    for (language, example), (_, answer) in EXAMPLES:
        ask = _curl if language == "sh" else _graphql
        answers.append(await ask(http, example, _variables(answers)))
        assert _without_ids(answers[-1]) == _without_ids(json.loads(answer))

    assert len(answers) == Counter(language for language, _ in BLOCKS)["json"] == 16


def test_the_subscription_is_one_that_the_server_knows() -> None:
    [body] = re.findall(r"-d '(.*\bsubscription\b.*)'", TEXTS["schema/README.md"])

    assert validate(cached_schema().graphql, parse(json.loads(body)["query"])) == []


def test_every_command_is_run_by_a_test_or_by_ci() -> None:
    others = {line for line in COMMANDS if not line.startswith(("curl ", "export "))} - {"bash .ci/run"}
    others -= RUN_BEFORE_A_RELEASE

    assert others == RUN_BY_CI | STARTED_BY_THE_SMOKE_TEST | RUN_HERE | RUN_BY_OTHER_TESTS
    assert {command for command in RUN_BY_CI if f"step {command}\n" not in CI} == set()


@pytest.mark.parametrize("command", sorted(RUN_HERE))
def test_a_command_does_its_work(
    command: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALDESK_DATABASE_URL", database_url)
    directory = pipeline_files(tmp_path, [WON])
    (directory / "count.graphql").write_text("{ opportunities { totalCount } }")
    arguments = command.removeprefix("uv run dealdesk ").replace(PIPELINE, str(directory))

    with pytest.raises(SystemExit) as exit_:
        main(shlex.split(arguments))

    assert exit_.value.code == 0


def test_every_setting_is_in_the_readme_of_the_server() -> None:
    settings = {f"DEALDESK_{name.upper()}" for name in Settings.model_fields.keys() - {"limits"}}
    assert settings == set(re.findall(r"DEALDESK_\w+", TEXTS["api/README.md"])) - {"DEALDESK_LIMITS__"}


def test_every_limit_is_in_the_readme_of_the_server_with_its_default() -> None:
    [table] = re.findall(r"\| limit \|.*?\n\n", TEXTS["api/README.md"], re.DOTALL)
    rows = re.findall(r"^\| (`.*?`) \| .* \| (.*?) \|$", table, re.MULTILINE)
    defaults = {name: default for row in rows for name, default in zip(*_split(*row), strict=True)}

    assert defaults == {name.upper(): _shown(value) for name, value in DEFAULT_LIMITS}


def test_the_readme_of_the_project_is_a_landing_page() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= MOST_LINES_OF_THE_LANDING_PAGE


@pytest.mark.parametrize("name", READMES)
def test_every_link_leads_somewhere(name: str) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)]+)\)", TEXTS[name]):
        file, _, heading = link.partition("#")
        target = (ROOT / name).parent / file if file else ROOT / name
        if not target.exists() or (heading and heading not in _anchors(target.read_text())):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("name", READMES)
def test_every_file_that_is_named_exists(name: str) -> None:
    paths = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py|/))`", TEXTS[name])) - {"__init__.py"}
    places = ((ROOT / name).parent, ROOT)

    assert [path for path in paths if not any((place / path).exists() for place in places)] == []


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _split(names: str, defaults: str) -> tuple[list[str], list[str]]:
    return names.strip("`").split("`, `"), defaults.split(", ")


def _shown(value: Any) -> str:
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}" if value else "none"


async def _curl(http: httpx2.AsyncClient, command: str, _variables: dict[str, str]) -> Any:
    curl = command[command.index("curl") :].replace("Bearer $TOKEN", http.headers["authorization"])
    _, url, *options = shlex.split(curl.replace("\\\n", ""))
    headers = dict(
        value.split(": ") for flag, value in zip(options[::2], options[1::2], strict=True) if flag == "-H"
    )
    return (await http.post(url, content=options[-1].encode(), headers=headers)).json()


async def _graphql(http: httpx2.AsyncClient, query: str, variables: dict[str, str]) -> Any:
    body = {"query": query, "variables": variables}
    return (await http.post("http://127.0.0.1:8000/graphql", json=body)).json()


def _variables(answers: list[Any]) -> dict[str, str]:
    """Return the first deal that was shown and the latest quote, as the text calls them."""
    deals, quotes = (re.findall(f"{prefix}_{UUID}", json.dumps(answers)) for prefix in ("opp", "quo"))
    found = {"id": deals[:1], "quote": quotes[-1:]}
    return {name: ids[0] for name, ids in found.items() if ids}


def _without_ids(answer: Any) -> str:
    return re.sub(UUID, "", json.dumps(answer, indent=2, sort_keys=True))
