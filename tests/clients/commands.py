"""Run other programs."""

import os
import subprocess
from pathlib import Path

CLIENTS = Path(__file__).parent
ROOT = CLIENTS.parent.parent
_TIMEOUT_SECONDS = 300


def run(*command: str | Path, cwd: Path = CLIENTS, **environment: str) -> str:
    """Return the output of a command.

    Raises:
        AssertionError: the command failed; the message is its output.
    """
    status, output = attempt(*command, cwd=cwd, **environment)
    assert status == 0, output
    return output


def attempt(*command: str | Path, cwd: Path = CLIENTS, **environment: str) -> tuple[int, str]:
    """Return the exit status and the output of a command."""
    done = subprocess.run(  # noqa: S603 - a command of the tests
        command,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout
