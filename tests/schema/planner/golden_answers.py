"""Golden answers: fixed operations in ``answers/*.graphql`` and their responses in ``answers/*.json``.

Review a change of a stored response like a change of code. To store the responses again:

    uv run python -m tests.schema.planner.golden_answers
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graphql import OperationDefinitionNode, parse

from db.connect import open_database
from db.migrations.runner import migrate
from db.sql.database import Database
from tests.schema.support.client import Client
from tests.schema.support.organization_data import OrganizationData, organization_data

DOCUMENTS = sorted((Path(__file__).parent / "answers").glob("*.graphql"))


def sample_organizations() -> tuple[OrganizationData, OrganizationData]:
    """Return the caller's organization, and another one."""
    return organization_data(1, 48), organization_data(2, 9)


async def answers(client: Client, document: Path) -> dict[str, Any]:
    """Execute every operation of a document; return the responses by the operations' names."""
    text = document.read_text()  # noqa: ASYNC240 - a small file, and nothing else runs
    return {name: await client.execute(text, operation_name=name) for name in _operations(text)}


def stored(document: Path) -> dict[str, Any]:
    """Return the stored responses of a document."""
    found: dict[str, Any] = json.loads(document.with_suffix(".json").read_text())
    return found


def _operations(text: str) -> Iterator[str]:
    for definition in parse(text).definitions:
        if isinstance(definition, OperationDefinitionNode) and definition.name:
            yield definition.name.value


async def _store() -> None:
    with TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/dealdesk.db"
        await migrate(url)
        database = await open_database(url)
        try:
            await _store_answers(database)
        finally:
            await database.close()


async def _store_answers(database: Database) -> None:
    ours, theirs = sample_organizations()
    await ours.store(database)
    await theirs.store(database)
    for document in DOCUMENTS:
        found = await answers(Client(database, ours.caller), document)
        lines = (
            f"{json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}" for name, each in found.items()
        )
        document.with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    asyncio.run(_store())
