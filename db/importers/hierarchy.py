"""Hierarchies between the rows of a file, such as accounts and their parent companies."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

from db.domain.validation import Problems
from db.importers.csv_reader import CsvDirectory, CsvFile

T = TypeVar("T")


def reject_hierarchy(
    files: CsvDirectory,
    file: CsvFile[T],
    column: str,
    parents: Mapping[str, str],
    check: Callable[[Problems, str, AbstractSet[str]], None],
) -> None:
    """Reject the rows whose chain of parents ``check`` rejects, and the rows below rejected ones.

    ``parents`` has the key of each row's parent, as ``column`` names it; a parent may have no row of its own.
    """
    chains = {key: _chain(key, parents) for key in parents}
    own_reasons: dict[str, str] = {}
    for key, chain in chains.items():
        problems = Problems()
        check(problems, key, chain)
        own_reasons.update((key, problem.message) for problem in problems.refusals)
    without_row = own_reasons.keys() | (file.rejected_keys - file.rows.keys())
    for key, chain in chains.items():
        if key in own_reasons:
            files.reject(file, key, own_reasons[key])
        elif chain & without_row:
            files.reject(file, key, f"{column} {parents[key]!r} has no valid row. Correct that row first.")


def _chain(key: str, parents: Mapping[str, str]) -> AbstractSet[str]:
    """Return the parent of a row and all parents above it."""
    chain: set[str] = set()
    parent = parents.get(key)
    while parent is not None and parent not in chain:
        chain.add(parent)
        parent = parents.get(parent)
    return chain
