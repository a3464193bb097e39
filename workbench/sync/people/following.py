"""What became of profiles: merged into another, deleted, redacted.

Klaviyo keeps no record of any of it. A profile that is merged or deleted is simply gone; its events
belong to another one, or to none. So a sync asks whether the profiles still exist that it has
reason to doubt, and some of the others, in turn; and of those that are gone it asks whom their
events belong to now.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from workbench.db import statement
from workbench.klaviyo.pages import Page, pages
from workbench.klaviyo.records import related_id
from workbench.sync.merging import store_page
from workbench.sync.people.redaction import forget_people
from workbench.sync.requests import READING
from workbench.sync.resources import chosen_resources
from workbench.sync.run import Run
from workbench.sync.side_by_side import side_by_side

__all__ = ["follow", "profiles_due"]

_STREAM = "people"
_PROFILES, _EVENTS = chosen_resources(("profiles", "events"))
_IDS_A_REQUEST = 100
ROUND = dt.timedelta(days=7)
LEAST_CHECKED = 10_000
_LONG = dt.timedelta(days=60)  # from here on, looking through all events is faster

_Asked = tuple[str, dt.datetime, str]  # metric, time and id of an event


def follow(run: Run) -> None:
    """Bring profiles, events and memberships up to what became of the profiles.

    Nothing is done where the profiles could not be read, or were not asked for.
    """
    if not _have_been_read(run):
        return
    READING.set(_STREAM)
    with run.may_fail(_STREAM), run.progress.stream(_STREAM, total=None):
        _meet_strangers(run)
        _find_gone(run)
        merged = _note_moved(run) + _hand_on_events(run)
        _close(run)
        forgotten = forget_people(run)
        if merged:
            run.note(f"{merged} profiles were merged into others; their events have moved")
        if forgotten:
            run.note(f"{forgotten} people were redacted or deleted, and are forgotten here too")


def profiles_due(count: int, *, since_last: dt.timedelta, full: bool) -> int:
    """How many profiles to check, so that each is checked within a week.

    >>> profiles_due(450_000, since_last=dt.timedelta(days=1), full=False)
    64286

    Args:
        count: profiles that there are.
        since_last: time since some were last checked.
        full: whether all are to be checked.
    """
    if full:
        return count
    return min(count, max(LEAST_CHECKED, math.ceil(count * (since_last / ROUND))))


def _have_been_read(run: Run) -> bool:
    name = _PROFILES.name
    return name in run.streams and name not in run.refused and name not in run.failed


def _meet_strangers(run: Run) -> None:
    """Store the profiles that events name and that are not known, or that they are gone."""
    told = {"account_id": run.account_id, "run_id": run.run_id}
    with run.database.connection() as connection:
        row = connection.execute(statement("reads/sync/events_read_from"), told).fetchone()
    since = row[0] if row else None
    if since is not None:
        name = "strangers" if run.as_of - since > _LONG else "strangers_since"
        _meet(run, _ids(run, name, {"account_id": run.account_id, "since": since}))


def _meet(run: Run, strangers: Iterable[str]) -> None:
    """Store profiles as they are, or that they are gone."""

    def meet(wanted: tuple[str, ...]) -> list[str]:
        found: set[str] = set()
        for page in _profiles(run, wanted, _PROFILES.params):
            found |= {item["id"] for item in page.data}
            store_page(run, _PROFILES, page)
        return [each for each in wanted if each not in found]

    for gone in side_by_side(run, _STREAM, meet, _batches(strangers)):
        _mark_gone(run, gone)


def _find_gone(run: Run) -> None:
    """Mark the profiles as deleted that were asked for and are not there."""
    due, position = _due(run)
    doubtful = _ids(run, "left_profiles", {"account_id": run.account_id})

    def missing(wanted: tuple[str, ...]) -> list[str]:
        params = {"page[size]": _PROFILES.params["page[size]"], "fields[profile]": "updated"}
        found = {item["id"] for page in _profiles(run, wanted, params) for item in page.data}
        return [each for each in wanted if each not in found]

    suspects = dict.fromkeys([*doubtful, *due])
    for gone in side_by_side(run, _STREAM, missing, _batches(suspects)):
        _mark_gone(run, gone)
    with run.database.connection() as connection:
        connection.execute(
            statement("writes/sync/record_profile_check"),
            {"account_id": run.account_id, "position": position, "as_of": run.as_of},
        )


def _due(run: Run) -> tuple[list[str], str]:
    """Profiles whose turn it is to be checked, and the last of them."""
    account = {"account_id": run.account_id}
    with run.database.connection() as connection:
        row = connection.execute(statement("reads/sync/profile_check"), account).fetchone()
    count, position, checked_at = row or (0, None, None)
    if position is None:
        return [], ""  # all of them have been read just now
    wanted = profiles_due(count, since_last=run.as_of - checked_at, full=run.asked.full)
    due = _ids(run, "next_profiles", {**account, "position": position, "count": wanted})
    return due, due[-1] if due else position


def _profiles(run: Run, wanted: Iterable[str], params: Any) -> Iterator[Page]:
    listed = ",".join(orjson.dumps(each).decode() for each in wanted)
    query = {**params, "filter": f"any(id,[{listed}])"}
    return pages(run.client, _PROFILES.path, query)


def _mark_gone(run: Run, profile_ids: list[str]) -> None:
    if profile_ids:
        with run.database.connection() as connection:
            connection.execute(
                statement("writes/sync/mark_profiles_gone"),
                {"account_id": run.account_id, "profile_ids": profile_ids, "as_of": run.as_of},
            )


def _note_moved(run: Run) -> int:
    """How many were merged by what the events say that this sync has read again."""
    told = {"account_id": run.account_id, "as_of": run.as_of}
    with run.database.connection() as connection:
        row = connection.execute(statement("writes/sync/note_moved_people"), told).fetchone()
    return row[0] if row else 0


def _hand_on_events(run: Run) -> int:
    """Give the events of those gone to whom they belong now; returns how many were merged."""
    with run.database.connection() as connection:
        found = connection.execute(
            statement("reads/sync/events_of_gone"), {"account_id": run.account_id}
        ).fetchall()
    by_profile = itertools.groupby(found, key=lambda row: row[0])
    asked = [(profile_id, [row[1:] for row in rows]) for profile_id, rows in by_profile]

    alive: list[str] = []

    def hand_on(one: tuple[str, list[_Asked]]) -> bool:
        profile_id, events = one
        owners = _owners(run, events)  # where none is served, the next sync asks again
        if profile_id in owners:
            alive.append(profile_id)
        return any(_hand_on(run, profile_id, owner) for owner in owners if owner != profile_id)

    merged = sum(side_by_side(run, _STREAM, hand_on, asked))
    _meet(run, alive)
    return merged


def _owners(run: Run, events: list[_Asked]) -> list[str | None]:
    """Whom the first event belongs to that Klaviyo serves; None for nobody."""
    for metric_id, occurred_at, event_id in events:
        since = occurred_at.replace(microsecond=0)
        query = _EVENTS.window_query(since, since + dt.timedelta(seconds=1))
        if metric_id:
            query["filter"] += f',equals(metric_id,"{metric_id}")'
        query |= {"fields[event]": "datetime"}
        del query["include"]
        for page in pages(run.client, _EVENTS.path, query):
            for item in page.data:
                if item["id"] == event_id:
                    return [related_id(item, "profile")]
    return []


def _hand_on(run: Run, profile_id: str, owner: str | None) -> bool:
    """Give its events to another, or to nobody; whether that tells of a merge not yet known."""
    told = {
        "account_id": run.account_id,
        "profile_id": profile_id,
        "owner_id": owner,
        "as_of": run.as_of,
        "timezone": run.source.timezone,
    }
    with run.database.connection() as connection:
        connection.execute(statement("writes/sync/move_events"), told)
        if owner is None:
            return False
        noted = connection.execute(statement("writes/sync/note_profile_merge"), told)
        return noted.rowcount > 0


def _close(run: Run) -> None:
    """End what those who are gone were in, and what was said of them."""
    told = {"account_id": run.account_id, "as_of": run.as_of}
    with run.database.connection() as connection:
        for name in ("note_same_people", "end_stays_of_gone", "drop_predictions_of_gone"):
            connection.execute(statement(f"writes/sync/{name}"), told)


def _ids(run: Run, name: str, told: dict[str, Any]) -> list[str]:
    with run.database.connection() as connection:
        found = connection.execute(statement(f"reads/sync/{name}"), told).fetchall()
    return [each for (each,) in found]


def _batches(ids: Iterable[str]) -> list[tuple[str, ...]]:
    """Ids in as many parts as there are requests to ask for them."""
    listed = list(ids)
    return [
        tuple(listed[first : first + _IDS_A_REQUEST])
        for first in range(0, len(listed), _IDS_A_REQUEST)
    ]
