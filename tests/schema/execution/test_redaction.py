import pytest
from graphql import GraphQLError

from schema.execution.redaction import redact_variable_error


@pytest.mark.parametrize(
    ("explained", "told"),
    [
        ("Int cannot represent non-integer value: 'a: b'", "Int cannot represent non-integer value."),
        (
            "Value 'x' does not exist in 'Y' enum' does not exist in 'State' enum. Did you mean 'OPEN'?",
            "It is none of the enum 'State'.",
        ),
        (
            "Expected value of type 'In' not to include unknown field 'nam'. Did you mean 'name'? Found: {}.",
            "Expected value of type 'In' not to include unknown field 'nam'.",
        ),
        (
            "Expected value of type 'In' not to include unknown field 'a secret', found: {'a secret': 1}.",
            "Expected value of type 'In'.",
        ),
        (
            "Expected value of type 'In' to include required field 'id', found: {'name': 'x'}.",
            "Expected value of type 'In' to include required field 'id'.",
        ),
        ("Something new about 'x'.", "It is not what its type takes."),
    ],
)
def test_an_error_about_a_variable_keeps_its_path_and_type_but_not_its_value(
    explained: str, told: str
) -> None:
    place = "Variable '$input' has invalid value at .outcome.won: "

    assert redact_variable_error(GraphQLError(place + explained)).message == place + told


def test_a_message_of_unknown_form_is_replaced() -> None:
    message = redact_variable_error(GraphQLError("A secret is in here.")).message

    assert message == "A variable has a value that its type does not take."
