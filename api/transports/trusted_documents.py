"""Trusted documents: what clients ask is written down when they are built, and asked for by its hash."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeGuard

from graphql import GraphQLError, GraphQLSchema, parse, validate

from api.http.errors import BadRequest, DocumentNotFound, DocumentNotTrusted
from db.domain.errors import DealdeskError


class DocumentMode(StrEnum):
    """What the trusted documents are for."""

    OFF = "off"
    ALLOW = "allow"
    ONLY = "only"


class InvalidDocuments(DealdeskError):
    """A document or a manifest can't be used."""


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """The trusted documents by their ids; with ``only``, nothing else is run."""

    by_id: Mapping[str, str] = field(default_factory=dict)
    only: bool = False

    def resolve(self, query: str | None, document_id: str | None) -> str:
        """Return the document that a request asks to run, by itself or by its id.

        Raises:
            BadRequest: it has neither.
            UnknownDocument: no document has the id.
            UntrustedDocument: only trusted ones are run, and this is sent by itself.
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
    """Return the documents of a manifest, as far as the mode makes use of it.

    Raises:
        BadDocuments: the manifest is missing, or is none.
    """
    if mode is DocumentMode.OFF:
        return NO_TRUSTED_DOCUMENTS
    if manifest is None:
        raise InvalidDocuments(
            f"DEALDESK_DOCUMENTS={mode} needs a manifest: set DEALDESK_DOCUMENTS_MANIFEST."
        )
    return TrustedDocuments(_read(manifest), only=mode is DocumentMode.ONLY)


def build_manifest(directory: Path, schema: GraphQLSchema) -> str:
    """Return the manifest of all ``.graphql`` files below a directory: JSON, from id to document.

    Raises:
        BadDocuments: there is none, or some can't be run; the message has a line for each.
    """
    texts = {path: _text(path) for path in sorted(directory.rglob("*.graphql"))}
    faults = [f"{path}: {fault}" for path, text in texts.items() for fault in _faults(text, schema)]
    if faults:
        raise InvalidDocuments("\n".join(["Some documents can't be run.", *faults]))
    if not texts:
        raise InvalidDocuments(f"There is no .graphql file below {directory}.")
    return json.dumps({document_id(text): text for text in texts.values()}, indent=2)


def document_id(document: str) -> str:
    """Return the id of a document as GraphQL over HTTP defines it."""
    return f"sha256:{sha256(document.encode()).hexdigest()}"


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise InvalidDocuments(f"{path} is not UTF-8.") from None


def _faults(document: str, schema: GraphQLSchema) -> Iterator[str]:
    try:
        yield from (error.message for error in validate(schema, parse(document)))
    except GraphQLError as error:
        yield error.message


def _read(manifest: Path) -> dict[str, str]:
    try:
        documents = json.loads(manifest.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidDocuments(f"The manifest {manifest} can't be read: {error}") from error
    if _is_manifest(documents):
        return documents
    raise InvalidDocuments(
        f"The manifest {manifest} is none: it must map the sha256 of each document to it."
        " Build it with `dealdesk documents build`."
    )


def _is_manifest(value: Any) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(
        isinstance(document, str) and id_ == document_id(document) for id_, document in value.items()
    )
