"""The contestants: how each is started, and the requests it gets."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.requests import dealdesk, handwritten, postgraphile, resolver_peers
from tests.benchmarks.requests.templates import RequestTemplates

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
NODE = _HERE / "node"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server and its request templates.

    ``{port}`` in ``command`` is replaced by the port; the server reads all else from the environment.
    ``prepare`` is SQL that its users would add to their database. ``sign_in`` is a command whose last line of
    output is the token of every request; ``{name}`` in it is replaced by a new name at each start.
    """

    name: str
    title: str
    command: Sequence[str]
    templates: RequestTemplates
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
    dealdesk.TEMPLATES,
    sign_in=(_PROGRAM, "token", "create", "--role", "ADMIN", "--name", "{name}", "--expires-in", "1d"),
)
_HANDWRITTEN = Contestant(
    "sql", "hand-written SQL", _python("handwritten.postgres_server"), handwritten.TEMPLATES
)

ON_POSTGRES = (
    _HANDWRITTEN,
    _DEALDESK,
    Contestant(
        "postgraphile",
        "PostGraphile",
        _node("postgraphile"),
        postgraphile.TEMPLATES,
        directory=NODE,
        prepare=NODE / "postgraphile.sql",
    ),
    Contestant("mercurius", "Mercurius, JIT", _node("mercurius"), resolver_peers.TEMPLATES, directory=NODE),
    Contestant("yoga", "Yoga, JIT", _node("yoga"), resolver_peers.TEMPLATES, directory=NODE),
    Contestant("ariadne", "Ariadne", _python("ariadne_peer"), resolver_peers.TEMPLATES),
    Contestant("strawberry", "Strawberry", _python("strawberry_peer"), resolver_peers.TEMPLATES),
)
"""The first one is the baseline of the others."""

ON_SQLITE = (
    Contestant("sql", "hand-written SQL", _python("handwritten.sqlite_server"), handwritten.TEMPLATES),
    _DEALDESK,
)
"""The first one is the baseline."""

GROWTH_CONTESTANTS = (_HANDWRITTEN, _DEALDESK)
"""The contestants whose single read is measured at two sizes."""
