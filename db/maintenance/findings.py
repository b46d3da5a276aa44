"""The results of health checks."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The severity of a finding, in ascending order."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; ``advice`` says what to do about a warning or a failure."""

    level: Level
    message: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.level:<6}{self.message}{f' {self.advice}' if self.advice else ''}"


def ok(message: str) -> Finding:
    """Return a finding that needs no action."""
    return Finding(Level.OK, message)


def warn(message: str, advice: str) -> Finding:
    """Return a finding about a risk."""
    return Finding(Level.WARN, message, advice)


def fail(message: str, advice: str) -> Finding:
    """Return a finding about something that is broken."""
    return Finding(Level.FAIL, message, advice)
