"""What a viewer chooses: the account, the days, and what they are compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import traitlets

from workbench.errors import InputInvalid
from workbench.load import Account
from workbench.periods import DateRange

__all__ = ["COMPARISONS", "PRESETS", "Controls", "Selection"]

COMPARISONS: dict[str, Callable[[DateRange], DateRange | None]] = {
    "period before": DateRange.before,
    "year before": DateRange.year_before,
    "none": lambda days: None,
}

PRESETS: dict[str, Callable[[dt.date], dt.date]] = {
    "last 7 days": lambda last: last - dt.timedelta(days=6),
    "last 28 days": lambda last: last - dt.timedelta(days=27),
    "last 90 days": lambda last: last - dt.timedelta(days=89),
    "last 365 days": lambda last: last - dt.timedelta(days=364),
    "this year": lambda last: last.replace(month=1, day=1),
}
_OWN = "own dates"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the controls say at one moment.

    Attributes:
        account_id: Klaviyo's id of the account.
        first: first account day, or None where the field is empty.
        last: last account day, or None where the field is empty.
        comparison: one of COMPARISONS.
    """

    account_id: str
    first: dt.date | None
    last: dt.date | None
    comparison: str

    @property
    def days(self) -> DateRange:
        """The days chosen.

        Raises:
            InputInvalid: a date is missing, or the last day lies before the first.
        """
        if self.first is None or self.last is None:
            raise InputInvalid("a date is missing", hint="choose a first and a last day")
        return DateRange(self.first, self.last)

    @property
    def compared(self) -> DateRange | None:
        """The days they are compared with."""
        return COMPARISONS[self.comparison](self.days)


class Controls(widgets.HBox):  # type: ignore[misc]
    """Fields for a selection; observe ``selection`` to follow them.

    Args:
        accounts: (name, account id) of each account that can be chosen; with one there is no field.
        selection: what the fields say at first.
    """

    selection = traitlets.Instance(Selection)

    def __init__(self, accounts: list[tuple[str, str]], *, selection: Selection) -> None:
        self._account = widgets.Dropdown(options=accounts, value=selection.account_id)
        self._preset = widgets.Dropdown(options=[*PRESETS, _OWN], value=_OWN)
        self._first = widgets.DatePicker(value=selection.first)
        self._last = widgets.DatePicker(value=selection.last)
        self._comparison = widgets.Dropdown(options=[*COMPARISONS], value=selection.comparison)
        fields = {
            "Account": self._account,
            "Days": self._preset,
            "First day": self._first,
            "Last day": self._last,
            "Compared with": self._comparison,
        }
        if len(accounts) < 2:
            del fields["Account"]
        super().__init__([_labelled(label, field) for label, field in fields.items()])
        self.add_class("wb-controls")
        self.selection = selection
        self._preset.observe(self._take_preset, names="value")
        for field in (self._account, self._first, self._last, self._comparison):
            field.observe(self._read, names="value")

    def limit(self, account: Account) -> None:
        """Offer the days the account has data of, and move chosen days into them."""
        with self.hold_trait_notifications():
            for field in (self._first, self._last):
                field.min, field.max = None, account.last_day
                field.min = account.first_day
            self._read()

    def _take_preset(self, change: Any) -> None:
        if change.new == _OWN:
            return
        last = self._last.max
        with self.hold_trait_notifications():
            self._first.value = PRESETS[change.new](last)
            self._last.value = last

    def _read(self, _: Any = None) -> None:
        self.selection = Selection(
            account_id=self._account.value,
            first=self._first.value,
            last=self._last.value,
            comparison=self._comparison.value,
        )
        self._preset.value = self._matching_preset()

    def _matching_preset(self) -> str:
        first, last, newest = self._first.value, self._last.value, self._last.max
        if newest is None or last != newest:
            return _OWN
        oldest = self._first.min or dt.date.min
        named = (name for name, begins in PRESETS.items() if max(begins(last), oldest) == first)
        return next(named, _OWN)


def _labelled(label: str, field: widgets.Widget) -> widgets.VBox:
    box = widgets.VBox([widgets.Label(label), field])
    box.add_class("wb-field")
    return box
