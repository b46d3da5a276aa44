import pytest

from tests.benchmarks.asking.answers import difference, plain, root


def test_schemas_of_different_shape_say_the_same() -> None:
    nested = {
        "id": "opp_0190c2f4-7c2e-7b1a-8c1d-3f2a9e4d5b6c",
        "total": {"amount": "12.50", "currencyCode": "EUR"},
        "createdAt": "2026-01-02T04:04:05+01:00",
        "quotes": {"nodes": [{"revision": 1}], "pageInfo": {"endCursor": "x"}},
    }
    flat = {
        "__typename": "Opportunity",
        "id": "0190c2f4-7c2e-7b1a-8c1d-3f2a9e4d5b6c",
        "total": "12.50",
        "currencyCode": "EUR",
        "createdAt": "2026-01-02T03:04:05.000Z",
        "quotes": [{"revision": 1}],
    }
    assert plain({"result": nested}) == plain(flat)


def test_a_text_that_only_looks_like_an_id_stays_as_it_is() -> None:
    assert plain({"name": "opp_1"}) == {"name": "opp_1"}


@pytest.mark.parametrize("answer", [{"data": None, "errors": []}, {"data": {}}, {"data": {"a": 1, "b": 2}}])
def test_what_is_no_single_answer_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="Not an answer"):
        root(answer)  # type: ignore[arg-type]


def test_the_only_root_field_is_what_was_answered() -> None:
    assert root({"data": {"anything": [1]}}) == [1]


def test_equal_structures_do_not_differ() -> None:
    assert difference({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}) == ""


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({"quotes": [{"total": "2.00"}]}, "at the answer.quotes[0].total: '1.00' is not '2.00'"),
        ({"quotes": []}, "at the answer.quotes: [{'total': '1.00'}] is not []"),
        ({"quotes": [{}]}, "at the answer.quotes[0]: {'total': '1.00'} is not {}"),
    ],
)
def test_a_difference_is_found_where_it_is(other: object, where: str) -> None:
    assert difference({"quotes": [{"total": "1.00"}]}, other) == where
