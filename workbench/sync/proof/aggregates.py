"""What Klaviyo itself counts: events of a metric by UTC day, and the sum of their values."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from workbench.klaviyo.client import KlaviyoClient
from workbench.sync.windows.spans import Span

__all__ = ["AGGREGATES", "DayCount", "aggregate_days"]

AGGREGATES = "/api/metric-aggregates"
_CURRENCY = "$value_currency"


@dataclass(frozen=True, slots=True)
class DayCount:
    """Events of one metric on one day.

    Attributes:
        count: how many.
        values: sum of their values by currency, exact; zeros left out, and "" where none is named.
        count_without_profile: those of them that belong to no profile.
    """

    count: int = 0
    values: Mapping[str, Decimal] = field(default_factory=dict)
    count_without_profile: int = 0


def aggregate_days(
    client: KlaviyoClient, metric_id: str, span: Span, *, by_currency: bool
) -> dict[dt.date, DayCount]:
    """Klaviyo's count of each UTC day that has events.

    Args:
        client: of the account.
        metric_id: whose events.
        span: at most a year, beginning with a day.
        by_currency: whether its values have currencies, which must not be added up.

    Raises:
        KlaviyoRefused: Klaviyo does not aggregate this metric.
        KlaviyoUnavailable: it does not answer.
    """
    counts: dict[dt.date, int] = defaultdict(int)
    values: dict[dt.date, dict[str, Decimal]] = defaultdict(dict)
    for answer in _pages(client, _asked(metric_id, span, by_currency=by_currency)):
        days = [dt.datetime.fromisoformat(text).date() for text in answer["dates"]]
        for row in answer["data"]:
            currency = str(row["dimensions"][0] or "") if by_currency else ""
            said = row["measurements"]
            for day, count, value in zip(days, said["count"], said["sum_value"], strict=True):
                counts[day] += int(count)
                if value:
                    # the shortest spelling of a float is the number that was sent
                    values[day][currency] = Decimal(repr(value))
    return {day: DayCount(count, values.get(day, {})) for day, count in counts.items() if count}


def _asked(metric_id: str, span: Span, *, by_currency: bool) -> dict[str, Any]:
    return {
        "metric_id": metric_id,
        "measurements": ["count", "sum_value"],
        "interval": "day",
        "timezone": "UTC",
        "page_size": 500,
        "filter": [
            f"greater-or-equal(datetime,{span.since:%Y-%m-%dT%H:%M:%S})",
            f"less-than(datetime,{span.until:%Y-%m-%dT%H:%M:%S})",
        ],
        **({"by": [_CURRENCY]} if by_currency else {}),
    }


def _pages(client: KlaviyoClient, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        body = {"data": {"type": "metric-aggregate", "attributes": asked}}
        answer = client.post(AGGREGATES, body)
        yield answer["data"]["attributes"]
        following = (answer.get("links") or {}).get("next")
        if not following:
            return
        asked = {**asked, "page_cursor": _cursor(following)}


def _cursor(following: str) -> str:
    """The cursor of the next page, given bare or within an address."""
    return parse_qs(urlsplit(following).query).get("page_cursor", [following])[0]
