"""Validation of documents by the rules of the GraphQL specification, with a budget for the costliest rule."""

from graphql import DocumentNode, GraphQLError, GraphQLSchema, specified_rules, validate
from graphql.validation import OverlappingFieldsCanBeMergedRule, ValidationContext

MAX_ERRORS = 5
"""Errors in one response."""

_MAX_COMPARISONS = 20_000
"""Pairs of fields with one name that are compared; hundreds of fields take a few thousand."""

_OWN_MESSAGES = {
    "Validation aborted.": "Too many fields of one name would have to be compared. Put fewer fragments in one"
    " place, or ask for some of it in a request of its own.",
}
"""Messages in place of graphql-core's that don't say what to do."""


class _OverlappingFieldsRule(OverlappingFieldsCanBeMergedRule):
    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = _MAX_COMPARISONS


_RULES = tuple(
    _OverlappingFieldsRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
)


def validation_errors(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """Return the errors of a document, at most ``MAX_ERRORS``; none if it is valid."""
    errors = validate(schema, document, _RULES, max_errors=MAX_ERRORS)
    return [_reword(each) for each in errors[:MAX_ERRORS]]  # one more says that validation was aborted


def _reword(error: GraphQLError) -> GraphQLError:
    if "integer string conversion" in error.message:  # Python's, about the digits that it reads
        return GraphQLError("A number in the document has too many digits.", error.nodes)
    return GraphQLError(_OWN_MESSAGES[error.message]) if error.message in _OWN_MESSAGES else error
