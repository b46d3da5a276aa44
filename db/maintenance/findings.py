"""What was looked at, and what was found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: all is well, something is to be looked after, or something is broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``advice`` is what to do where not all is well."""

    level: Level
    message: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.level:<6}{self.message}{f' {self.advice}' if self.advice else ''}"


def ok(what: str) -> Finding:
    """Return that all is well."""
    return Finding(Level.OK, what)


def warn(what: str, advice: str) -> Finding:
    """Return that something is to be looked after."""
    return Finding(Level.WARN, what, advice)


def fail(what: str, advice: str) -> Finding:
    """Return that something is broken."""
    return Finding(Level.FAIL, what, advice)
