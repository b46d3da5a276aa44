"""No private member of a library is used, but for the exceptions listed here. The list only gets shorter."""

import ast
import importlib
import inspect
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.source import FILES, PACKAGES, files_of, imported_names, parsed

TESTS = files_of("tests")


class Allowed(NamedTuple):
    """A private member that one module may use, with the release that it was checked against."""

    file: str
    name: str
    distribution: str
    checked_version: str
    reason: str


EXCEPTIONS = [
    Allowed(
        "schema/build.py",
        "_schema",
        "strawberry-graphql",
        "0.341.2",
        "Strawberry offers no public way to its graphql-core schema, whose resolvers the plans replace.",
    ),
]

DOCUMENTED_NAMES = {"_asdict", "_replace", "_fields", "_make"}
"""Public members of named tuples, which have the underscore to stay apart from the names of their fields."""

NAMING_CALLS = {
    *("getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller"),
    *("__getattribute__", "__getattr__", "__setattr__", "__delattr__"),
}
"""Calls that take the name of a member as a string."""


def test_private_members_of_libraries_are_not_used() -> None:
    found = {(use.file, use.name) for file in FILES for use in private_uses(file)}

    assert found == {(allowed.file, allowed.name) for allowed in EXCEPTIONS}


def test_tests_use_no_private_members() -> None:
    assert [use for file in TESTS for use in private_uses(file)] == []


def test_private_modules_and_names_of_libraries_are_not_imported() -> None:
    assert [use for file in FILES + TESTS for use in private_imports(file)] == []


def test_private_members_of_libraries_are_neither_inherited_nor_overridden() -> None:
    assert [use for class_ in own_classes() for use in inherited_uses(class_)] == []


def test_no_class_is_hidden_in_a_function_where_its_bases_are_unknown() -> None:
    assert [
        (str(file), class_.name)
        for file in FILES
        for function in ast.walk(parsed(file))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for class_ in ast.walk(function)
        if isinstance(class_, ast.ClassDef)
    ] == []


@pytest.mark.parametrize("allowed", EXCEPTIONS, ids=lambda allowed: allowed.name)
def test_an_exception_is_checked_again_when_its_library_changes(allowed: Allowed) -> None:
    assert version(allowed.distribution) == allowed.checked_version


class Use(NamedTuple):
    file: str
    line: int
    name: str


def private_uses(file: Path) -> Iterator[Use]:
    """Yield each use of a private member, but for those of a variable that the module itself defines.

    ``self._name`` is left to ``inherited_uses``, which knows the bases of its class.
    """
    own = defined_names(parsed(file))
    for node in ast.walk(parsed(file)):
        is_of_variable = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        for name in used_members(node):
            if is_private(name) and not (is_of_variable and name in own):
                yield Use(str(file), getattr(node, "lineno", 0), name)


def used_members(node: ast.AST) -> Iterator[str]:
    """Yield the members that a node names: as attributes, keywords, in patterns and in strings."""
    match node:
        case ast.Attribute(attr=name) if not is_of_self(node):
            yield name
        case ast.keyword(arg=str(name)):
            yield name
        case ast.MatchClass(kwd_attrs=names):
            yield from names
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)) if called in NAMING_CALLS:
            yield from strings(node.args)
        case ast.Subscript(value=ast.Call(func=ast.Name(id="vars")) | ast.Attribute(attr="__dict__")):
            yield from strings([node.slice])


def strings(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from node.value.split(".")


def is_of_self(node: ast.Attribute) -> bool:
    match node.value:
        case ast.Name(id="self" | "cls") | ast.Call(func=ast.Name(id="super")):
            return True
    return False


def private_imports(file: Path) -> Iterator[Use]:
    for node in ast.walk(parsed(file)):
        for dotted in imported_names(node, file):
            parts = dotted.split(".")
            if parts[0] not in (*PACKAGES, "tests") and any(map(is_private, parts)):
                yield Use(str(file), getattr(node, "lineno", 0), dotted)


def inherited_uses(class_: type) -> Iterator[str]:
    """Yield each private member that a class of ours uses or defines and that a library's base has.

    A member that no class of ours defines is a library's too, even if its source can't be read.
    """
    bases = class_.__mro__[:-1]
    own = {name for base in bases if is_ours(base) for name in names_in_source(base)}
    foreign = {
        name for base in bases if not is_ours(base) for name in vars(base).keys() | names_in_source(base)
    }
    used = {
        node.attr
        for definition in definitions_of(class_)
        for node in ast.walk(definition)
        if isinstance(node, ast.Attribute) and is_of_self(node)
    }
    for name in filter(is_private, used | names_in_source(class_)):
        if name in foreign or name not in own:
            yield f"{class_.__module__}.{class_.__qualname__}.{name}"


def own_classes() -> Iterator[type]:
    """Yield each class in the modules, with the classes in it."""
    for file in FILES:
        if file.is_relative_to("db/migrations") and (file.stem == "env" or file.parent.stem == "versions"):
            continue  # only Alembic can run them
        module = importlib.import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))
        yield from classes_in(module, module.__name__)


def classes_in(holder: object, module: str) -> Iterator[type]:
    for name, value in vars(holder).items():
        if inspect.isclass(value) and value.__module__ == module and value.__name__ == name:
            yield value
            yield from classes_in(value, module)


def is_ours(class_: type) -> bool:
    return class_.__module__.partition(".")[0] in PACKAGES


@cache
def names_in_source(class_: type) -> set[str]:
    return set[str]().union(*map(defined_names, definitions_of(class_)))


def definitions_of(class_: type) -> list[ast.ClassDef]:
    """Return the definitions of a class; none if it is written in C."""
    file = getattr(sys.modules.get(class_.__module__), "__file__", None) or ""
    return class_definitions(Path(file)).get(class_.__name__, []) if file.endswith(".py") else []


@cache
def class_definitions(file: Path) -> dict[str, list[ast.ClassDef]]:
    definitions = defaultdict[str, list[ast.ClassDef]](list)
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.ClassDef):
            definitions[node.name].append(node)
    return definitions


def defined_names(tree: ast.AST) -> set[str]:
    """Return what a tree defines: functions, classes, and assigned names and attributes of ``self``."""
    names = set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
    return names


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("_") and name not in DOCUMENTED_NAMES
