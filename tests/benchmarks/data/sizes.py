"""The sizes of the data."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Size:
    """The rows of the organization of all requests; five opportunities have 15 quotes and 50 lines."""

    name: str
    accounts: int
    users: int
    opportunities: int
    has_lines: bool = True

    @property
    def neighbour(self) -> "Size":
        """The size of a second organization, whose rows no response may contain."""
        return replace(self, accounts=self.accounts // 50, users=2, opportunities=self.opportunities // 50)


FULL = Size("full", accounts=10_000, users=200, opportunities=100_000)
QUICK = Size("quick", accounts=500, users=10, opportunities=5_000)

# For --growth, whose read has no lines: 10,000 and 1,000,000 quotes.
FEW_QUOTES = Size("few", accounts=400, users=10, opportunities=3_334, has_lines=False)
MANY_QUOTES = Size("many", accounts=10_000, users=200, opportunities=333_334, has_lines=False)
