"""The cache of prepared documents, because clients repeat them."""

from collections.abc import Callable
from functools import lru_cache

from schema.request.document import Document

MAX_CACHED_DOCUMENTS = 1024
"""Documents that are kept parsed, validated and planned; the least recently used one is discarded."""

MAX_CACHED_CHARACTERS = 16_384
"""Characters; longer documents are not cached, so that the cached ones fit in memory."""


class DocumentCache:
    """Documents by their text; ``prepare`` makes one, or raises. Errors are not cached."""

    def __init__(self, prepare: Callable[[str], Document]) -> None:
        self._prepare = prepare
        self._prepare_cached = lru_cache(MAX_CACHED_DOCUMENTS)(prepare)

    def get(self, query: str) -> Document:
        """Return the document of a text, prepared now or by an earlier request."""
        return (self._prepare if len(query) > MAX_CACHED_CHARACTERS else self._prepare_cached)(query)
