"""Reports of forms: what visitors did with them, by the time it happened.

Every visitor who qualifies for a simulated form is shown it, so that both are the same number. A
visitor without a profile is seen once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.report_queries import ReportQuery, ReportRules
from workbench.sandbox.api.report_statistics import ratio
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.unique_profiles import unique_profiles
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.form_events import submitted_steps, viewed_steps

__all__ = ["FORM_SERIES", "FORM_VALUES", "form_report"]

_Ints = npt.NDArray[np.int64]
_STATISTICS = (
    *("closed_form", "closed_form_uniques", "qualified_form", "qualified_form_uniques"),
    *("submit_rate", "submits", "submitted_form_step", "submitted_form_step_uniques"),
    *("viewed_form", "viewed_form_step", "viewed_form_step_uniques", "viewed_form_uniques"),
)


def _rules(kind: str) -> ReportRules:
    groups = ("form_id", "form_version_id")
    return ReportRules(
        kind,
        _STATISTICS,
        groups,
        usual=groups[:1],
        required=groups[:1],
        filters=dict.fromkeys(groups, ("equals", "any")),
    )


FORM_VALUES, FORM_SERIES = _rules("form-values-report"), _rules("form-series-report")


def form_report(snapshot: Snapshot, query: ReportQuery) -> list[Body]:
    """One result a form, or a version of one, that something happened to.

    Args:
        snapshot: the account at its instant.
        query: the report.
    """
    forms = snapshot.shop.forms
    labels = [
        {"form_id": forms.forms[version.form].id, "form_version_id": version.id}
        for version in forms.versions
    ]
    groupings = [{name: label[name] for name in query.groups} for label in labels]
    groups = list({tuple(each.values()): each for each in groupings}.values())
    group = np.array(
        [
            groups.index(each) if query.accepts(label) else -1
            for each, label in zip(groupings, labels, strict=True)
        ],
        dtype=np.int64,
    )
    tables = _tables(snapshot, query, group, len(groups))
    acts = tables["viewed_form"] + tables["submits"] + tables["closed_form"]
    return [
        {
            "groupings": grouping,
            "statistics": {name: tables[name][place].tolist() for name in query.statistics},
        }
        for place, grouping in enumerate(groups)
        if acts[place].any()
    ]


@dataclass(frozen=True, slots=True)
class _Acts:
    """Events of one kind: their rows, and the group and bucket of each as one number."""

    rows: _Ints
    cell: _Ints


def _tables(
    snapshot: Snapshot, query: ReportQuery, group: _Ints, groups: int
) -> dict[str, npt.NDArray[np.int64] | npt.NDArray[np.float64]]:
    """Every statistic: one row a group, one column a bucket."""
    shop, shape = snapshot.shop, (groups, len(query.starts))
    views, submits, closes = (
        _acts(snapshot, query, group, kind)
        for kind in (Kind.VIEWED_FORM, Kind.SUBMITTED_FORM, Kind.CLOSED_FORM)
    )
    viewed, viewers = _counted(views, shape), _visitors(snapshot, views, shape)
    submitted = _counted(submits, shape)
    shown = viewed_steps(shop.events, submits.rows, shop.forms)
    return {
        "viewed_form": viewed,
        "viewed_form_uniques": viewers,
        "qualified_form": viewed,
        "qualified_form_uniques": viewers,
        # who sees a second step saw the first
        "viewed_form_step": viewed + _counted(submits, shape, times=shown),
        "viewed_form_step_uniques": viewers,
        "submits": submitted,
        "submit_rate": ratio(submitted, viewed),
        "submitted_form_step": _counted(
            submits, shape, times=submitted_steps(shop.events, submits.rows)
        ),
        "submitted_form_step_uniques": _visitors(snapshot, submits, shape),
        "closed_form": _counted(closes, shape),
        "closed_form_uniques": _visitors(snapshot, closes, shape),
    }


def _acts(snapshot: Snapshot, query: ReportQuery, group: _Ints, kind: Kind) -> _Acts:
    """The events of a kind that show, happened in the time frame, and are of a group."""
    events, timeframe = snapshot.shop.events, query.timeframe
    first, last = np.searchsorted(events.at, [timeframe.since, timeframe.until])
    rows = int(first) + np.flatnonzero(events.kind[first:last] == kind)
    rows = rows[events.visible_at[rows] <= snapshot.now]
    place = group[events.ref[rows]]
    rows, place = rows[place >= 0], place[place >= 0]
    return _Acts(rows, place * len(query.starts) + query.bucket(events.at[rows]))


def _counted(acts: _Acts, shape: tuple[int, int], times: _Ints | None = None) -> _Ints:
    """Events by group and bucket, each as often as ``times`` says."""
    cell = acts.cell if times is None else np.repeat(acts.cell, times)
    return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(np.int64)


def _visitors(snapshot: Snapshot, acts: _Acts, shape: tuple[int, int]) -> _Ints:
    """Visitors by group and bucket: profiles once, all others as often as they act."""
    profile, size = snapshot.shop.events.profile[acts.rows], shape[0] * shape[1]
    is_nobody = (profile < 0) | (snapshot.owner[profile] < 0)
    known = unique_profiles(snapshot, acts.rows, acts.cell, cells=size)
    return (known + np.bincount(acts.cell[is_nobody], minlength=size)).reshape(shape)
