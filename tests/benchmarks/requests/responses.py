"""Normalize the responses of different schemas, so that they can be compared.

Schemas differ in whether they wrap a list into a connection, put an amount and its currency into an object,
and prefix ids, and in how they write an instant. These differences are removed.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

_PREFIXED_ID = re.compile(r"[a-z]+_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_WRAPPERS = ("nodes", "result")
_MONEY = {"amount", "currencyCode"}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")


def root_value(answer: Mapping[str, Any]) -> Any:
    """Return the value of the only root field of a GraphQL response.

    Raises:
        ValueError: the response has errors, or not exactly one root field.
    """
    if "errors" in answer or len(answer.get("data") or ()) != 1:
        raise ValueError(f"Not a successful response: {str(answer)[:500]}")
    (value,) = answer["data"].values()
    return value


def normalize(value: Any) -> Any:
    """Return a value of a response in the common structure."""
    if isinstance(value, Mapping):
        wrapped = next((value[name] for name in _WRAPPERS if name in value), None)
        return dict(_fields(value)) if wrapped is None else normalize(wrapped)
    if isinstance(value, list):
        return [normalize(each) for each in value]
    return _scalar(value) if isinstance(value, str) else value


def _fields(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, Mapping) and value.keys() == _MONEY:
            yield name, value["amount"]
            yield "currencyCode", value["currencyCode"]
        elif name != "__typename":
            yield name, normalize(value)


def _scalar(text: str) -> str:
    if prefixed := _PREFIXED_ID.fullmatch(text):
        return prefixed[1]
    if _INSTANT.fullmatch(text):
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    return text


def first_difference(one: Any, other: Any, path: str = "the response") -> str:
    """Describe where two structures differ first; return an empty string if they are equal."""
    if one == other:
        return ""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[{index}]", *both) for index, both in enumerate(zip(one, other, strict=True))]
    elif isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{path}.{name}", one[name], other[name]) for name in one]
    else:
        return f"at {path}: {one!r:.500} is not {other!r:.500}"
    return next(found for where, this, that in pairs if (found := first_difference(this, that, where)))
