from pathlib import Path

import pytest

from tests.clients.commands import CLIENTS, run
from tests.clients.conftest import Once, Run, in_the_readme
from tests.smoke import Server

PROGRAMS = CLIENTS / "node_modules" / ".bin"
SWITCHING = """
import type { CloseOpportunityMutation } from "./generated/graphql.js";

declare function show(deal: unknown): string;
declare function offerToClose(quotes: readonly unknown[]): string;
declare function warn(message: string): string;

export function told(result: CloseOpportunityMutation["closeOpportunity"]): string {
"""


@pytest.fixture(scope="module")
def compiled(npm: Run, once: Once) -> None:
    """The types are generated, and every client has passed the compiler with --strict."""
    once("typescript", lambda: npm("compile-typescript"))


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("client", ["fetching", "apollo", "urql"])
def test_a_client_in_typescript_is_refused_and_then_sells(client: str, node: Run, server: Server) -> None:
    node(f"typescript/built/{client}.js", *server)


@pytest.mark.usefixtures("npm")
def test_what_the_readme_generates_for_typescript_fits_its_switch(project: Path) -> None:
    (project / "node_modules").symlink_to(CLIENTS / "node_modules")
    (project / "codegen.yml").write_text(in_the_readme("yaml"))
    run(PROGRAMS / "graphql-codegen", cwd=project)

    (project / "src" / "switching.ts").write_text(f"{SWITCHING}{in_the_readme('ts')}}}")
    options = ("--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext")
    run(PROGRAMS / "tsc", *options, "src/switching.ts", cwd=project)
