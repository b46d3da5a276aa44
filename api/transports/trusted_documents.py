"""Trusted (persisted) documents: clients send the id of a document that a manifest holds.

See https://graphql.github.io/graphql-over-http/draft/#sec-Persisted-Documents.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, parse, validate

from api.http.errors import BadRequest, DocumentNotFound, DocumentNotTrusted
from db.domain.errors import DealdeskError


class DocumentMode(StrEnum):
    """Whether trusted documents are used: not at all, beside other documents, or exclusively."""

    OFF = "off"
    ALLOW = "allow"
    ONLY = "only"


class InvalidDocuments(DealdeskError):
    """A document or a manifest is not valid."""


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """The trusted documents by their ids. If ``only`` is set, the server runs no others."""

    by_id: Mapping[str, str] = field(default_factory=dict)
    only: bool = False

    def resolve(self, query: str | None, document_id: str | None) -> str:
        """Return the document that a request names by its id or sends as text; the id takes precedence.

        Raises:
            BadRequest: the request has neither.
            DocumentNotFound: no document has the id.
            DocumentNotTrusted: the request sends a text, and only trusted documents are run.
        """
        if document_id is not None and document_id in self.by_id:
            return self.by_id[document_id]
        if query is not None and not self.only:
            return query
        if document_id is not None:
            raise DocumentNotFound
        if query is None:
            raise BadRequest('"query" must be a string: the GraphQL document to run.')
        raise DocumentNotTrusted


NO_TRUSTED_DOCUMENTS = TrustedDocuments()


def load_trusted_documents(mode: DocumentMode, manifest: Path | None) -> TrustedDocuments:
    """Return the trusted documents of a manifest; none if the mode is OFF.

    Raises:
        InvalidDocuments: the manifest is missing or not valid.
    """
    if mode is DocumentMode.OFF:
        return NO_TRUSTED_DOCUMENTS
    if manifest is None:
        raise InvalidDocuments(
            f"DEALDESK_DOCUMENTS={mode} needs a manifest. Set DEALDESK_DOCUMENTS_MANIFEST."
        )
    try:
        by_id = json.loads(manifest.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidDocuments(f"Cannot read the manifest {manifest}: {error}") from error
    is_valid = isinstance(by_id, dict) and all(
        isinstance(document, str) and id_ == document_id(document) for id_, document in by_id.items()
    )
    if not is_valid:
        raise InvalidDocuments(
            f"The manifest {manifest} is not valid: it must map the sha256 of each document to the document."
            " Build it with `dealdesk documents build`."
        )
    return TrustedDocuments(by_id, only=mode is DocumentMode.ONLY)


def build_manifest(directory: Path, schema: GraphQLSchema) -> str:
    """Return the manifest of all ``.graphql`` files below a directory: JSON, from id to document.

    Raises:
        InvalidDocuments: there are no files, or some are not valid; the message has a line for each error.
    """
    documents: dict[str, str] = {}
    errors: list[str] = []
    for path in sorted(directory.rglob("*.graphql")):
        try:
            document = path.read_bytes().decode()
        except UnicodeDecodeError:
            errors.append(f"{path}: The file is not UTF-8.")
            continue
        documents[document_id(document)] = document
        try:
            errors += [f"{path}: {error.message}" for error in validate(schema, parse(document))]
        except GraphQLError as error:
            errors.append(f"{path}: {error.message}")
    if errors:
        raise InvalidDocuments("\n".join(["Some documents are not valid.", *errors]))
    if not documents:
        raise InvalidDocuments(f"There is no .graphql file below {directory}.")
    return json.dumps(documents, indent=2)


def document_id(document: str) -> str:
    """Return the id of a document: its SHA-256, as the specification defines it."""
    return f"sha256:{sha256(document.encode()).hexdigest()}"
