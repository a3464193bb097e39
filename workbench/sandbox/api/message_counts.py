"""What came of the messages sent in a time frame, counted by message and bucket of the send.

Everything is counted where the receipt it answers falls, whenever it happened itself. Events are
sorted by time, so that the receipts of a time frame are one run of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.report_queries import ReportQuery
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.unique_profiles import unique_profiles
from workbench.sandbox.shop.events import Kind

__all__ = ["Conversions", "MessageCounts", "message_counts"]

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

_OUTCOMES: Sequence[tuple[str, Sequence[Kind]]] = (
    ("delivered", (Kind.RECEIVED_EMAIL, Kind.RECEIVED_SMS, Kind.RECEIVED_PUSH)),
    ("bounced", (Kind.BOUNCED_EMAIL,)),
    ("failed", (Kind.FAILED_SMS,)),
)
# what is counted as events, as pairs of a message and a profile, and of which kinds
_ANSWERS = (
    ("opens", "opens_unique", (Kind.OPENED_EMAIL, Kind.OPENED_PUSH)),
    ("clicks", "clicks_unique", (Kind.CLICKED_EMAIL, Kind.CLICKED_SMS)),
    ("unsubscribes", "unsubscribe_uniques", (Kind.UNSUBSCRIBED, Kind.UNSUBSCRIBED_SMS)),
    ("spam_complaints", "spam_complaint_uniques", (Kind.MARKED_SPAM,)),
)
_SINGLE, _JOINED = 160, 153  # characters of a text in one segment, and in each of several


@dataclass(frozen=True, slots=True)
class Conversions:
    """Which events are conversions: of some kinds, worth at least so many cents."""

    kinds: Sequence[Kind]
    least: int = 0


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """Counts by group and bucket.

    Attributes:
        message: row of the message of each group.
        variation: row of its variation; -1 without one, or where variations are not told apart.
        counts: arrays of one row a group and one column a bucket, by name of the count; as
            ``message_statistics`` takes them.
    """

    message: _Ints
    variation: _Ints
    counts: dict[str, npt.NDArray[np.int64] | _Floats]

    def of(self, group: int) -> dict[str, npt.NDArray[np.int64] | _Floats]:
        """The counts of one group."""
        return {name: table[group] for name, table in self.counts.items()}


def message_counts(
    snapshot: Snapshot, query: ReportQuery, *, conversions: Conversions, by_variation: bool
) -> MessageCounts:
    """Counts of everything sent in the time frame of a report.

    A delivery, an open and so on that is called unique, or that people are counted by, is a pair: a
    message and a profile, however often it was sent there within a bucket.

    Args:
        snapshot: the account at its instant.
        query: whose time frame and buckets count.
        conversions: events that are conversions.
        by_variation: whether the variations of a message are groups of their own.
    """
    frame = _Frame(snapshot, query, by_variation=by_variation)
    counts: dict[str, npt.NDArray[np.int64] | _Floats] = {}
    for name, kinds in _OUTCOMES:
        sent = frame.sent_of(kinds)
        counts[name] = frame.pairs(sent, sent)
    for name, unique, answers in _ANSWERS:
        rows, receipts = frame.answers(answers)
        counts[name], counts[unique] = frame.events(receipts), frame.pairs(rows, receipts)
    rows, receipts = frame.conversions(conversions)
    unit = 10**snapshot.shop.decimals
    counts["conversions"] = frame.events(receipts)
    counts["conversion_uniques"] = frame.pairs(rows, receipts)
    counts["conversion_value"] = frame.sums(receipts, snapshot.shop.events.value[rows]) / unit
    texts = frame.sent_of((Kind.RECEIVED_SMS,))
    segments = _segments(snapshot)[snapshot.shop.events.message[texts]]
    counts["message_segment_count_sum"] = frame.sums(texts, segments).astype(np.int64)
    return MessageCounts(frame.message, frame.variation, counts)


class _Frame:
    """What was sent in a time frame, and the place of each receipt in the table of counts."""

    def __init__(self, snapshot: Snapshot, query: ReportQuery, *, by_variation: bool) -> None:
        self._snapshot, self._events = snapshot, snapshot.shop.events
        bounds = [query.timeframe.since, query.timeframe.until]
        first, last = np.searchsorted(self._events.at, bounds)
        self._first, self._last = int(first), int(last)
        rows = self._first + np.flatnonzero(
            _is_of(
                self._events.kind[first:last], [kind for _, kinds in _OUTCOMES for kind in kinds]
            )
        )
        self._sent = rows[self._shows(rows)]
        variation = self._events.variation[self._sent].astype(np.int64)
        if not by_variation:
            variation = np.full_like(variation, -1)
        span = int(variation.max(initial=-1)) + 2
        code = self._events.message[self._sent] * np.int64(span) + variation + 1
        groups, group = np.unique(code, return_inverse=True)
        self.message, self.variation = groups // span, groups % span - 1
        self._shape = len(groups), len(query.starts)
        # of every row of the time frame; only those of what was sent are ever asked for
        self._cell = np.full(self._last - self._first, -1, dtype=np.int64)
        bucket = query.bucket(self._events.at[self._sent])
        self._cell[self._sent - self._first] = group * self._shape[1] + bucket

    def sent_of(self, kinds: Sequence[Kind]) -> _Ints:
        """Rows of some kinds of what was sent, or failed to be."""
        return self._sent[_is_of(self._events.kind[self._sent], kinds)]

    def answers(self, kinds: Sequence[Kind]) -> tuple[_Ints, _Ints]:
        """Rows that show and answer a receipt of the time frame, and the rows of the receipts."""
        rows = self._first + np.flatnonzero(_is_of(self._events.kind[self._first :], kinds))
        return self._answering(rows, self._events.receipt[rows].astype(np.int64))

    def conversions(self, wanted: Conversions) -> tuple[_Ints, _Ints]:
        """Rows credited to a receipt of the time frame, and the rows of the receipts."""
        rows = self._first + np.flatnonzero(_is_of(self._events.kind[self._first :], wanted.kinds))
        rows = rows[self._events.value[rows] >= wanted.least]
        touch = self._events.touch[rows].astype(np.int64)
        rows, touch = rows[touch >= 0], touch[touch >= 0]
        receipt = self._events.receipt[touch].astype(np.int64)
        return self._answering(rows, np.where(receipt >= 0, receipt, touch))

    def events(self, receipts: _Ints) -> _Ints:
        """How many, by group and bucket of their receipts."""
        cells = self._cell[receipts - self._first]
        return np.bincount(cells, minlength=self._size).reshape(self._shape)

    def pairs(self, rows: _Ints, receipts: _Ints) -> _Ints:
        """How many profiles, by group and bucket of their receipts; none for a deleted profile."""
        cells = self._cell[receipts - self._first]
        return unique_profiles(self._snapshot, rows, cells, cells=self._size).reshape(self._shape)

    def sums(self, receipts: _Ints, values: _Ints) -> _Floats:
        """The sum of values, by group and bucket of their receipts; exact below 2**53."""
        cells = self._cell[receipts - self._first]
        sums = np.bincount(cells, weights=values, minlength=self._size)
        return sums.astype(np.float64).reshape(self._shape)

    @property
    def _size(self) -> int:
        return self._shape[0] * self._shape[1]

    def _answering(self, rows: _Ints, receipts: _Ints) -> tuple[_Ints, _Ints]:
        kept = (receipts >= self._first) & (receipts < self._last)
        kept[kept] = self._cell[receipts[kept] - self._first] >= 0
        kept[kept] = self._shows(rows[kept])
        return rows[kept], receipts[kept]

    def _shows(self, rows: _Ints) -> _Bools:
        return np.asarray(self._events.visible_at[rows] <= self._snapshot.now)


def _is_of(kind: npt.NDArray[np.uint8], kinds: Sequence[Kind]) -> _Bools:
    table = np.zeros(256, dtype=bool)
    table[list(kinds)] = True
    return np.asarray(table[kind])


def _segments(snapshot: Snapshot) -> _Ints:
    """How many segments the text of each message takes."""
    lengths = np.array(
        [len(message.subject) for message in snapshot.shop.catalogue.messages], dtype=np.int64
    )
    return np.where(lengths <= _SINGLE, 1, -(-lengths // _JOINED))
