"""Both sides of the proof of one sync: our counts, Klaviyo's, and what came of comparing them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from workbench.sync.proof.aggregates import DayCount
from workbench.sync.proof.comparing import (
    EXPLAINED,
    PROVEN,
    REPAIRED,
    Pair,
    Verdict,
    day_is_recent,
    is_equal,
    verdict,
)
from workbench.sync.windows.spans import Key, Span

__all__ = ["Books", "Known"]

_NO_METRIC = "Klaviyo could not say which metric these events are of, so nothing counts them"


@dataclass(frozen=True, slots=True)
class Known:
    """What the last proof kept of a metric and day.

    Attributes:
        theirs: None where Klaviyo could not be asked.
        count_found: events that reading again has brought so far.
        count_gone: events that Klaviyo no longer had, so far.
    """

    ours: DayCount
    theirs: DayCount | None
    verdict: Verdict
    count_found: int
    count_gone: int


@dataclass(slots=True)
class Books:
    """What a sync compares.

    Attributes:
        as_of: where the day that is not over ends.
        home: the account's currency, which values have that name none.
        metric_ids: of all metrics; "" stands for events without one.
        counted: days of ours that were counted anew for every metric.
        known: what the last proof kept.
        ours: counts in the database.
        theirs: Klaviyo's counts; what is not there is zero.
        refusals: metric -> why Klaviyo does not count it.
        recounted: keys that were counted anew since.
        found: events that reading again has brought.
        gone: events that Klaviyo no longer has.
        unseen: keys of which it did not show some of our events.
        kept_from: metric -> first day of which no event was deleted for its age.
    """

    as_of: dt.datetime
    home: str
    metric_ids: list[str]
    counted: list[Span]
    known: Mapping[Key, Known]
    ours: dict[Key, DayCount]
    theirs: dict[Key, DayCount] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    recounted: set[Key] = field(default_factory=set)
    found: Counter[Key] = field(default_factory=Counter)
    gone: Counter[Key] = field(default_factory=Counter)
    unseen: set[Key] = field(default_factory=set)
    kept_from: Mapping[str, dt.date] = field(default_factory=dict)

    @property
    def keys(self) -> list[Key]:
        """Metrics and days on which either side has, or had, an event, and we keep ours."""
        keys = self.ours.keys() | self.theirs.keys() | self.known.keys()
        return sorted(key for key in keys if key[1] >= self.kept_from.get(key[0], key[1]))

    def has_currency(self, metric_id: str) -> bool:
        """Whether any event of a metric has a value, so that sums are of a currency."""
        return any(count.values for (metric, _), count in self.ours.items() if metric == metric_id)

    def put(
        self,
        metric_id: str,
        span: Span,
        days: Mapping[dt.date, DayCount],
        *,
        only: Collection[Key] | None = None,
    ) -> None:
        """Take down Klaviyo's counts of a metric.

        Args:
            metric_id: which one.
            span: what was asked for.
            days: its days that have events; any other day of the span has none.
            only: the days of interest, where not all of the span are: beside the rest there may
                stand no count of ours, or an older one.
        """
        for key in [key for key in self.theirs if key[0] == metric_id and key[1] in span]:
            if only is None or key in only:
                del self.theirs[key]
        told = {(metric_id, day): count for day, count in days.items()}
        self.theirs |= {key: told[key] for key in told if only is None or key in only}

    def recount(self, keys: Iterable[Key], days: Mapping[Key, DayCount]) -> None:
        """Take down our counts of some days, counted anew."""
        for key in keys:
            self.ours[key] = days.get(key, DayCount())
            self.recounted.add(key)

    def is_fresh(self, key: Key) -> bool:
        """Whether our side of it was counted in this sync."""
        return key in self.recounted or self._is_counted(key[1])

    def pair(self, key: Key) -> Pair:
        """Both counts."""
        nothing = DayCount()
        return Pair(self.ours.get(key, nothing), self.theirs.get(key, nothing), self.home)

    def unequal(self) -> list[Key]:
        """Where the counts differ, of the metrics that Klaviyo counts."""
        return [
            key
            for key in self.keys
            if key[0] and key[0] not in self.refusals and not is_equal(self.pair(key))
        ]

    def to_read(self) -> dict[Key, int]:
        """What is to be read again, and how many events that are at least.

        A difference that was explained before and has not moved since is left alone, unless
        events are missing on a day that this sync counts anew: in the tail, and once a month.
        """
        return {
            key: max(pair.ours.count, pair.theirs.count)
            for key in self.unequal()
            for pair in [self.pair(key)]
            if not self._is_explained(key, pair)
            or (pair.theirs.count > pair.ours.count and self._is_counted(key[1]))
        }

    def surplus(self, key: Key) -> int:
        """How many events we have that Klaviyo does not count."""
        pair = self.pair(key)
        return pair.ours.count - pair.theirs.count

    def verdict(self, key: Key, *, read_again: Collection[Key]) -> Verdict:
        """What came of comparing both counts."""
        pair = self.pair(key)
        known = self.known.get(key)
        if not key[0] and pair.ours.count:
            return Verdict(EXPLAINED, _NO_METRIC)
        if key[0] in self.refusals:
            return Verdict(EXPLAINED, self.refusals[key[0]])
        if is_equal(pair):
            was_mended = self.found[key] or self.gone[key]
            was_before = known is not None and known.verdict.status == REPAIRED
            return Verdict(REPAIRED if was_mended or was_before else PROVEN)
        if known is not None and key not in read_again and self._is_explained(key, pair):
            return known.verdict
        return verdict(
            pair,
            is_recent=day_is_recent(key[1], self.as_of),
            is_read_again=key in read_again,
            is_all_shown=key not in self.unseen,
            unresolved=self.ours.get(("", key[1]), DayCount()).count,
        )

    def _is_counted(self, day: dt.date) -> bool:
        return any(day in span for span in self.counted)

    def _is_explained(self, key: Key, pair: Pair) -> bool:
        """Whether the same difference was explained before."""
        known = self.known.get(key)
        return (
            known is not None
            and known.verdict.status == EXPLAINED
            and known.theirs is not None
            and (known.ours.count, known.theirs.count) == (pair.ours.count, pair.theirs.count)
        )
