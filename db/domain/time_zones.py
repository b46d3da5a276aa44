"""The time zones of the tzdata package, whatever the system has: they are the same on every machine."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

_FILES = files("tzdata")


@cache
def time_zone_names() -> frozenset[str]:
    """Return the names of the IANA database."""
    return frozenset((_FILES / "zones").read_text().split())


@cache
def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name, one of ``time_zone_names``."""
    with (_FILES / "zoneinfo" / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
