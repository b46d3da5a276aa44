"""The cache of prepared documents, because clients repeat them."""

from cachetools import LRUCache

from schema.request.document import Document

MAX_CACHED_BYTES = 64 * 2**20
"""Memory of the documents that are kept parsed, validated and planned; the least recently used ones leave."""


class DocumentCache:
    """Documents by their text. Only executed ones are kept: a client may send any number of refused ones."""

    def __init__(self) -> None:
        self._documents: LRUCache[str, Document] = LRUCache(MAX_CACHED_BYTES, lambda each: each.bytes)

    def get(self, query: str) -> Document | None:
        """Return the document of a text, if an earlier request executed it."""
        return self._documents.get(query)

    def keep(self, document: Document) -> None:
        """Keep a document with the plans that it has by now; one that fills the cache alone is not kept."""
        if document.cached_bytes != document.bytes and document.bytes <= MAX_CACHED_BYTES:
            self._documents[document.text] = document
            document.cached_bytes = document.bytes
