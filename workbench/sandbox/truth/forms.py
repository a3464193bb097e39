"""What forms were shown, to how many, and with what success."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.periods import DateRange
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.events import Kind
from workbench.sandbox.shop.form_events import submitted_steps, viewed_steps, viewers
from workbench.sandbox.shop.forms import is_broken

__all__ = ["form_days", "form_numbers"]

_COUNTS = {Kind.VIEWED_FORM: "views", Kind.SUBMITTED_FORM: "submits", Kind.CLOSED_FORM: "closes"}
_UNIQUES = {
    Kind.VIEWED_FORM: "unique_viewers",
    Kind.SUBMITTED_FORM: "unique_submitters",
    Kind.CLOSED_FORM: "unique_closers",
}


def form_numbers(shop: Shop, *, now: int, days: DateRange) -> pd.DataFrame:
    """One row a version of which something happened in the days, in the order they were made.

    Events count in the days in which they happened. Columns: form_id, form_name,
    form_version_id, form_type, views, unique_viewers, submits, unique_submitters, closes,
    unique_closers, viewed_steps, submitted_steps, submit_rate (the version's chance that a view
    ends in a submit, over its whole life).
    """
    first, end = (int(instant.timestamp()) for instant in days.instants(shop.account.timezone))
    events = _form_events(shop, now)
    events = events[(events["at"] >= first) & (events["at"] < end)]
    return _described(shop, _counted(events, ["version"]).reset_index())


def form_days(shop: Shop, *, now: int) -> pd.DataFrame:
    """One row a version and account day on which it was looked at, closed or submitted.

    Columns: ds, is_broken (no submit arrives), then those of ``form_numbers``.
    """
    events = _form_events(shop, now)
    days = _counted(events, ["version", "day"]).reset_index()
    versions = shop.forms.versions
    form = np.array([versions[row].form for row in days["version"]], dtype=np.int64)
    broken = is_broken(shop.plan, form, shop.days.starts[days["day"].to_numpy(dtype=np.int64)])
    days.insert(0, "is_broken", broken)
    days.insert(0, "ds", [shop.days.date(index) for index in days.pop("day")])
    return _described(shop, days)


def _form_events(shop: Shop, now: int) -> pd.DataFrame:
    """One row a visible event of a form: at, day, kind, version, viewer, steps of both sorts."""
    events = shop.events
    rows = np.flatnonzero(np.isin(events.kind, list(_COUNTS)) & (events.visible_at <= now))
    kind, at = events.kind[rows], events.at[rows]
    submits = kind == Kind.SUBMITTED_FORM
    return pd.DataFrame(
        {
            "at": at,
            "day": shop.days.index(at),
            "kind": kind,
            "version": events.ref[rows].astype(np.int64),
            "viewer": viewers(events, rows, shop.people.fates.owner(now)),
            "viewed_steps": np.where(submits, viewed_steps(events, rows, shop.forms), 0)
            + (kind == Kind.VIEWED_FORM),
            "submitted_steps": np.where(submits, submitted_steps(events, rows), 0),
        }
    )


def _counted(events: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    grouped = events.groupby(by)
    counts = grouped[["viewed_steps", "submitted_steps"]].sum()
    for kind, name in _COUNTS.items():
        its = events[events["kind"] == kind].groupby(by)["viewer"]
        counts[name] = its.size()
        counts[_UNIQUES[kind]] = its.nunique()
    return counts.fillna(0).astype(np.int64)


def _described(shop: Shop, counts: pd.DataFrame) -> pd.DataFrame:
    """Counts by row of the version, with what the version is."""
    versions = [shop.forms.versions[row] for row in counts["version"]]
    described = {
        "form_id": [shop.forms.forms[version.form].id for version in versions],
        "form_name": [shop.forms.forms[version.form].name for version in versions],
        "form_version_id": [version.id for version in versions],
        "form_type": [version.form_type for version in versions],
    }
    counts = counts.assign(**described)
    counts["submit_rate"] = [version.submit_rate for version in versions]
    order = [name for name in ("ds", "is_broken") if name in counts]
    order += [*described, *(names[kind] for kind in _COUNTS for names in (_COUNTS, _UNIQUES))]
    return counts[[*order, "viewed_steps", "submitted_steps", "submit_rate"]]
