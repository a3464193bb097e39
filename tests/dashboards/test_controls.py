import datetime as dt
from dataclasses import replace

import pytest

from workbench.dashboards.controls import Controls, Selection
from workbench.errors import InputInvalid
from workbench.load import Account

FIRST, LAST = dt.date(2026, 10, 5), dt.date(2026, 11, 1)
SELECTION = Selection("AbC123", FIRST, LAST, "period before")


@pytest.fixture
def controls(account: Account) -> Controls:
    fields = Controls([("Fern & Field", "AbC123")], selection=SELECTION)
    fields.limit(account)
    return fields


def labels(controls: Controls) -> list[str]:
    return [box.children[0].value for box in controls.children]


def test_an_account_is_chosen_only_among_several(controls: Controls) -> None:
    two = Controls([("Fern", "AbC123"), ("Field", "DeF456")], selection=SELECTION)
    assert "Account" not in labels(controls)
    assert labels(two)[0] == "Account"


def test_a_preset_moves_both_dates_in_one_step(controls: Controls) -> None:
    seen: list[Selection] = []
    controls.observe(lambda change: seen.append(change.new), names="selection")
    controls._preset.value = "last 7 days"
    assert seen == [replace(SELECTION, first=dt.date(2026, 10, 26))]


def test_dates_that_match_no_preset_are_called_own(controls: Controls) -> None:
    assert controls._preset.value == "last 28 days"
    controls._first.value = dt.date(2026, 10, 6)
    assert controls._preset.value == "own dates"
    controls._first.value = FIRST
    assert controls._preset.value == "last 28 days"


def test_this_year_begins_on_its_first_day(controls: Controls) -> None:
    controls._preset.value = "this year"
    assert (controls.selection.first, controls.selection.last) == (dt.date(2026, 1, 1), LAST)


def test_days_without_data_cannot_be_chosen(controls: Controls, account: Account) -> None:
    young = replace(account, first_day=dt.date(2026, 10, 20), last_day=dt.date(2026, 10, 30))
    controls.limit(young)
    assert controls.selection == replace(
        SELECTION, first=dt.date(2026, 10, 20), last=dt.date(2026, 10, 30)
    )
    controls.limit(account)
    controls._last.value = dt.date(2026, 12, 24)
    assert controls.selection.last == LAST


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputInvalid, match="before it begins"):
        _ = Selection("AbC123", LAST, FIRST, "none").days


def test_a_cleared_date_is_refused(controls: Controls) -> None:
    controls._first.value = None
    with pytest.raises(InputInvalid, match="a date is missing"):
        _ = controls.selection.days


@pytest.mark.parametrize(
    ("comparison", "first"),
    [("period before", dt.date(2026, 9, 7)), ("year before", dt.date(2025, 10, 6)), ("none", None)],
)
def test_what_a_selection_is_compared_with(comparison: str, first: dt.date | None) -> None:
    compared = replace(SELECTION, comparison=comparison).compared
    assert (compared and compared.first) == first
