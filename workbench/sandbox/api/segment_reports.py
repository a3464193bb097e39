"""Reports of segments: how many profiles they hold, and how many came and went."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.report_queries import ReportQuery, ReportRules, refused
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.groups import membership_counts

__all__ = ["SEGMENT_SERIES", "SEGMENT_VALUES", "segment_report"]

_EARLIEST = 1_685_577_600  # 2023-06-01, before which Klaviyo has no data
_STATISTICS = ("members_added", "members_removed", "net_members_changed", "total_members")


def _rules(kind: str) -> ReportRules:
    only = ("segment_id",)
    return ReportRules(
        kind, _STATISTICS, only, usual=only, filters=dict.fromkeys(only, ("equals", "any"))
    )


SEGMENT_VALUES, SEGMENT_SERIES = _rules("segment-values-report"), _rules("segment-series-report")


def segment_report(snapshot: Snapshot, query: ReportQuery) -> list[Body]:
    """One result a segment; ``total_members`` are those at the end of a bucket, or by now.

    Args:
        snapshot: the account at its instant.
        query: the report.

    Raises:
        Refusal: the time frame begins before 2023-06-01.
    """
    since, until = query.timeframe.since, query.timeframe.until
    if since < _EARLIEST:
        raise refused("Data is unavailable before June 1st, 2023.", attribute="timeframe")
    edges = np.concatenate((np.maximum(query.starts, since), [until]))
    edges = np.minimum(edges, snapshot.now + 1)  # nothing after now shows
    results = []
    for row, group in enumerate(snapshot.shop.groups):
        is_shown = not group.is_list and group.created_at <= snapshot.now
        if not is_shown or not query.accepts({"segment_id": group.id}):
            continue
        added, removed, total = membership_counts(snapshot.shop.memberships, row, edges)
        numbers = dict(zip(_STATISTICS, (added, removed, added - removed, total), strict=True))
        statistics = {name: numbers[name].tolist() for name in query.statistics}
        results.append({"groupings": {"segment_id": group.id}, "statistics": statistics})
    return results
