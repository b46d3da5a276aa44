"""The npm packages of the contestants that run on Node."""

import shutil
import subprocess
from pathlib import Path

_INSTALL_TIMEOUT_SECONDS = 600


def install(directory: Path) -> None:
    """Install the packages of the lock file, unless they are installed.

    Raises:
        RuntimeError: npm is missing or fails.
    """
    installed = directory / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (directory / "package-lock.json").stat().st_mtime:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "npm was not found. Install Node 20 or newer, or select other contestants with --only."
        )
    done = subprocess.run(  # noqa: S603 - npm, with the lock file beside this module
        [npm, "ci", "--no-audit", "--no-fund"],
        cwd=directory,
        check=False,
        capture_output=True,
        text=True,
        timeout=_INSTALL_TIMEOUT_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"npm ci failed:\n{done.stderr}")
