import pytest

from db.connect import open_database
from db.migrations.runner import is_current
from db.postgres.url import InvalidUrlParameter, driver_url


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?sslmode=disable&channel_binding=prefer",
        "?connect_timeout=10&keepalives=1&keepalives_idle=30&gssencmode=disable",
        "?application_name=deals%20desk",
    ],
)
async def test_parameters_of_other_clients_are_accepted(query: str, postgresql_url: str) -> None:
    assert await is_current(postgresql_url + query)
    await (await open_database(postgresql_url + query)).close()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("channel_binding=require&sslmode=require", "The database's URL has channel_binding=require, which"),
        ("gssencmode=require", "The database's URL has gssencmode=require, which"),
        ("nonsense=1", 'The database\'s URL has an unrecognized configuration parameter "nonsense".'),
    ],
)
async def test_a_parameter_that_can_not_be_right_is_named(
    query: str, message: str, postgresql_url: str
) -> None:
    for use in (open_database, is_current):
        with pytest.raises(InvalidUrlParameter) as error:
            await use(f"{postgresql_url}?{query}")
        assert str(error.value).startswith(message)


def test_other_parameters_stay_as_they_are() -> None:
    url = "postgresql://ada:s%40t@db.example:5433,[::1]:5434/deals?options=-csearch_path%3Dpublic&sslmode=require"
    assert driver_url(url + "&connect_timeout=3") == url
