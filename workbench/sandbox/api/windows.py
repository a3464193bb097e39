"""Windows of time that Klaviyo refuses to look into: empty ones, and those that begin at now.

Source: what connectors report of the events endpoint (estuary/connectors 3464, PostHog 63769): a
window without a whole second in it is refused, and so is a beginning in the future or within
seconds of the present.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from workbench.sandbox.api.filters import Condition, epoch_seconds
from workbench.sandbox.api.jsonapi import Refusal

__all__ = ["check_window"]

SETTLES = 5  # seconds before now from which a window may not begin
_FIELD = "datetime"
_EXCLUSIVE = {"greater-than", "less-than"}


def check_window(found: Sequence[Condition], *, now: int) -> None:
    """Refuse a window of event times that is empty.

    Args:
        found: conditions of a query; those on other fields are left alone.
        now: UTC second.

    Raises:
        Refusal: no whole second lies in it, or it begins in the future or just now.
        FilterError: a bound is no instant.
    """
    bounds = [
        (each.operator, epoch_seconds(str(each.value))) for each in found if each.field == _FIELD
    ]
    lower = max(
        ((at, name in _EXCLUSIVE) for name, at in bounds if name.startswith("greater")),
        default=None,
    )
    upper = min(
        ((at, name not in _EXCLUSIVE) for name, at in bounds if name.startswith("less")),
        default=None,
    )
    if lower is None:
        return
    end, is_inclusive = upper or (float(now), True)
    first = math.floor(lower[0]) + 1 if lower[1] else math.ceil(lower[0])
    last = math.floor(end) if is_inclusive else math.ceil(end) - 1
    if first > last or lower[0] > now - SETTLES:
        raise _refusal(lower[0], lower[1], end, is_inclusive)


def _refusal(begin: float, is_exclusive: bool, end: float, is_inclusive: bool) -> Refusal:
    return Refusal(
        400,
        code="invalid",
        title="Invalid input.",
        detail=(
            f"Datetime bounds {_text(begin)} ({'exclusive' if is_exclusive else 'inclusive'}) to "
            f"{_text(end)} ({'inclusive' if is_inclusive else 'exclusive'}) is empty or invalid"
        ),
        source={"pointer": _FIELD},
    )


def _text(at: float) -> str:
    return dt.datetime.fromtimestamp(math.floor(at), dt.UTC).isoformat(sep=" ")
