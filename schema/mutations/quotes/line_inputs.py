"""Inputs of quote lines: new ones, changed ones, removed ones."""

from decimal import Decimal
from uuid import UUID

import strawberry

from db.domain.enums import QuoteLineKind
from db.lines.line import LineChanges, LineContent, LineUpdate
from schema.leaf_types.enums import BillingMethod
from schema.mutations.inputs import CLEARED, UNCHANGED, changed_fields, parse_id

_NAME = "What is sold; 1 to 200 characters."
_QUANTITY = "The number of units or hours; at least 0, at most two decimal places."
_UNIT_PRICE = (
    "The price of one unit; 0 to 1,000,000,000,000.00 in the quote's currency, at most two decimal places."
)
_LIMIT = "The most that may be billed; only on time and material."
_BUDGET = "The customer's budget for it."


@strawberry.input(description="A new line that sells project work.")
class ProjectLineInput:
    """Project work."""

    name: str = strawberry.field(description=_NAME)
    billing_method: BillingMethod = strawberry.field(description="How it is billed.")
    quantity: Decimal = strawberry.field(description=_QUANTITY, default=Decimal(1))
    unit_price: Decimal = strawberry.field(description=_UNIT_PRICE)
    not_to_exceed: Decimal | None = strawberry.field(description=_LIMIT, default=None)
    customer_budget: Decimal | None = strawberry.field(description=_BUDGET, default=None)

    def to_content(self) -> LineContent:
        """Return the content of the new line."""
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

    def to_content(self) -> LineContent:
        """Return the content of the new line."""
        return LineContent(
            kind=QuoteLineKind.PRODUCT, name=self.name, quantity=self.quantity, unit_price=self.unit_price
        )


@strawberry.input(one_of=True, description="A new line: exactly one of these.")
class QuoteLineInput:
    """Project work or a product."""

    project: ProjectLineInput | None = strawberry.field(description="Project work.", default=strawberry.UNSET)
    product: ProductLineInput | None = strawberry.field(description="A product.", default=strawberry.UNSET)

    def to_content(self) -> LineContent:
        """Return the content of the new line."""
        line = self.project or self.product
        if not line:
            raise TypeError("Validation lets through inputs with exactly one kind of line.")
        return line.to_content()


@strawberry.input(description="Which line to change, and how. A line never changes its kind.")
class ChangeQuoteLineInput:
    """A line to change."""

    id: strawberry.ID = strawberry.field(description="The line.")
    name: str | None = strawberry.field(description=f"{_NAME} {UNCHANGED}", default=strawberry.UNSET)
    quantity: Decimal | None = strawberry.field(
        description=f"{_QUANTITY} {UNCHANGED}", default=strawberry.UNSET
    )
    unit_price: Decimal | None = strawberry.field(
        description=f"{_UNIT_PRICE} {UNCHANGED}", default=strawberry.UNSET
    )
    billing_method: BillingMethod | None = strawberry.field(
        description=f"How project work is billed. {UNCHANGED}", default=strawberry.UNSET
    )
    not_to_exceed: Decimal | None = strawberry.field(
        description=f"{_LIMIT} {CLEARED}", default=strawberry.UNSET
    )
    customer_budget: Decimal | None = strawberry.field(
        description=f"{_BUDGET} {CLEARED}", default=strawberry.UNSET
    )

    def to_update(self, index: int) -> LineUpdate:
        """Return the change of the line; ``index`` is the input's place in its list.

        Raises:
            NotFound: the id can't belong to a line.
        """
        changes = changed_fields(
            LineChanges,
            self,
            *("name", "quantity", "unit_price", "billing_method"),
            clearable=("not_to_exceed", "customer_budget"),
        )
        return LineUpdate(_parse_line_id(self.id, "change", str(index), "id"), changes)


@strawberry.input(description="How to change the lines of a draft, all at once.")
class QuoteLinesInput:
    """The lines to add, change and remove."""

    add: list[QuoteLineInput] | None = strawberry.field(
        description="New lines, placed after the remaining ones.", default=None
    )
    change: list[ChangeQuoteLineInput] | None = strawberry.field(
        description="Lines to change; each keeps its position.", default=None
    )
    remove: list[strawberry.ID] | None = strawberry.field(
        description="Lines to remove; the following ones move up.", default=None
    )

    def added(self) -> tuple[LineContent, ...]:
        """Return the contents of the new lines."""
        return tuple(line.to_content() for line in self.add or ())

    def changed(self) -> tuple[LineUpdate, ...]:
        """Return the changes of lines; raise NotFound if an id can't belong to a line."""
        return tuple(line.to_update(index) for index, line in enumerate(self.change or ()))

    def removed(self) -> tuple[UUID, ...]:
        """Return the ids of removed lines; raise NotFound if one can't belong to a line."""
        return tuple(
            _parse_line_id(text, "remove", str(index)) for index, text in enumerate(self.remove or ())
        )


def _parse_line_id(text: str, *path: str) -> UUID:
    return parse_id("qln", "line of this quote", text, ("input", "lines", *path))
