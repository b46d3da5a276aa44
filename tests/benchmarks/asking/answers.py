"""Bringing answers of differently shaped schemas to one plain structure.

A schema may wrap a list into a connection or not, put an amount and its currency into an object or side by
side, prefix ids, and write the same instant in several ways. None of that is a difference in what was said.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

_PREFIXED_ID = re.compile(r"[a-z]+_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_WRAPPERS = ("nodes", "result")
_MONEY = {"amount", "currencyCode"}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


def root(answer: Mapping[str, Any]) -> Any:
    """Return what the only root field of a GraphQL answer holds.

    Raises:
        ValueError: the answer holds errors, or something other than one root field.
    """
    if "errors" in answer or len(answer.get("data") or ()) != 1:
        raise ValueError(f"Not an answer: {str(answer)[:500]}")
    (value,) = answer["data"].values()
    return value


def plain(value: Any) -> Any:
    """Return the plain structure of a value in an answer."""
    if isinstance(value, Mapping):
        wrapped = next((value[name] for name in _WRAPPERS if name in value), None)
        return dict(_fields(value)) if wrapped is None else plain(wrapped)
    if isinstance(value, list):
        return [plain(each) for each in value]
    return _scalar(value) if isinstance(value, str) else value


def _fields(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, Mapping) and value.keys() == _MONEY:
            yield name, value["amount"]
            yield "currencyCode", value["currencyCode"]
        elif name != "__typename":
            yield name, plain(value)


def _scalar(text: str) -> str:
    if prefixed := _PREFIXED_ID.fullmatch(text):
        return prefixed[1]
    if _INSTANT.fullmatch(text):
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    return text


def difference(one: Any, other: Any, path: str = "the answer") -> str:
    """Say where two plain structures differ first; nothing where they are equal."""
    if one == other:
        return ""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[{index}]", *both) for index, both in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{path}.{name}", one[name], other[name]) for name in one]
    else:
        return f"at {path}: {one!r:.500} is not {other!r:.500}"
    return next(found for where, this, that in pairs if (found := difference(this, that, where)))
