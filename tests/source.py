"""The source of the project as syntax trees, for the tests of its structure."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "schema", "db")
NOT_OURS = {".venv", "node_modules", "generated", "__generated__"}
"""Folders that the tests of the clients make."""


def files_of(*folders: str) -> list[Path]:
    """Return the modules below these folders, relative to the root, without those that tests install."""
    modules = (file.relative_to(ROOT) for folder in folders for file in sorted((ROOT / folder).rglob("*.py")))
    return [file for file in modules if NOT_OURS.isdisjoint(file.parts)]


FILES = files_of(*PACKAGES)


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text())


def imported_names(node: ast.AST, file: Path) -> Iterator[str]:
    """Yield what a node of a module imports, with dots: ``db.domain.ids.new_id``."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            package = file.parts[: len(file.parts) - level] if level else ()
            parts = (*package, module) if module else package
            yield from (".".join((*parts, alias.name)) for alias in names)
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(module)), *_],
        ):
            yield module
