"""The bridge from Klaviyo's reports, by send date, to events by the date on which they happened.

Both are right and never agree: the report counts what messages sent in a period have earned since,
events count what happened in the period whatever earned it. Every step from one to the other is a
term, and what is left over is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

import pandas as pd

__all__ = ["BRIDGES", "Bridge", "bridge_frame"]


@dataclass(frozen=True, slots=True)
class Bridge:
    """What one bridge joins.

    Attributes:
        statistic: of Klaviyo's reports.
        role: of the metrics whose events are counted.
        is_money: whether values are summed instead of counted.
        is_human: whether events made by machines are left out at the end.
    """

    statistic: str
    role: str
    is_money: bool = False
    is_human: bool = False


BRIDGES: Mapping[str, Bridge] = MappingProxyType(
    {
        "revenue": Bridge("conversion_value", "revenue", is_money=True),
        "conversions": Bridge("conversions", "revenue"),
        "opens": Bridge("opens_unique", "opened"),
        "human_opens": Bridge("opens_unique", "opened", is_human=True),
        "clicks": Bridge("clicks_unique", "clicked"),
        "human_clicks": Bridge("clicks_unique", "clicked", is_human=True),
    }
)

# reason -> sign, label, sentence; in the order of the bridge
_TERMS: Mapping[str, tuple[int, str, str]] = MappingProxyType(
    {
        "repeated": (
            1,
            "Once more by the same profile",
            "The report counts a profile once a message and period, events count every time.",
        ),
        "late": (
            -1,
            "After the period",
            "Of messages sent in the period, but happened after its last day.",
        ),
        "other_currency": (
            -1,
            "In another currency",
            "The report counts them; by event date only the account's currency is summed.",
        ),
        "earlier": (
            1,
            "Of earlier sends",
            "Happened in the period, of messages sent before its first day.",
        ),
        "uncredited": (
            1,
            "Credited to no message",
            "Happened in the period, and Klaviyo credits no message with it.",
        ),
        "send_unknown": (
            1,
            "Of a send that is not known",
            "Happened in the period, but the receipt of the message is not in the data.",
        ),
        "redacted": (
            1,
            "Of deleted profiles",
            "Happened in the period; the report counts profiles, and these no longer are any.",
        ),
        "seen_later": (
            1,
            "Seen after the report was read",
            "Happened in the period, but showed only after Klaviyo was asked for the report.",
        ),
        "machine": (
            -1,
            "Made by machines",
            "Opens by Apple Mail Privacy and clicks by bots, which Klaviyo counts.",
        ),
    }
)


def bridge_frame(
    bridge: Bridge, *, reported: Decimal, counted: Decimal, reasons: Mapping[str, Decimal]
) -> pd.DataFrame:
    """A bridge, one row a step: term, label, value (Decimal), explanation.

    The first row is the report, the last the events; the rows between are signed so that all rows
    but the last sum to the last, exactly. ``unexplained`` is what no term explains: 0 when the
    data is whole.

    Args:
        bridge: what is joined.
        reported: what the reports say.
        counted: what the events of the period sum to, those of machines included.
        reasons: term -> how much, unsigned; 0 where it is missing.

    >>> frame = bridge_frame(
    ...     BRIDGES["conversions"],
    ...     reported=Decimal(10),
    ...     counted=Decimal(13),
    ...     reasons={"late": Decimal(2), "earlier": Decimal(1), "uncredited": Decimal(4)},
    ... )
    >>> [(term, int(value)) for term, value in zip(frame.term, frame.value) if value]
    [('report', 10), ('late', -2), ('earlier', 1), ('uncredited', 4), ('events', 13)]
    """
    steps = [
        (term, label, sign * reasons.get(term, Decimal(0)), sentence)
        for term, (sign, label, sentence) in _TERMS.items()
        if _concerns(bridge, term)
    ]
    end = counted - (reasons.get("machine", Decimal(0)) if bridge.is_human else Decimal(0))
    rest = end - reported - sum((step[2] for step in steps), Decimal(0))
    rows = [
        (
            "report",
            "Klaviyo's reports, by send date",
            reported,
            "What messages sent in the period had earned when the reports were read.",
        ),
        *steps,
        ("unexplained", "Not explained", rest, "What no term explains; 0 when the data is whole."),
        ("events", "Events, by event date", end, "What happened in the period."),
    ]
    return pd.DataFrame(rows, columns=["term", "label", "value", "explanation"])


def _concerns(bridge: Bridge, term: str) -> bool:
    of_orders, of_answers = {"other_currency", "uncredited"}, {"repeated", "redacted"}
    if term == "machine":
        return bridge.is_human
    return term not in (of_answers if bridge.role == "revenue" else of_orders)
