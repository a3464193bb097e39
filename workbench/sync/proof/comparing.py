"""Our count of a metric's day beside Klaviyo's: whether they are equal, and if not, why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from workbench.sync.proof.aggregates import DayCount

__all__ = [
    "DIFFERS",
    "EXPLAINED",
    "PROVEN",
    "REPAIRED",
    "Pair",
    "Verdict",
    "day_is_recent",
    "is_equal",
    "verdict",
]

PROVEN, REPAIRED, EXPLAINED, DIFFERS = "proven", "repaired", "explained", "differs"

_SHARE = Decimal("1e-9")  # what adding up floats may lose
_HALF_CENT = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Pair:
    """Both counts of one metric and day.

    Attributes:
        ours: in the database.
        theirs: as metric-aggregates counts.
        home: the account's currency, which values have that name none.
    """

    ours: DayCount
    theirs: DayCount
    home: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of comparing them: status as in ops.proof, and why they are not equal."""

    status: str
    reason: str = ""


def is_equal(pair: Pair) -> bool:
    """Whether both count the same events with the same values, each currency for itself."""
    return pair.ours.count == pair.theirs.count and not _value_gaps(pair)


def verdict(
    pair: Pair, *, is_recent: bool, is_read_again: bool, is_all_shown: bool, unresolved: int
) -> Verdict:
    """Why the counts of a day are not equal.

    Args:
        pair: both counts, not equal.
        is_recent: whether Klaviyo may still be at work on events of the day.
        is_read_again: whether the day was read again since they first differed.
        is_all_shown: whether Klaviyo showed each of our events then.
        unresolved: how many events of that day came without their metric.
    """
    more = pair.theirs.count - pair.ours.count
    if not is_read_again:
        return Verdict(DIFFERS, "too much differs to read it all again in one sync")
    if more > 0:
        told = f"Klaviyo counts {more} more than it shows"
        if more <= unresolved:
            return Verdict(EXPLAINED, f"{more} events came without their metric")
        if is_recent:
            return Verdict(EXPLAINED, f"{told}: events of the last two days still arrive")
        return Verdict(DIFFERS, told)
    if more < 0:
        return _verdict_on_fewer(pair, -more, is_all_shown=is_all_shown)
    return _verdict_on_values(pair)


def _verdict_on_fewer(pair: Pair, count: int, *, is_all_shown: bool) -> Verdict:
    if not is_all_shown:
        return Verdict(DIFFERS, f"Klaviyo counts {count} fewer, and does not show as many fewer")
    if pair.ours.count_without_profile == count:
        return Verdict(EXPLAINED, f"Klaviyo does not count the {count} that have no profile")
    return Verdict(EXPLAINED, f"Klaviyo shows {count} more than it counts; all are stored")


def _verdict_on_values(pair: Pair) -> Verdict:
    gaps = _value_gaps(pair)
    if len(pair.ours.values) > 1 and set(pair.theirs.values) == {""}:
        gap = abs(sum(pair.ours.values.values()) - pair.theirs.values[""])
        if gap <= _slack(pair.ours.values):
            return Verdict(EXPLAINED, "Klaviyo adds up values in several currencies")
    if all(gap <= _HALF_CENT * pair.ours.count for gap in gaps.values()):
        return Verdict(EXPLAINED, "Klaviyo rounds values to cents")
    told = ", ".join(f"{gap:f} {currency}".rstrip() for currency, gap in sorted(gaps.items()))
    return Verdict(DIFFERS, f"as many events, but their values differ by {told}")


def _value_gaps(pair: Pair) -> dict[str, Decimal]:
    """How far apart the sums of each currency are that are not equal."""
    ours, theirs = _at_home(pair.ours, pair.home), _at_home(pair.theirs, pair.home)
    slack = _slack(ours)
    gaps = {
        currency: abs(ours.get(currency, Decimal()) - theirs.get(currency, Decimal()))
        for currency in ours.keys() | theirs.keys()
    }
    return {currency: gap for currency, gap in gaps.items() if gap > slack}


def _at_home(count: DayCount, home: str) -> dict[str, Decimal]:
    """Sums by currency, that of values which name none beside the account's own."""
    sums: dict[str, Decimal] = {}
    for currency, value in count.values.items():
        sums[currency or home] = sums.get(currency or home, Decimal()) + value
    return sums


def _slack(values: Mapping[str, Decimal]) -> Decimal:
    return _SHARE * max([Decimal(1), *(abs(value) for value in values.values())])


def day_is_recent(day: dt.date, as_of: dt.datetime) -> bool:
    """Whether Klaviyo may still be at work on events of a day: it is not over for two days."""
    return day >= (as_of - dt.timedelta(days=2)).date()
