"""Changes against another period, and why one cannot be told."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics import key_number_changes

FIGURES = st.just(0.0) | st.floats(min_value=0.01, max_value=1e9) | st.just("not known")


def numbers(**values: float | str) -> pd.DataFrame:
    """Key numbers by name; a text is the reason of a number that is not known."""
    return pd.DataFrame(
        {
            "metric": list(values),
            "value": [math.nan if isinstance(v, str) else v for v in values.values()],
            "reason": [v if isinstance(v, str) else "" for v in values.values()],
        }
    )


@pytest.mark.parametrize(
    ("now", "before", "change", "reason"),
    [
        (150.0, 100.0, 0.5, ""),
        (0.0, 80.0, -1.0, ""),
        (20.0, 20.0, 0.0, ""),
        (5.0, 0.0, math.nan, "was 0 before"),
        (0.0, 0.0, math.nan, "was 0 before"),
        (5.0, "nothing sent", math.nan, "before: nothing sent"),
        ("nothing delivered", 0.2, math.nan, "nothing delivered"),
        ("nothing delivered", 0.0, math.nan, "nothing delivered"),
        ("nothing delivered", "nothing sent", math.nan, "nothing delivered"),
    ],
)
def test_a_change_or_its_reason(
    now: float | str, before: float | str, change: float, reason: str
) -> None:
    row = key_number_changes(numbers(it=now), numbers(it=before)).iloc[0]
    assert row.change == pytest.approx(change, nan_ok=True)
    assert row.reason_change == reason
    expected = math.nan if isinstance(before, str) else before
    assert row.before == pytest.approx(expected, nan_ok=True)


def test_metrics_are_matched_by_name_and_keep_their_order() -> None:
    now = numbers(orders=10.0, revenue=300.0).assign(label=["Orders", "Revenue"])
    changes = key_number_changes(now, numbers(revenue=200.0, orders=20.0))
    assert changes.change.tolist() == [-0.5, 0.5]
    assert changes.label.tolist() == ["Orders", "Revenue"]


@given(st.lists(st.tuples(FIGURES, FIGURES), min_size=1, max_size=5))
def test_each_row_has_a_change_or_a_reason(pairs: list[tuple[float | str, float | str]]) -> None:
    names = [f"m{n}" for n in range(len(pairs))]
    now, before = zip(*pairs, strict=True)
    found = key_number_changes(
        numbers(**dict(zip(names, now, strict=True))),
        numbers(**dict(zip(names, before, strict=True))),
    )
    assert (found.change.isna() == (found.reason_change != "")).all()
    known = found[found.change.notna()]
    assert known.value.tolist() == pytest.approx((known.before * (1 + known.change)).tolist())
