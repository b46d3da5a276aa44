"""The packages depend on each other in one direction, and so do folders and modules."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.source import FILES, imported_names, parsed

MODULES = {".".join(file.with_suffix("").parts).removesuffix(".__init__"): file for file in FILES}
FOLDERS = sorted({folder for file in FILES for folder in file.parents} - {Path()})

MAX_MODULES_PER_FOLDER = 10
LARGER_FOLDERS = {Path("db/migrations/versions")}
"""Alembic wants all revisions in one folder."""


@pytest.mark.parametrize("package", ["strawberry", "graphql", "starlette", "uvicorn", "schema", "api"])
def test_db_never_imports(package: str) -> None:
    assert importers("db", package) == set()


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "api"])
def test_schema_never_imports(package: str) -> None:
    assert importers("schema", package) == set()


@pytest.mark.parametrize("package", ["sqlalchemy", "sqlmodel", "asyncpg", "sqlite3"])
def test_the_domain_never_imports(package: str) -> None:
    assert importers("db/domain", package) == set()


def test_the_domain_imports_no_other_folder() -> None:
    domain = Path("db/domain")

    assert {edge for edge in edges() if edge.importer.parent == domain != edge.imported.parent} == set()


def test_migrations_never_import_the_models_which_go_on_changing() -> None:
    assert importers("db/migrations", "db.models") == set()


def test_only_the_command_line_and_the_migrations_open_databases() -> None:
    assert importers(".", "db.connect") == {"api/cli/runtime/database.py", "db/migrations/runner.py"}


@pytest.mark.parametrize("name", ["os.environ", "os.environb", "os.getenv", "pydantic_settings"])
def test_only_the_settings_read_the_environment(name: str) -> None:
    assert importers(".", name) <= {"api/settings.py"}


def test_only_the_tracing_folder_imports_opentelemetry() -> None:
    assert importers(".", "opentelemetry") != set()
    assert importers(".", "opentelemetry") == importers("api/observability/tracing", "opentelemetry")


def test_only_the_setup_of_tracing_is_imported_elsewhere() -> None:
    tracing = Path("api/observability/tracing")

    assert {edge.imported for edge in edges() if edge.imported.parent == tracing != edge.importer.parent} == {
        tracing / "setup.py"
    }


def test_no_folder_imports_a_folder_that_imports_it() -> None:
    assert cycles((edge.importer.parent, edge.imported.parent) for edge in edges()) == set()


def test_no_module_imports_a_module_that_imports_it() -> None:
    """An import also runs the packages around the module it names, unless the importer is in them."""
    pairs = {(edge.importer, edge.imported) for edge in edges() if edge.at_import}
    packages = {
        (importer, folder / "__init__.py")
        for importer, imported in pairs
        for folder in imported.parents
        if not importer.is_relative_to(folder)
    }

    assert cycles(pairs | packages) == set()


def test_folders_are_small_enough_to_be_read_at_a_glance() -> None:
    sizes = Counter(file.parent for file in FILES if file.name != "__init__.py")

    assert {folder for folder, size in sizes.items() if size > MAX_MODULES_PER_FOLDER} == LARGER_FOLDERS


def test_every_folder_is_a_package() -> None:
    assert [folder for folder in FOLDERS if folder / "__init__.py" not in FILES] == []


def test_every_module_says_what_it_is_and_every_folder_what_belongs_there() -> None:
    assert [file for file in FILES if not ast.get_docstring(parsed(file))] == []


class Edge(NamedTuple):
    """One module imports another: when it is imported itself (``at_import``), or later, in a function."""

    importer: Path
    imported: Path
    at_import: bool


@cache
def edges() -> frozenset[Edge]:
    found = set[Edge]()
    for importer in FILES:
        at_import = set(run_at_import(parsed(importer)))
        for node in ast.walk(parsed(importer)):
            for name in imported_names(node, importer):
                module = name if name in MODULES else name.rpartition(".")[0]
                if module in MODULES:
                    found.add(Edge(importer, MODULES[module], node in at_import))
    return frozenset(found)


def run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those in it that run when its module is imported."""
    yield node
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            return
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            inner: Iterable[ast.AST] = node.orelse
        case _:
            inner = ast.iter_child_nodes(node)
    for child in inner:
        yield from run_at_import(child)


def cycles(pairs: Iterable[tuple[Path, Path]]) -> set[tuple[str, str]]:
    """Return the pairs that reach each other, directly or through others."""
    graph = defaultdict[Path, set[Path]](set)
    for importer, imported in pairs:
        if importer != imported:
            graph[importer].add(imported)
    reached = {start: reachable(graph, start) for start in graph}
    return {
        (str(one), str(other))
        for one, others in reached.items()
        for other in others
        if one < other and one in reached.get(other, ())
    }


def reachable(graph: Mapping[Path, set[Path]], start: Path) -> set[Path]:
    seen = set[Path]()
    to_visit = [start]
    while to_visit:
        for other in graph.get(to_visit.pop(), set()) - seen:
            seen.add(other)
            to_visit.append(other)
    return seen


def importers(folder: str, name: str) -> set[str]:
    """Return the modules below ``folder`` that import ``name`` or a part of it, or use it as an attribute."""
    return {
        str(file)
        for file in FILES
        if file.is_relative_to(folder)
        if any(f"{used}.".startswith(f"{name}.") for used in used_names(file))
    }


@cache
def used_names(file: Path) -> frozenset[str]:
    """Return what a module imports, and each attribute with dots, under the imported name of its module."""
    nodes = list(ast.walk(parsed(file)))
    imported = {name for node in nodes for name in imported_names(node, file)}
    aliases = {
        alias.asname: alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    attributes = {
        f"{aliases.get(node.value.id, node.value.id)}.{node.attr}"
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return frozenset(imported | attributes)
