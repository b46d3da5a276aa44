"""The groups of ``dealAnalytics``, computed in plain Python from all rows of the tables."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

FIELDS = """
    state statusReason { id } competitor { id } owner { id } contractingUnit { id } month
    count openCount closedCount wonCount lostCount winRate averageDaysToClose
    revenue { currencyCode amount } estimatedRevenue { currencyCode amount }
"""
"""All fields of a group."""

_KEYS = {
    "STATE": ("state", ""),
    "STATUS_REASON": ("statusReason", "rsn"),
    "COMPETITOR": ("competitor", "cmp"),
    "OWNER": ("owner", "usr"),
    "CONTRACTING_UNIT": ("contractingUnit", "unit"),
    "MONTH": ("month", ""),
    "MONTH_CREATED": ("month", ""),
}


def expected_groups(
    tables: Mapping[str, Sequence[Any]],
    group_by: str,
    time_zone: str = "UTC",
    *,
    matches: Callable[[Any], bool] = lambda _: True,
) -> list[dict[str, Any]]:
    """Return the groups of the opportunities that match a condition, in their order."""
    competitors = {close.id: close.competitor_id for close in tables["opportunity_close"]}
    groups: dict[str | None, list[Any]] = defaultdict(list)
    for opportunity in filter(matches, tables["opportunity"]):
        if opportunity.closed_on is not None or group_by not in ("COMPETITOR", "MONTH"):
            groups[_key(opportunity, group_by, time_zone, competitors)].append(opportunity)
    return [_group(group_by, key, opportunities) for key, opportunities in _ordered(groups, group_by)]


def _key(opportunity: Any, group_by: str, time_zone: str, competitors: Mapping[Any, Any]) -> str | None:
    match group_by:
        case "MONTH":
            return f"{opportunity.closed_on:%Y-%m}-01"
        case "MONTH_CREATED":
            return f"{opportunity.created_at.astimezone(ZoneInfo(time_zone)):%Y-%m}-01"
        case "COMPETITOR":
            competitor = competitors[opportunity.close_id]
            return None if competitor is None else str(competitor)
        case "STATE":
            return str(opportunity.state)
    return str(getattr(opportunity, f"{group_by.lower()}_id"))


def _ordered(groups: Mapping[str | None, list[Any]], group_by: str) -> list[tuple[str | None, list[Any]]]:
    if group_by.startswith("MONTH"):
        return sorted(groups.items(), key=lambda group: group[0] or "", reverse=True)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0] is None, group[0] or ""))


def _group(group_by: str, key: str | None, opportunities: list[Any]) -> dict[str, Any]:
    field, prefix = _KEYS[group_by]
    common = {"id": f"{prefix}_{key}"} if prefix and key else key
    closed = [opportunity for opportunity in opportunities if opportunity.state != "OPEN"]
    won = [opportunity for opportunity in opportunities if opportunity.state == "WON"]
    days = [
        (opportunity.closed_on - opportunity.created_at.astimezone(UTC).date()).days for opportunity in closed
    ]
    return {
        **{name: None for name, _ in _KEYS.values()},
        field: common,
        "count": len(opportunities),
        "openCount": len(opportunities) - len(closed),
        "closedCount": len(closed),
        "wonCount": len(won),
        "lostCount": len(closed) - len(won),
        "winRate": _ratio(len(won), len(closed), "0.0001"),
        "averageDaysToClose": _ratio(sum(days), len(closed), "0.1"),
        "revenue": _amounts(
            (opportunity.currency_code, opportunity.actual_revenue) for opportunity in closed
        ),
        "estimatedRevenue": _amounts(
            (opportunity.currency_code, opportunity.estimated_revenue)
            for opportunity in opportunities
            if opportunity.state == "OPEN"
        ),
    }


def _ratio(part: int, whole: int, unit: str) -> str | None:
    return str((Decimal(part) / whole).quantize(Decimal(unit), ROUND_HALF_UP)) if whole else None


def _amounts(amounts: Iterable[tuple[str, Decimal | None]]) -> list[dict[str, str]]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        if amount is not None:
            sums[currency] += amount
    return [{"currencyCode": currency, "amount": f"{sums[currency]:.2f}"} for currency in sorted(sums)]
