"""What visitors do with forms: look, close them, sign up.

A profile that joins by a form looks at it seconds before its creation, which is the submit. How
many look without signing up follows from the version's submit rate: as many as pass, view by view,
before that many signed up (a negative binomial number). They come as the shop's days are busy, so
that on a busy day a smaller part signs up; the rate holds over a version's whole life. A broken
form is looked at by those who would have signed up, too.

Source of the distribution: views are Bernoulli trials that end in a submit with the known chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.sandbox.shop.days import AccountDays
from workbench.sandbox.shop.events import EventLog, Events, Flag, Kind
from workbench.sandbox.shop.forms import BY_FORM, Forms, drawn_forms, is_broken
from workbench.sandbox.shop.people import ARRIVALS, People
from workbench.sandbox.shop.plan import ShopPlan, random_stream
from workbench.sandbox.shop.seasons import daily_intensity, second_of_day

__all__ = ["noted_forms", "submitted_steps", "viewed_steps", "viewers"]

KNOWN = 0.08  # part of those who look without signing up that have a profile already
CLOSES = 0.55  # part of those that click a form away, where it can be closed
_CLOSABLE = {"popup", "flyout", "banner"}
SMS_SOON = 120  # seconds after the creation, a consent to texts came with the second step

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Joins:
    """Profiles that join by a form: their rows, and rows of the versions."""

    profile: _Ints
    version: _Ints


def noted_forms(
    log: EventLog, plan: ShopPlan, people: People, forms: Forms, days: AccountDays, *, since: int
) -> None:
    """Note the views, submits and closes of the forms by one block of profiles and its visitors.

    Args:
        log: receives the events, whose ``ref`` is the row of the version.
        plan: the shop.
        people: the block.
        forms: the shop's.
        days: every simulated day.
        since: UTC second at which the history begins.
    """
    rng = random_stream(plan, "form events", block=people.block)
    joins = _joins(rng, plan, people, forms, since=since)
    _note_submits(log, rng, people, forms, joins)
    visitors = _visitors(days, since=since)
    for row, version in enumerate(forms.versions):
        if version.submit_rate:
            at = _fruitless(
                rng,
                plan,
                days,
                weights=visitors * _is_live(days, version.created_at, version.ended_at),
                form=version.form,
                submits=int((joins.version == row).sum()),
                rate=version.submit_rate,
            )
            _note_looks(log, rng, people, at, row, closable=version.form_type in _CLOSABLE)


def submitted_steps(events: Events, rows: _Ints) -> _Ints:
    """How many steps each submit completed: two when Flag.SECOND_STEP is set, else one."""
    return 1 + ((events.flags[rows] & Flag.SECOND_STEP) > 0).astype(np.int64)


def viewed_steps(events: Events, rows: _Ints, forms: Forms) -> _Ints:
    """How many steps each submit led to, each of them viewed: one where there is a second.

    A view of the form is a view of its first step; no event of its own tells of the second.
    """
    steps = np.array([len(version.steps) for version in forms.versions])
    return np.asarray(steps[events.ref[rows]] - 1, dtype=np.int64)


def viewers(events: Events, rows: _Ints, owner: npt.NDArray[np.integer]) -> _Ints:
    """A number for whoever looked at, closed or submitted a form; equal for the same one.

    Visitors without a profile are seen once each; so are those whose profile was deleted, since
    nothing tells their events apart any more.

    Args:
        events: the shop's.
        rows: of events of forms.
        owner: the profile that the events of each profile belong to; -1 when it was deleted.
    """
    profile = events.profile[rows].astype(np.int64)
    profile = np.where(profile >= 0, owner[profile], -1)
    return np.where(profile >= 0, profile, len(owner) + rows)


def _joins(
    rng: np.random.Generator, plan: ShopPlan, people: People, forms: Forms, *, since: int
) -> _Joins:
    """Who joins by which version: among those live, as often as their submit rates say."""
    joins = people.takes_email & (people.method == BY_FORM) & (people.created >= since)
    profile = np.flatnonzero(joins)
    form, created = drawn_forms(plan, len(people), block=people.block), people.created
    odds = np.array(
        [
            version.submit_rate
            * (form[profile] == version.form)
            * (created[profile] >= version.created_at)
            * (created[profile] < version.ended_at)
            for version in forms.versions
        ]
    )
    up_to = np.cumsum(odds, axis=0)
    draw = rng.random(len(profile)) * up_to[-1]
    return _Joins(profile, np.asarray((draw >= up_to).sum(axis=0), dtype=np.int64))


def _note_submits(
    log: EventLog, rng: np.random.Generator, people: People, forms: Forms, joins: _Joins
) -> None:
    created = people.created[joins.profile]
    has_two = np.array([len(version.steps) == 2 for version in forms.versions])[joins.version]
    texts = people.sms_at[joins.profile] <= created + SMS_SOON
    log.add(
        Kind.VIEWED_FORM,
        at=created - rng.integers(4, 60, len(created)),
        profile=joins.profile,
        ref=joins.version,
    )
    log.add(
        Kind.SUBMITTED_FORM,
        at=created,
        profile=joins.profile,
        ref=joins.version,
        flags=np.where(has_two & texts, Flag.SECOND_STEP, 0),
    )


def _visitors(days: AccountDays, *, since: int) -> npt.NDArray[np.float64]:
    """How many people see forms on each day, up to a factor: they grow as the profiles do."""
    arrive = (np.arange(days.count) + 0.5) ** (1 / ARRIVALS - 1)
    shown: _Bools = days.starts[:-1] >= since
    return np.asarray(arrive * daily_intensity(days) * shown, dtype=np.float64)


def _is_live(days: AccountDays, begins: int, ends: int) -> _Bools:
    return np.asarray((days.starts[:-1] >= begins) & (days.starts[:-1] < ends))


def _fruitless(
    rng: np.random.Generator,
    plan: ShopPlan,
    days: AccountDays,
    *,
    weights: npt.NDArray[np.float64],
    form: int,
    submits: int,
    rate: float,
) -> _Ints:
    """UTC seconds of the views that no submit follows."""
    broken = is_broken(plan, form, days.starts[:-1])
    working = weights * ~broken
    if not submits or not working.any():
        return np.empty(0, dtype=np.int64)
    count = int(rng.negative_binomial(submits, rate))
    counts = rng.multinomial(count, working / working.sum())
    expected = count / (1 - rate) * weights / working.sum()
    counts += rng.poisson(np.where(broken, expected, 0.0))
    day = np.repeat(np.arange(days.count), counts)
    return days.wall(day, second_of_day(rng.random(len(day))))


def _note_looks(
    log: EventLog,
    rng: np.random.Generator,
    people: People,
    at: _Ints,
    version: int,
    *,
    closable: bool,
) -> None:
    """Views without a submit: of a visitor seen once, or of a profile that is there already."""
    there = np.searchsorted(people.created, at)
    known = (rng.random(len(at)) < KNOWN) & (there > 0)
    someone = (rng.random(len(at)) * there).astype(np.int64)
    profile = np.where(known & (at < people.fates.ends_at[someone]), someone, -1)
    log.add(Kind.VIEWED_FORM, at=at, profile=profile, ref=version)
    if closable:
        closes = rng.random(len(at)) < CLOSES
        closed_at = at[closes] + rng.integers(2, 40, int(closes.sum()))
        log.add(Kind.CLOSED_FORM, at=closed_at, profile=profile[closes], ref=version)
