from pathlib import Path

import pytest

from tests.schema.conftest import Readable
from tests.schema.planner.golden_answers import DOCUMENTS, answers, stored
from tests.schema.support.client import Client


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
async def test_fixed_operations_have_the_stored_responses(readable: Readable, document: Path) -> None:
    assert await answers(Client(readable.database, readable.ours.caller), document) == stored(document)


def test_more_than_two_hundred_responses_are_stored() -> None:
    assert sum(len(stored(document)) for document in DOCUMENTS) > 200
