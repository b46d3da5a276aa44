"""Normalized responses and their differences."""

import pytest

from tests.benchmarks.requests.responses import first_difference, normalize, root_value


def test_responses_of_differently_shaped_schemas_are_equal_once_normalized() -> None:
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
    assert normalize({"result": nested}) == normalize(flat)


def test_text_that_only_resembles_an_id_is_not_changed() -> None:
    assert normalize({"name": "opp_1"}) == {"name": "opp_1"}


@pytest.mark.parametrize("answer", [{"data": None, "errors": []}, {"data": {}}, {"data": {"a": 1, "b": 2}}])
def test_a_response_without_exactly_one_root_field_is_rejected(answer: object) -> None:
    with pytest.raises(ValueError, match="Not a successful response"):
        root_value(answer)  # type: ignore[arg-type]


def test_the_value_of_the_only_root_field_is_returned() -> None:
    assert root_value({"data": {"anything": [1]}}) == [1]


def test_equal_structures_have_no_difference() -> None:
    assert first_difference({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}) == ""


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({"quotes": [{"total": "2.00"}]}, "at the response.quotes[0].total: '1.00' is not '2.00'"),
        ({"quotes": []}, "at the response.quotes: [{'total': '1.00'}] is not []"),
        ({"quotes": [{}]}, "at the response.quotes[0]: {'total': '1.00'} is not {}"),
    ],
)
def test_the_first_difference_is_described_with_its_path(other: object, where: str) -> None:
    assert first_difference({"quotes": [{"total": "1.00"}]}, other) == where
