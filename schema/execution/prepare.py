"""Prepares requests: parses documents, checks their limits, validates them and coerces variables."""

import re
from collections.abc import Iterable, Mapping, Sequence
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
from schema.request.document import Document

_UNSTORABLE_TEXT = "A text can't hold the character U+0000 or half of a surrogate pair. Leave it out."
_ESCAPED_NUL = re.compile(r"\\u(0000|\{0+\})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOO_MANY_TOKENS = re.compile(r"contains more than \d+ (tokens|comments)")


class RequestError(Exception):
    """The request can't be executed. ``code`` is the ``extensions.code`` of its errors."""

    def __init__(self, code: str, errors: Sequence[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class DocumentPreparer:
    """Prepares the requests of one schema."""

    def __init__(self, schema: GraphQLSchema, limits: OperationLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._document_limiter = DocumentLimiter(schema, limits)

    def document(self, query: str) -> Document:
        """Return the parsed and valid document of a text.

        Raises:
            RequestError: the text can't be parsed, exceeds a limit or is not valid.
        """
        try:
            ast = self._parse(query)
            self._document_limiter.check(ast)
        except LimitExceeded as error:
            raise RequestError(error.code, [error]) from error
        except GraphQLSyntaxError as error:
            raise RequestError("GRAPHQL_PARSE_FAILED", [error]) from error
        if "\\u" in query and _ESCAPED_NUL.search(query):
            raise RequestError("BAD_USER_INPUT", [GraphQLError(_UNSTORABLE_TEXT)])
        errors = validation_errors(self._schema, ast)
        if errors:
            raise RequestError("GRAPHQL_VALIDATION_FAILED", errors)
        return Document(query, ast)

    def variables(
        self, document: Document, operation: OperationDefinitionNode, sent: Mapping[str, Any]
    ) -> VariableValues:
        """Return the coerced variables of an operation.

        Raises:
            RequestError: a value does not have the declared type, or can't be stored.
            LimitExceeded: a list has too many items.
        """
        if sent:
            self._check_storable(sent.values())
        name = operation.name.value if operation.name else None
        signatures = document.signatures.get(name)
        if signatures is None:
            signatures = document.signatures[name] = variable_signatures(self._schema, operation)
        values = coerce_variables(signatures, sent)
        if values is not None:
            return values
        coerced = get_variable_values(
            self._schema, operation.variable_definitions or (), dict(sent), MAX_ERRORS
        )
        if isinstance(coerced, VariableValues):
            return coerced
        raise RequestError("BAD_USER_INPUT", [redact_variable_error(error) for error in coerced[:MAX_ERRORS]])

    def cost(self, document: Document, operation: OperationDefinitionNode, values: VariableValues) -> Cost:
        """Return the cost of an operation with these variables.

        Raises:
            LimitExceeded: its arguments are nested too deep.
        """
        key = id(operation)
        operation_cost = document.costs.get(key)
        if operation_cost is None:
            operation_cost = document.costs[key] = OperationCost(self._schema, document.fragments, operation)
        return operation_cost.cost(values.coerced)

    def _parse(self, query: str) -> DocumentNode:
        limits = self._limits
        if len(query) > limits.characters:
            raise LimitExceeded("GRAPHQL_PARSE_FAILED", "characters", limits.characters, len(query))
        try:
            return parse(query, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
        except GraphQLSyntaxError as error:
            if _TOO_MANY_TOKENS.search(error.message):
                raise LimitExceeded(
                    "GRAPHQL_PARSE_FAILED", "tokens", limits.tokens, limits.tokens + 1
                ) from None
            raise

    def _check_storable(self, values: Iterable[object]) -> None:
        for value in values:
            if isinstance(value, str):
                if "\0" in value or (not value.isascii() and _SURROGATE.search(value)):
                    raise RequestError("BAD_USER_INPUT", [GraphQLError(_UNSTORABLE_TEXT)])
            elif isinstance(value, Mapping):
                self._check_storable(value.values())
            elif isinstance(value, list):
                check_list_size(value, self._limits)
                self._check_storable(value)
