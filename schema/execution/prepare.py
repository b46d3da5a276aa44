"""From a request's text and variables to what can be run: parsed, within the limits, valid, coerced."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
)
from graphql.execution.values import VariableValues, get_variable_values

from schema.execution.redaction import redact_variable_error
from schema.execution.validation import MAX_ERRORS, validation_errors
from schema.limits.cost import Cost, OperationCost
from schema.limits.document_size import DocumentLimiter
from schema.limits.settings import LimitExceeded, OperationLimits, check_list_size
from schema.planner.plan.variables import coerce_variables, variable_signatures
from schema.request.document_cache import Document

MAX_CACHED_DOCUMENTS = 1024
"""How many documents are kept parsed, validated and planned."""

MAX_CACHED_CHARACTERS = 16_384
"""Characters; a longer document is prepared anew each time, so that the kept ones fit in memory."""

_NOT_STORED = "A text can't hold the character U+0000 or half of a surrogate pair. Leave it out."
_ESCAPED_NUL = re.compile(r"\\u(0000|\{0+\})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOO_MANY = re.compile(r"contains more than \d+ (tokens|comments)")


class RequestError(Exception):
    """The request can't be run; ``code`` says why in the words of ``extensions.code``."""

    def __init__(self, code: str, errors: Sequence[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class DocumentPreparer:
    """Prepares what is asked of one schema. Documents are kept, because they are asked again and again."""

    def __init__(self, schema: GraphQLSchema, limits: OperationLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._measure = DocumentLimiter(schema, limits)
        self._kept = lru_cache(MAX_CACHED_DOCUMENTS)(self._prepare)

    def document(self, query: str) -> Document:
        """Return the document of a text.

        Raises:
            RequestError: it is none, asks for more than the limits let it, or is not valid.
        """
        return (self._prepare if len(query) > MAX_CACHED_CHARACTERS else self._kept)(query)

    def variables(
        self, document: Document, operation: OperationDefinitionNode, sent: Mapping[str, Any]
    ) -> VariableValues:
        """Return the values of an operation's variables.

        Raises:
            RequestError: they are not what the operation declares, or can't be stored.
            Exceeded: a list has too many items.
        """
        if sent:
            self._check_all(sent.values())
        name = operation.name.value if operation.name else None
        signatures = document.signatures.get(name)
        if signatures is None:
            signatures = document.signatures[name] = variable_signatures(self._schema, operation)
        return coerce_variables(signatures, sent) or self._variables_in_full(operation, sent)

    def cost(self, document: Document, operation: OperationDefinitionNode, values: VariableValues) -> Cost:
        """Return what an operation costs with these variables.

        Raises:
            Exceeded: its arguments are nested deeper than is walked.
        """
        key = id(operation)
        costing = document.costings.get(key)
        if costing is None:
            costing = document.costings[key] = OperationCost(self._schema, document.fragments, operation)
        return costing.cost(values.coerced)

    def _prepare(self, query: str) -> Document:
        try:
            ast = self._parsed(query)
            self._measure.check(ast)
        except LimitExceeded as error:
            raise RequestError(error.code, [error]) from error
        except GraphQLSyntaxError as error:
            raise RequestError("GRAPHQL_PARSE_FAILED", [error]) from error
        if "\\u" in query and _ESCAPED_NUL.search(query):
            raise RequestError("BAD_USER_INPUT", [GraphQLError(_NOT_STORED)])
        errors = validation_errors(self._schema, ast)
        if errors:
            raise RequestError("GRAPHQL_VALIDATION_FAILED", errors)
        return Document(query, ast)

    def _parsed(self, query: str) -> DocumentNode:
        limits = self._limits
        if len(query) > limits.characters:
            raise LimitExceeded("GRAPHQL_PARSE_FAILED", "characters", limits.characters, len(query))
        try:
            return parse(query, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
        except GraphQLSyntaxError as error:
            if _TOO_MANY.search(error.message):
                raise LimitExceeded(
                    "GRAPHQL_PARSE_FAILED", "tokens", limits.tokens, limits.tokens + 1
                ) from None
            raise

    def _check_all(self, values: Iterable[Any]) -> None:
        for value in values:
            if not isinstance(value, str):
                self._check_inside(value)
            elif not _can_be_stored(value):
                raise RequestError("BAD_USER_INPUT", [GraphQLError(_NOT_STORED)])

    def _check_inside(self, value: Any) -> None:
        if isinstance(value, Mapping):
            self._check_all(value.values())
        elif isinstance(value, list):
            check_list_size(value, self._limits)
            self._check_all(value)

    def _variables_in_full(
        self, operation: OperationDefinitionNode, sent: Mapping[str, Any]
    ) -> VariableValues:
        definitions = operation.variable_definitions or ()
        values = get_variable_values(self._schema, definitions, dict(sent), MAX_ERRORS)
        if isinstance(values, VariableValues):
            return values
        raise RequestError("BAD_USER_INPUT", [redact_variable_error(error) for error in values])


def _can_be_stored(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not _SURROGATE.search(text))
