"""Validation of a document by GraphQL's own rules, with an end to what one of them may take."""

from graphql import DocumentNode, GraphQLError, GraphQLSchema, specified_rules, validate
from graphql.validation import OverlappingFieldsCanBeMergedRule, ValidationContext

MAX_ERRORS = 20
"""How many errors are told at once."""

_MOST_COMPARISONS = 20_000
"""Fields of one name are compared pair by pair; an operation with hundreds of fields takes a few thousand."""


class _OverlappingFields(OverlappingFieldsCanBeMergedRule):
    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _MOST_COMPARISONS


_RULES = tuple(
    _OverlappingFields if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
)


def validation_errors(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """Return what is wrong with a document; nothing where it is valid."""
    return [_in_our_words(each) for each in validate(schema, document, _RULES, max_errors=MAX_ERRORS)]


_WORDS = {
    "Validation aborted.": "Too many fields of one name would have to be compared. Put fewer fragments in one"
    " place, or ask for some of it in a request of its own.",
}
"""What is told instead of messages that don't say what to do."""


def _in_our_words(error: GraphQLError) -> GraphQLError:
    if "integer string conversion" in error.message:  # Python's, about the digits that it reads
        return GraphQLError("A number in the document has too many digits.", error.nodes)
    return GraphQLError(_WORDS[error.message]) if error.message in _WORDS else error
