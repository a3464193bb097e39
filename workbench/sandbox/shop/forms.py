"""The sign-up forms of a shop: their versions, how many who look sign up, and when they break.

What all profiles share is here; the events of forms are in ``form_events``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.periods import DateRange
from workbench.sandbox.shop.consent import METHODS
from workbench.sandbox.shop.days import DAY, HOUR, NEVER, AccountDays
from workbench.sandbox.shop.ids import short_ids
from workbench.sandbox.shop.incidents import Trouble, planned_incidents
from workbench.sandbox.shop.plan import ShopPlan, random_stream

__all__ = [
    "BY_FORM",
    "Form",
    "FormVersion",
    "Forms",
    "drawn_forms",
    "is_broken",
    "methods_that_work",
    "simulated_forms",
]

BY_FORM = METHODS.index("FORM")
AT_CHECKOUT = METHODS.index("CHECKOUT")
_FIRST_VERSION = 7_300_001  # a version's id is a number

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Form:
    """One form.

    Attributes:
        id: its id.
        name: its name.
        created_at: UTC second.
    """

    id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class FormVersion:
    """One version of a form.

    Attributes:
        id: its id, a number.
        form: row of its form.
        form_type: popup, flyout, embed or banner.
        name: what the shop calls it.
        variation: its name in an A/B test; empty outside of one.
        created_at: UTC second from which it is live.
        ended_at: UTC second from which it is a draft; ``created_at`` if it never was live.
        submit_rate: part of the views that end in a submit, over its whole life.
        steps: names of its steps, in order.
    """

    id: str
    form: int
    form_type: str
    name: str
    variation: str
    created_at: int
    ended_at: int
    submit_rate: float
    steps: tuple[str, ...]

    def is_live(self, at: int) -> bool:
        """Whether visitors see it at an instant."""
        return self.created_at <= at < self.ended_at


@dataclass(frozen=True, slots=True)
class Forms:
    """Every form and every version; a version points at the row of its form."""

    forms: tuple[Form, ...] = ()
    versions: tuple[FormVersion, ...] = ()


_ONE, _TWO = ("E-mail",), ("E-mail", "Phone")
_POPUP = "Newsletter popup"
# (name, part of those who join by a form, versions); a version is (type, name, variation in a test,
# submit rate, where in the history it goes live, where it ends, steps). The popup tests two
# versions at a time; half way a new rival takes the place of the old one.
_FORMS = (
    (
        _POPUP,
        0.60,
        (
            ("popup", "Ten percent", "A", 0.060, 0.0, None, _TWO),
            ("popup", "Early access", "B", 0.045, 0.0, 0.5, _TWO),
            ("popup", "Free delivery", "C", 0.080, 0.5, None, _TWO),
        ),
    ),
    (
        "Exit offer",
        0.25,
        (
            ("flyout", "Before you go", "", 0.045, 0.0, 0.5, _ONE),
            ("flyout", "Before you go, shorter", "", 0.060, 0.5, None, _ONE),
        ),
    ),
    ("Footer", 0.15, (("embed", "Footer", "", 0.025, 0.0, None, _ONE),)),
    ("Spring banner", 0.0, (("banner", "Spring banner", "", 0.0, 0.9, 0.9, _ONE),)),
)


def simulated_forms(plan: ShopPlan, days: AccountDays, *, since: int, until: int) -> Forms:
    """The forms of a shop; versions go live and end at the beginning of an account day.

    Args:
        plan: the shop.
        days: every simulated day.
        since: UTC second at which the history begins.
        until: UTC second of the simulated now.
    """

    def moment(position: float) -> int:
        at = np.array([since + int(position * (until - since))])
        return int(days.starts[days.index(at)[0]])

    ids = short_ids(len(_FORMS), seed=plan.seed, kind="form")
    forms: list[Form] = []
    versions: list[FormVersion] = []
    for row, (name, _, drafts) in enumerate(_FORMS):
        for kind, label, variation, rate, begins, ends, steps in drafts:
            versions.append(
                FormVersion(
                    id=str(_FIRST_VERSION + 1_000 * plan.seed + len(versions)),
                    form=row,
                    form_type=kind,
                    name=label,
                    variation=variation,
                    created_at=moment(begins) if begins else since - 40 * DAY,
                    ended_at=NEVER if ends is None else moment(ends),
                    submit_rate=rate,
                    steps=steps,
                )
            )
        born = min(version.created_at for version in versions if version.form == row)
        forms.append(Form(ids[row], name, born - HOUR))
    return Forms(tuple(forms), tuple(versions))


def drawn_forms(plan: ShopPlan, count: int, *, block: int) -> _Ints:
    """Row of the form by which each profile of a block joins, if it joins by one."""
    rng = random_stream(plan, "forms", block=block)
    shares = [share for _, share, _ in _FORMS]
    return np.asarray(rng.choice(len(_FORMS), count, p=shares), dtype=np.int64)


def is_broken(plan: ShopPlan, form: npt.ArrayLike, at: _Ints) -> _Bools:
    """Whether a form is viewed without any submit arriving.

    Args:
        plan: the shop.
        form: row of a form, or one for each instant.
        at: UTC seconds.
    """
    names = [name for name, _, _ in _FORMS]
    broken = np.zeros(len(at), dtype=bool)
    for incident in planned_incidents(plan):
        if incident.trouble is Trouble.BROKEN_FORM:
            first, end = DateRange(incident.first, incident.last).instants(plan.timezone)
            is_its = np.asarray(form) == names.index(incident.subject)
            broken |= is_its & (at >= first.timestamp()) & (at < end.timestamp())
    return broken


def methods_that_work(
    plan: ShopPlan, method: npt.NDArray[np.uint8], created: _Ints, *, block: int
) -> npt.NDArray[np.uint8]:
    """How profiles join when their form is broken: at the checkout.

    Args:
        plan: the shop.
        method: row of METHODS by which each would join.
        created: UTC second at which each joins.
        block: number of the block that they are.
    """
    form = drawn_forms(plan, len(created), block=block)
    stuck = (method == BY_FORM) & is_broken(plan, form, created)
    return np.where(stuck, AT_CHECKOUT, method).astype(np.uint8)
