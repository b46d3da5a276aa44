"""How much data there is."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Size:
    """Rows of the organization that is asked about; five opportunities have 15 quotes and 50 lines."""

    name: str
    accounts: int
    users: int
    opportunities: int
    has_lines: bool = True

    @property
    def neighbour(self) -> "Size":
        """The small organization beside it, which no answer may show."""
        return replace(self, accounts=self.accounts // 50, users=2, opportunities=self.opportunities // 50)


FULL = Size("full", accounts=10_000, users=200, opportunities=100_000)
QUICK = Size("quick", accounts=500, users=10, opportunities=5_000)

# For the growth of a single read, which takes no lines: 10,000 and 1,000,000 quotes.
FEW_QUOTES = Size("few", accounts=400, users=10, opportunities=3_334, has_lines=False)
MANY_QUOTES = Size("many", accounts=10_000, users=200, opportunities=333_334, has_lines=False)
