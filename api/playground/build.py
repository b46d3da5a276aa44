"""Bundles the playground from its npm packages while Dealdesk is being installed."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCES = ("package.json", "package-lock.json", "bundling.js", "source")

_MOST_SECONDS = 300
"""How long npm may take for one step."""

# One quick retry: where there is no network, installing must not wait for one.
_INSTALL = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
)


class PlaygroundBuildHook(BuildHookInterface[Any]):
    """Leaves the bundle in ``static/``. Without npm there is none, and the page takes GraphiQL from a CDN."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling calls it so
        """Bundle before the wheel's files are gathered; whatever goes wrong, the installation goes on."""
        build_data["artifacts"].append("api/playground/static/")
        try:
            _bundle(Path(self.root, "api", "playground"))
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"The playground is not bundled, it will use a CDN: {error}")


def _bundle(playground: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed.")
    with TemporaryDirectory() as directory:
        for name in _SOURCES:
            _copy(playground / name, Path(directory, name))
        for command in (_INSTALL, ("run", "build")):
            subprocess.run([npm, *command], cwd=directory, check=True, timeout=_MOST_SECONDS)  # noqa: S603 - our own command
        shutil.rmtree(playground / "static", ignore_errors=True)
        shutil.move(Path(directory, "static"), playground / "static")


def _copy(source: Path, target: Path) -> None:
    (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
