"""The build hook of the package: it bundles the playground from its npm packages."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCES = ("package.json", "package-lock.json", "bundle.js", "source")
_STEP_TIMEOUT_SECONDS = 300

# One quick retry: without a network, the installation must not wait for one.
_INSTALL = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
)


class PlaygroundBuildHook(BuildHookInterface[Any]):
    """Writes the bundle to ``static/``. Without npm there is none, and the page loads GraphiQL from a CDN."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's interface
        """Bundle before the files of the wheel are gathered. If that fails, warn and continue."""
        build_data["artifacts"].append("api/playground/static/")
        try:
            _bundle(Path(self.root, "api", "playground"))
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"The playground is not bundled and will use a CDN: {error}")


def _bundle(playground: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed.")
    with TemporaryDirectory() as directory:
        for name in _SOURCES:
            source = playground / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, Path(directory, name))
        for command in (_INSTALL, ("run", "build")):
            subprocess.run([npm, *command], cwd=directory, check=True, timeout=_STEP_TIMEOUT_SECONDS)  # noqa: S603 - a fixed command
        shutil.rmtree(playground / "static", ignore_errors=True)
        shutil.move(Path(directory, "static"), playground / "static")
