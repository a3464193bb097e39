"""How long what is kept: the classes of events and of logs, and the days that each is kept.

Orders and conversions have no class: they are kept for ever, however old, and so are events of
metrics that no class names. Facts made of events outlive them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workbench.errors import SettingsInvalid

__all__ = ["EVENT_CLASSES", "LEAST_DAYS", "LOG_DAYS", "Retention", "retention_of"]

# class of events -> roles of the metrics in it. A fact that counts several metrics by day needs
# all of them: so messages go together, and events of forms stay, because submissions are asked for.
EVENT_CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "engagement": ("received", "opened", "clicked", "bounced", "unsubscribed", "marked_spam"),
        "browsing": ("active_on_site", "viewed_product"),
    }
)

# class of logs -> days that they are kept where nothing is said; None: for ever. What is in
# quarantine was never stored, and who is to tell that it was no order.
LOG_DAYS: Mapping[str, int | None] = MappingProxyType(
    {
        "requests": 30,
        "quarantine": None,
        "drift": 365,
        "lateness": 400,
        "refreshes": 400,
        "maintenance": 400,
        "notebook_runs": 730,
    }
)

LEAST_DAYS = 100
"""Of events: syncs read 90 days again, and an order is credited to what came 100 days before."""

_FOR_EVER = {"orders", "order", "conversions", "conversion", "revenue", "events", "event", "all"}


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that things are kept.

    Attributes:
        events: class of events -> days; a class that is not there is kept for ever.
        logs: class of logs -> days, likewise.
    """

    events: Mapping[str, int] = field(default_factory=dict)
    logs: Mapping[str, int] = field(default_factory=lambda: _default_logs())


def retention_of(entries: object) -> Retention:
    """Retention as the table ``[retention]`` of workbench.toml gives it: class = days.

    Raises:
        SettingsInvalid: no table, an unknown class, one that is kept for ever, or too few days.
    """
    if not isinstance(entries, Mapping):
        raise SettingsInvalid("retention is no table", hint="write [retention], then class = days")
    events: dict[str, int] = {}
    logs = _default_logs()
    for name, days in entries.items():
        if str(name).lower() in _FOR_EVER:
            raise SettingsInvalid(
                f"retention.{name}: orders and conversions are kept for ever",
                hint=f"classes that may go: {', '.join(EVENT_CLASSES)}",
            )
        if name not in EVENT_CLASSES and name not in LOG_DAYS:
            raise SettingsInvalid(
                f"retention.{name} is no class",
                hint=f"known classes: {', '.join([*EVENT_CLASSES, *LOG_DAYS])}",
            )
        least = LEAST_DAYS if name in EVENT_CLASSES else 1
        if isinstance(days, bool) or not isinstance(days, int) or days < least:
            raise SettingsInvalid(
                f"retention.{name} is {days!r}", hint=f"a whole number of days, {least} or more"
            )
        (events if name in EVENT_CLASSES else logs)[str(name)] = days
    return Retention(events, logs)


def _default_logs() -> dict[str, int]:
    return {name: days for name, days in LOG_DAYS.items() if days is not None}
