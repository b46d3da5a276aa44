"""Lower case of ASCII letters only: Unicode's lower case of the KELVIN SIGN is the letter "k"."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from typing_extensions import override


class AsciiLower(ColumnElement[str]):
    """A text with its ASCII letters in lower case and all other characters unchanged."""

    inherit_cache = False
    type = Text()

    def __init__(self, text: ColumnElement[Any]) -> None:
        self.text = text

    @override
    def get_children(self, **_options: object) -> list[ColumnElement[Any]]:
        return [self.text]


@compiles(AsciiLower, "postgresql")
def _on_postgresql(element: AsciiLower, compiler: SQLCompiler, **options: Any) -> str:
    return f'lower({compiler.process(element.text, **options)} COLLATE "C")'


@compiles(AsciiLower, "sqlite")
def _on_sqlite(element: AsciiLower, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.text, **options)})"
