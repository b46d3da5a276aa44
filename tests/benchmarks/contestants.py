"""Who takes part: how each is started, and how it is asked."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.asking import dealdesk, limit, postgraphile, walkers
from tests.benchmarks.asking.questions import Questions

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
NODE = _HERE / "node"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server and how to talk to it.

    ``{port}`` in its command stands for the port; everything else it reads from the environment.
    ``prepare`` is SQL that its users would have in their database. ``sign_in`` is a command that prints, on
    its last line, the token that every request carries; ``{name}`` in it is another one at each start.
    """

    name: str
    title: str
    command: Sequence[str]
    questions: Questions
    directory: Path = _ROOT
    prepare: Path | None = None
    sign_in: Sequence[str] = ()


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"tests.benchmarks.servers.{module}")


def _node(module: str) -> tuple[str, ...]:
    return ("node", f"{module}.js")


_PROGRAM = str(Path(sys.executable).with_name("dealdesk"))
_DEALDESK = Contestant(
    "dealdesk",
    "Dealdesk",
    (_PROGRAM, "serve", "--port", "{port}"),
    dealdesk.QUESTIONS,
    sign_in=(_PROGRAM, "token", "create", "--role", "ADMIN", "--name", "{name}", "--expires-in", "1d"),
)
_LIMIT = Contestant("sql", "hand-written SQL", _python("limit.on_postgres"), limit.QUESTIONS)

ON_POSTGRES = (
    _LIMIT,
    _DEALDESK,
    Contestant(
        "postgraphile",
        "PostGraphile",
        _node("postgraphile"),
        postgraphile.QUESTIONS,
        directory=NODE,
        prepare=NODE / "postgraphile.sql",
    ),
    Contestant("mercurius", "Mercurius, JIT", _node("mercurius"), walkers.QUESTIONS, directory=NODE),
    Contestant("yoga", "Yoga, JIT", _node("yoga"), walkers.QUESTIONS, directory=NODE),
    Contestant("ariadne", "Ariadne", _python("ariadne_peer"), walkers.QUESTIONS),
    Contestant("strawberry", "Strawberry", _python("strawberry_peer"), walkers.QUESTIONS),
)
"""The first is what all others are compared with."""

ON_SQLITE = (
    Contestant("sql", "hand-written SQL", _python("limit.on_sqlite"), limit.QUESTIONS),
    _DEALDESK,
)
"""The first is what the other is compared with."""

GROWING = (_LIMIT, _DEALDESK)
"""Those whose single read is watched while the tables grow."""
