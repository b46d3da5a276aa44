import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("package", ["strawberry", "graphql", "starlette", "uvicorn", "schema", "api"])
def test_db_never_imports(package: str) -> None:
    assert importers("db", package) == set()


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "api"])
def test_schema_never_imports(package: str) -> None:
    assert importers("schema", package) == set()


def test_migrations_never_import_the_models_which_go_on_changing() -> None:
    assert importers("db/migrations", "db.models") == set()


def test_only_the_command_line_and_the_migrations_open_databases() -> None:
    assert everywhere("db.connect") <= {"api/cli/runtime/database.py", "db/migrations/runner.py"}


@pytest.mark.parametrize("name", ["os.environ", "os.environb", "os.getenv", "pydantic_settings"])
def test_only_the_settings_read_the_environment(name: str) -> None:
    assert everywhere(name) <= {"api/settings.py"}


def test_telemetry_is_imported_where_it_is_wanted_alone() -> None:
    tracing = {str(file.relative_to(ROOT)) for file in (ROOT / "api" / "observability" / "tracing").iterdir()}

    assert everywhere("opentelemetry") <= tracing
    assert everywhere("api.observability.tracing") <= tracing | {"api/cli/commands/serve.py"}


def everywhere(name: str) -> set[str]:
    return importers("api", name) | importers("schema", name) | importers("db", name)


def importers(folder: str, name: str) -> set[str]:
    """Name the files below ``folder`` that import ``name`` or something in it, or use it as an attribute."""
    return {
        str(file.relative_to(ROOT))
        for file in (ROOT / folder).rglob("*.py")
        if any(used == name or used.startswith(f"{name}.") for used in used_names(file))
    }


def used_names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                yield f"{module}.{name}"
