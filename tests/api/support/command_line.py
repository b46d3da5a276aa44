"""Commands as they are typed, in this process."""

import pytest

from api.cli.main import main


class CommandLine:
    """Runs commands, and tells how each ended and what it said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int | str | None, str, str]:
        """Return the status, and what was written to each stream."""
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        return exit_.value.code, *self._capsys.readouterr()

    def error_message(self, *arguments: str) -> str:
        """Return the one line that a command fails with."""
        status, out, err = self.run(*arguments)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("dealdesk: ")
        return err.removeprefix("dealdesk: ").rstrip("\n")
