"""Lines of a quote as clients send them: added, changed, removed."""

from decimal import Decimal
from typing import Any

import strawberry

from db.domain.enums import QuoteLineKind
from db.lines.draft import LineContent, LineUpdate
from schema.leaf_types.enums import BillingMethod
from schema.mutations.run import changed_fields, parse_id

_NAME = "What is sold; 1 to 200 characters."
_QUANTITY = "How many units or hours; at least 0, at most two decimal places."
_UNIT_PRICE = (
    "The price of one unit; 0 to 1,000,000,000,000.00 in the quote's currency, at most two decimal places."
)
_LIMIT = "The most that may be billed; only on time and material."
_BUDGET = "What the customer has set aside for it."
_UNCHANGED = "Unchanged unless sent."
_CLEARED = "Unchanged unless sent; null clears it."


@strawberry.input(description="A new line that sells project work.")
class ProjectLineInput:
    """Project work."""

    name: str = strawberry.field(description=_NAME)
    billing_method: BillingMethod = strawberry.field(description="How it is billed.")
    quantity: Decimal = strawberry.field(description=_QUANTITY, default=Decimal(1))
    unit_price: Decimal = strawberry.field(description=_UNIT_PRICE)
    not_to_exceed: Decimal | None = strawberry.field(description=_LIMIT, default=None)
    customer_budget: Decimal | None = strawberry.field(description=_BUDGET, default=None)

    def draft(self) -> LineContent:
        """Return the line that the rule adds."""
        return LineContent(
            kind=QuoteLineKind.PROJECT,
            name=self.name,
            billing_method=self.billing_method,
            quantity=self.quantity,
            unit_price=self.unit_price,
            not_to_exceed=self.not_to_exceed,
            customer_budget=self.customer_budget,
        )


@strawberry.input(description="A new line that sells a product.")
class ProductLineInput:
    """A product."""

    name: str = strawberry.field(description=_NAME)
    quantity: Decimal = strawberry.field(description=_QUANTITY, default=Decimal(1))
    unit_price: Decimal = strawberry.field(description=_UNIT_PRICE)

    def draft(self) -> LineContent:
        """Return the line that the rule adds."""
        return LineContent(
            kind=QuoteLineKind.PRODUCT, name=self.name, quantity=self.quantity, unit_price=self.unit_price
        )


@strawberry.input(one_of=True, description="A new line: exactly one of these.")
class QuoteLineInput:
    """Project work or a product."""

    project: ProjectLineInput | None = strawberry.field(
        description="It sells project work.", default=strawberry.UNSET
    )
    product: ProductLineInput | None = strawberry.field(
        description="It sells a product.", default=strawberry.UNSET
    )

    def draft(self) -> LineContent:
        """Return the line that the rule adds."""
        line: Any = self.project or self.product
        return line.draft()  # type: ignore[no-any-return]


@strawberry.input(description="What to change of which line. A line never turns from one kind to the other.")
class ChangeQuoteLineInput:
    """A line to change."""

    id: strawberry.ID = strawberry.field(description="The line.")
    name: str | None = strawberry.field(description=f"{_NAME} {_UNCHANGED}", default=strawberry.UNSET)
    quantity: Decimal | None = strawberry.field(
        description=f"{_QUANTITY} {_UNCHANGED}", default=strawberry.UNSET
    )
    unit_price: Decimal | None = strawberry.field(
        description=f"{_UNIT_PRICE} {_UNCHANGED}", default=strawberry.UNSET
    )
    billing_method: BillingMethod | None = strawberry.field(
        description=f"How project work is billed. {_UNCHANGED}", default=strawberry.UNSET
    )
    not_to_exceed: Decimal | None = strawberry.field(
        description=f"{_LIMIT} {_CLEARED}", default=strawberry.UNSET
    )
    customer_budget: Decimal | None = strawberry.field(
        description=f"{_BUDGET} {_CLEARED}", default=strawberry.UNSET
    )

    def update(self, index: int) -> LineUpdate:
        """Return what the rule changes.

        Raises:
            NotFound: the id can't be that of a line.
        """
        path = ("input", "lines", "change", str(index), "id")
        names = ("name", "quantity", "unit_price", "billing_method")
        changes: Any = changed_fields(self, *names, clearable=("not_to_exceed", "customer_budget"))
        return LineUpdate(parse_id("qln", "line of this quote", self.id, path), changes)


@strawberry.input(description="How the lines of a draft change, all at once.")
class QuoteLinesInput:
    """The lines to add, change and remove."""

    add: list[QuoteLineInput] | None = strawberry.field(
        description="New lines, placed behind those that stay.", default=None
    )
    change: list[ChangeQuoteLineInput] | None = strawberry.field(
        description="Lines to change; each stays in its place.", default=None
    )
    remove: list[strawberry.ID] | None = strawberry.field(
        description="Lines to remove; those behind them move up.", default=None
    )

    def to_command(self) -> dict[str, Any]:
        """Return what the rule is asked.

        Raises:
            NotFound: an id can't be that of a line.
        """
        return {
            "add_lines": tuple(line.draft() for line in self.add or ()),
            "change_lines": tuple(line.update(index) for index, line in enumerate(self.change or ())),
            "remove_lines": tuple(
                parse_id("qln", "line of this quote", text, ("input", "lines", "remove", str(index)))
                for index, text in enumerate(self.remove or ())
            ),
        }
