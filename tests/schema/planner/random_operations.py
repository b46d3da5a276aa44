"""Random operations over the whole schema: fields, arguments, aliases, fragments and directives."""

from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from tests.schema.planner.random_inputs import Inputs, Material, literal, node_type

ROOT_SIZES = (0, 1, 2, 3, 5, 20, 100)
NESTED_SIZES = (0, 1, 2, 3)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu")
_COST = {"Node": 2}
"""What a field of this type adds to the depth, if not 1: a Node has a subquery for each of its types."""

_KEYS_OF_QUOTE = (("id",), ("number",), ("number", "revision"))


@dataclass(frozen=True, slots=True)
class Operation:
    """A document with one query, and the variables of each execution."""

    head: str
    selection: str
    fragments: str
    variables: list[dict[str, Any]]

    @property
    def text(self) -> str:
        """The document."""
        return f"{self.head} {{ {self.selection} }}\n{self.fragments}"

    @property
    def text_with_introspection(self) -> str:
        """The document with the field ``__schema``, so that graphql-core has to execute it."""
        return f"{self.head} {{ __schema {{ __typename }} {self.selection} }}\n{self.fragments}"


def generate(
    schema: GraphQLSchema, material: Material, random: Random, deepest: int, times: int
) -> Operation:
    """Generate a random query with a depth of up to ``deepest`` fields, and variables for ``times`` executions."""
    writer = _Writer(schema, Inputs(random, material))
    selection = writer.selection_of_root(random.randint(2, deepest))
    variables = ", ".join(map(str, writer.inputs.variables))
    return Operation(
        f"query Generated({variables})" if variables else "query Generated",
        selection,
        "\n".join(writer.definitions),
        [writer.inputs.values() for _ in range(times)],
    )


class _Writer:
    def __init__(self, schema: GraphQLSchema, inputs: Inputs) -> None:
        self.schema = schema
        self.inputs = inputs
        self.random = inputs.random
        self.fragments: dict[tuple[str, bool], list[tuple[int, str]]] = {}
        self.definitions: list[str] = []
        self.names = 0

    def selection_of_root(self, depth: int) -> str:
        query: Any = self.schema.query_type
        roots = self.random.sample(list(query.fields), self.random.choice((1, 1, 1, 2)))
        fields = [self.field(query, name, depth) for name in roots]
        return " ".join([*fields, *self.some(0.1, self.typename)])

    def name(self, letter: str) -> str:
        self.names += 1
        return f"{letter}{self.names}"

    def some(self, probability: float, write: Any) -> list[str]:
        return [write()] if self.inputs.chance(probability) else []

    def typename(self) -> str:
        alias = f"{self.name('t')}: " if self.inputs.chance(0.3) else ""
        return f"{alias}__typename{self.directive()}"

    def field(self, parent: Any, name: str, depth: int, *, aliased: bool = False) -> str:
        field = parent.fields[name]
        arguments = self.arguments(field, is_root=parent is self.schema.query_type)
        alias = f"{self.name('f')}: " if aliased or arguments or self.inputs.chance(0.15) else ""
        head = f"{alias}{name}{arguments}"
        type_ = get_named_type(field.type)
        times = 2 if self.inputs.chance(0.08) else 1
        if is_leaf_type(type_):
            return " ".join(f"{head}{self.directive()}" for _ in range(times))
        return " ".join(
            f"{head}{self.directive()} {self.selection(type_, depth - _COST.get(type_.name, 1))}"
            for _ in range(times)
        )

    def directive(self) -> str:
        if not self.inputs.chance(0.06):
            return ""
        word = self.random.choice(("skip", "include"))
        type_ = GraphQLNonNull(GraphQLBoolean)
        return f" @{word}(if: {literal(type_, self.inputs.drawn(type_, ()))})"

    def selection(self, type_: Any, depth: int, *, aliased: bool = False) -> str:
        parts = self.fields(type_, depth, aliased=aliased or isinstance(type_, GraphQLInterfaceType))
        if isinstance(type_, GraphQLInterfaceType):
            parts += [self.concrete(type_, depth) for _ in range(2)]
        else:
            parts += self.some(0.1, lambda: self.inline(type_, depth, aliased=aliased))
            parts += self.some(0.15, lambda: self.spread(type_, depth, aliased=aliased))
        parts += self.some(0.15 if parts else 1, self.typename)
        self.random.shuffle(parts)
        return f"{{ {' '.join(parts)} }}"

    def fields(self, type_: Any, depth: int, *, aliased: bool) -> list[str]:
        leaves = [name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))]
        nested = [name for name in type_.fields if name not in leaves] if depth > 0 else []
        chosen = self.random.sample(leaves, min(len(leaves), self.random.choice((0, 1, 1, 2))))
        chosen += self.random.sample(nested, min(len(nested), self.random.choice((0, 1, 1, 1, 2))))
        return [self.field(type_, name, depth, aliased=aliased) for name in chosen]

    def concrete(self, interface: GraphQLInterfaceType, depth: int) -> str:
        objects = self.schema.get_possible_types(interface)
        type_ = self.random.choice(objects)
        return self.random.choice((self.inline, self.spread))(type_, depth, aliased=True)

    def inline(self, type_: GraphQLObjectType, depth: int, *, aliased: bool) -> str:
        if type_.interfaces and self.inputs.chance(0.2):
            return f"... on Node{self.directive()} {{ id __typename }}"
        condition = f" on {type_.name}" if aliased or self.inputs.chance(0.5) else ""
        return f"...{condition}{self.directive()} {self.selection(type_, depth, aliased=aliased)}"

    def spread(self, type_: GraphQLObjectType, depth: int, *, aliased: bool) -> str:
        known = self.fragments.setdefault((type_.name, aliased), [])
        fitting = [name for deepest, name in known if deepest <= depth]
        if fitting and self.inputs.chance(0.6):
            return f"...{self.random.choice(fitting)}{self.directive()}"
        body = self.selection(type_, depth, aliased=aliased)
        name = self.name("F")
        self.definitions.append(f"fragment {name} on {type_.name} {body}")
        known.append((depth, name))
        return f"...{name}{self.directive()}"

    def arguments(self, field: GraphQLField, *, is_root: bool) -> str:
        paged = "first" in field.args
        sent = self.paging(field, is_root=is_root) if paged else self.lookup(field)
        if not sent:
            return ""
        spelled = (f"{key}: {literal(field.args[key].type, value)}" for key, value in sent.items())
        return f"({', '.join(spelled)})"

    def lookup(self, field: GraphQLField) -> dict[str, Any]:
        material = self.inputs.material
        keys = self.random.choice(_KEYS_OF_QUOTE) if "number" in field.args else tuple(field.args)
        pools = {"timeZone": ZONES, "number": material.texts}
        ids = material.ids_of(get_named_type(field.type).name)
        return {key: self.inputs.drawn(_required(field.args[key].type), pools.get(key, ids)) for key in keys}

    def paging(self, field: GraphQLField, *, is_root: bool) -> dict[str, Any]:
        order, cursors = self.random.choice(self.inputs.material.cursors[node_type(field)])
        sent: dict[str, Any] = self.size(field, ROOT_SIZES if is_root else NESTED_SIZES)
        for name in ("after", "before"):
            if self.inputs.chance(0.2):
                sent[name] = self.inputs.drawn(field.args[name].type, cursors)
        if self.inputs.chance(0.4):
            sent["filter"] = self.inputs.drawn(field.args["filter"].type, ())
        if order is not None:
            sent["orderBy"] = self.fixed(field.args["orderBy"].type, order)
        return sent

    def size(self, field: GraphQLField, sizes: tuple[int, ...]) -> dict[str, Any]:
        word = self.random.choice(("first", "first", "last", "", ""))
        if not word:
            return {}
        type_ = _required(field.args[word].type)
        draw = partial(self.random.choice, sizes)
        return {word: self.inputs.variable(type_, draw) if self.inputs.chance(0.3) else draw()}

    def fixed(self, type_: Any, value: Any) -> Any:
        return self.inputs.variable(_required(type_), lambda: value) if self.inputs.chance(0.3) else value


def _required(type_: Any) -> Any:
    return type_ if isinstance(type_, GraphQLNonNull) else GraphQLNonNull(type_)
