import pytest
from graphql import parse

from schema.planner.plan.planner import Plan
from schema.request import document_cache
from schema.request.document import Document, count_tokens
from schema.request.document_cache import DocumentCache


def document(name: str) -> Document:
    text = f"{{ {name} }}"
    return Document(text, parse(text))


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> DocumentCache:
    """Return a cache that holds three documents."""
    monkeypatch.setattr(document_cache, "MAX_CACHED_BYTES", 3 * document("a").bytes)
    return DocumentCache()


def kept(cache: DocumentCache) -> list[str]:
    return [name for name in "abcd" if cache.get(f"{{ {name} }}")]


def test_the_document_used_least_recently_leaves(cache: DocumentCache) -> None:
    for name in "abc":
        cache.keep(document(name))
    cache.get("{ a }")
    cache.keep(document("d"))
    assert kept(cache) == ["a", "c", "d"]


def test_a_document_that_gets_plans_displaces_others(cache: DocumentCache) -> None:
    growing = document("c")
    for each in (document("a"), document("b"), growing):
        cache.keep(each)
    plans = growing.add_plans(growing.operations[0], ())
    plans.add("query", Plan(None, {}, [], document("a").bytes))  # type: ignore[arg-type] # never executed
    cache.keep(growing)
    assert kept(cache) == ["b", "c"]


def test_a_document_that_needs_the_whole_cache_is_not_kept(cache: DocumentCache) -> None:
    cache.keep(document("a"))
    large = Document("{ a }" + " #" * 10_000, parse("{ a }"))
    cache.keep(large)
    assert (cache.get(large.text), kept(cache)) == (None, ["a"])


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("{ a }", 3),
        ('query Q($id: ID!) { node(id: $id) { ... on Quote { total } } } # "end', 27),
        (r'{ quote(number: "Q\"-1, {2}") { id } }', 11),
    ],
)
def test_tokens_are_counted_without_parsing(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens
