"""The statistics of messages that reports name, from counts of what was sent and what came of it.

A rate is a fraction; one without anything to divide by is 0, as Klaviyo serves it. What a text
message costs is not known, so that spend and return are null where texts were sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["MESSAGE_STATISTICS", "message_statistics", "ratio"]

_Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Counts = Mapping[str, _Numbers]

# numerator and denominator
_RATES = {
    "average_order_value": ("conversion_value", "conversions"),
    "bounce_rate": ("bounced", "recipients"),
    "bounced_or_failed_rate": ("bounced_or_failed", "recipients"),
    "click_rate": ("clicks_unique", "delivered"),
    "click_to_open_rate": ("clicks_unique", "opens_unique"),
    "conversion_rate": ("conversion_uniques", "delivered"),
    "delivery_rate": ("delivered", "recipients"),
    "failed_rate": ("failed", "recipients"),
    "open_rate": ("opens_unique", "delivered"),
    "revenue_per_recipient": ("conversion_value", "delivered"),
    "spam_complaint_rate": ("spam_complaints", "delivered"),
    "unsubscribe_rate": ("unsubscribe_uniques", "delivered"),
}
_COUNTED = (
    "bounced",
    "clicks",
    "clicks_unique",
    "conversion_uniques",
    "conversion_value",
    "conversions",
    "delivered",
    "failed",
    "message_segment_count_sum",
    "opens",
    "opens_unique",
    "spam_complaints",
    "unsubscribe_uniques",
    "unsubscribes",
)
_SUMS: Mapping[str, Callable[[Counts], _Numbers]] = {
    "bounced_or_failed": lambda counts: counts["bounced"] + counts["failed"],
    "recipients": lambda counts: counts["delivered"] + counts["bounced"] + counts["failed"],
    # one credit a segment: the price of a text to a number of the United States
    "text_message_credit_usage_amount": lambda counts: counts["message_segment_count_sum"],
}
_UNKNOWN = ("text_message_roi", "text_message_spend")
MESSAGE_STATISTICS = tuple(sorted((*_RATES, *_COUNTED, *_SUMS, *_UNKNOWN)))


def message_statistics(counts: Counts, names: tuple[str, ...]) -> dict[str, list[float | None]]:
    """Statistics of one group by name, one number a bucket.

    Args:
        counts: arrays of one number a bucket: bounced, failed, delivered, opens, opens_unique,
            clicks, clicks_unique, unsubscribes, unsubscribe_uniques, spam_complaints, conversions,
            conversion_uniques (people or pairs), conversion_value (money), and
            message_segment_count_sum.
        names: of MESSAGE_STATISTICS.

    Source: Klaviyo help 115005085427 (open and click rate), 115000201131 (bounce rate),
    115005258568 (revenue per recipient), 360037957832 (average order value); where they leave open
    which recipients divide, those to whom the message was delivered do.
    """
    return {name: _statistic(counts, name) for name in names}


def ratio(part: _Numbers, whole: _Numbers) -> npt.NDArray[np.float64]:
    """One divided by the other; 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(whole.shape), where=whole != 0)


def _statistic(counts: Counts, name: str) -> list[float | None]:
    if name in _UNKNOWN:
        return [None if segments else 0 for segments in counts["message_segment_count_sum"]]
    if name in _RATES:
        part, whole = (_number(counts, each) for each in _RATES[name])
        return list(ratio(part, whole).tolist())
    return list(_number(counts, name).tolist())


def _number(counts: Counts, name: str) -> _Numbers:
    return _SUMS[name](counts) if name in _SUMS else counts[name]
