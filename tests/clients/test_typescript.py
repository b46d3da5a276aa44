"""TypeScript clients: fetch, Apollo Client and urql."""

from pathlib import Path

import pytest

from tests.clients.commands import CLIENTS, run
from tests.clients.conftest import Once, Run, readme_block
from tests.smoke import Server

PROGRAMS = CLIENTS / "node_modules" / ".bin"
SWITCH_SCRIPT = """
import type { CloseOpportunityMutation } from "./generated/graphql.js";

declare function show(opportunity: unknown): string;
declare function offerToClose(quotes: readonly unknown[]): string;
declare function warn(message: string): string;

export function handle(result: CloseOpportunityMutation["closeOpportunity"]): string {
"""


@pytest.fixture(scope="module")
def compiled(npm: Run, once: Once) -> None:
    """Generate the types, and compile every client with --strict."""
    once("typescript", lambda: npm("compile-typescript"))


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("client", ["fetch", "apollo", "urql"])
def test_a_typescript_client_closes_an_opportunity_after_a_refusal(
    client: str, node: Run, server: Server
) -> None:
    node(f"typescript/built/{client}.js", *server)


@pytest.mark.usefixtures("npm")
def test_the_readme_configuration_for_typescript_generates_types_for_its_switch(project: Path) -> None:
    (project / "node_modules").symlink_to(CLIENTS / "node_modules")
    (project / "codegen.yml").write_text(readme_block("yaml"))
    run(PROGRAMS / "graphql-codegen", cwd=project)

    (project / "src" / "switch.ts").write_text(f"{SWITCH_SCRIPT}{readme_block('ts')}}}")
    options = ("--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext")
    run(PROGRAMS / "tsc", *options, "src/switch.ts", cwd=project)
