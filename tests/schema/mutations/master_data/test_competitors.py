from tests.builders import OrganizationBuilder
from tests.schema.support.mutate import mutate, mutate_refused

CREATE = """
mutation ($input: CreateCompetitorInput!) {
  createCompetitor(input: $input) {
    __typename
    ... on CreateCompetitorSuccess { competitor { name version } }
    ... on UserError { code message path }
  }
}
"""


async def test_a_competitor_is_created_once_per_idempotency_key(builder: OrganizationBuilder) -> None:
    for _ in range(2):
        assert await mutate(builder, CREATE, name=" Crane Co. ", idempotencyKey="monday") == {
            "__typename": "CreateCompetitorSuccess",
            "competitor": {"name": "Crane Co.", "version": 1},
        }
    assert [row.name for row in (await builder.dump())["competitor"]] == ["Lift & Sons", "Crane Co."]


async def test_a_duplicate_name_is_refused(builder: OrganizationBuilder) -> None:
    assert await mutate_refused(builder, CREATE, name="Lift & Sons") == {
        "__typename": "OperationError",
        "code": "COMPETITOR_NAME_TAKEN",
        "message": "There is a competitor with this name already. Send another name.",
        "path": ["input", "name"],
    }


async def test_an_empty_name_is_refused(builder: OrganizationBuilder) -> None:
    error = await mutate_refused(builder, CREATE, name=" ")
    assert (error["code"], error["path"]) == ("NAME_EMPTY", ["input", "name"])
