"""Running programs that are not Python's."""

import os
import subprocess
from pathlib import Path

CLIENTS = Path(__file__).parent
ROOT = CLIENTS.parent.parent
_SECONDS = 300


def run(*command: str | Path, cwd: Path = CLIENTS, **environment: str) -> str:
    """Return what a command prints.

    Raises:
        AssertionError: it failed; the message is what it printed.
    """
    status, output = attempt(*command, cwd=cwd, **environment)
    assert status == 0, output
    return output


def attempt(*command: str | Path, cwd: Path = CLIENTS, **environment: str) -> tuple[int, str]:
    """Return the exit status of a command and what it prints."""
    done = subprocess.run(  # noqa: S603 - the commands are ours
        command,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout
