"""Run commands of the CLI in this process."""

import pytest

from api.cli.main import main


class CommandLine:
    """Runs commands and captures their output."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int | str | None, str, str]:
        """Run a command. Return its exit status, standard output and standard error."""
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        return exit_.value.code, *self._capsys.readouterr()

    def error_message(self, *arguments: str) -> str:
        """Run a command that must fail. Return its one-line error message."""
        status, out, err = self.run(*arguments)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("dealdesk: ")
        return err.removeprefix("dealdesk: ").rstrip("\n")
