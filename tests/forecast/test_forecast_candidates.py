"""What holds for every model that is combined, whatever the frequency."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workbench.forecast import Panel, ask, models_for, seasons_of

H = {"h": 24, "D": 14, "W": 8, "MS": 6}
# enough for every candidate at every origin; weeks end just after a year did
STEPS = {"h": 1000, "D": 560, "W": 265, "MS": 90}
DATES = {"h": "datetime64[h]", "D": "datetime64[D]", "W": "datetime64[D]", "MS": "datetime64[M]"}
CASES = [(freq, name) for freq in H for name in models_for(freq)]
every_candidate = pytest.mark.parametrize(("freq", "name"), CASES)


def made_panel(freq, y):
    """The panel of those values, (n, t), with a holiday now and then and planned sends."""
    h, (n, t) = H[freq], y.shape
    width = 7 if freq == "W" else 1
    ds = np.array("2021-01-04", dtype=DATES[freq]) + width * np.arange(t + h)
    sends = (np.random.default_rng(9).random((n, t + h)) < 0.2).astype(float)
    sends[:, :t][np.isnan(y)] = 0.0
    return Panel(
        ids=np.array([f"s{row}" for row in range(n)], dtype=object),
        y=y,
        ds=ds.astype("datetime64[ns]"),
        h=h,
        seasons=seasons_of(freq),
        known={"sends": sends},
        holiday=np.where(np.arange(t + h) % 97 == 5, "Fair", "").astype(object),
    )


def shops(freq):
    """Six series with seasons: usual ones, a late one, one with zeros, one that dips below 0."""
    rng = np.random.default_rng(21)
    t = STEPS[freq]
    season = sum(np.sin(2 * np.pi * np.arange(t) / steps) for steps in seasons_of(freq))
    y = 100 * np.exp(0.3 * season + rng.normal(0, 0.2, (6, t)))
    y[1] *= np.linspace(1, 3, t)
    y[2, : t // 4] = np.nan
    y[3, rng.random(t) < 0.3] = 0.0
    y[4] -= 100
    y[5, -H[freq] - 1] = -40.0
    return made_panel(freq, y)


def origins_of(freq):
    return (2 * H[freq], H[freq] + 3, H[freq], 0)


def said_of(freq, name, panel, *, origins):
    return ask(models_for(freq)[name], panel, origins=origins, seed=0)


@every_candidate
@pytest.mark.parametrize("behind", ["higher", "negative", "zero"])
def test_what_lies_behind_an_origin_changes_nothing_said_there(freq, name, behind):
    panel, origins = shops(freq), origins_of(freq)
    plain = said_of(freq, name, panel, origins=origins)
    for at, back in enumerate(origins[:-1]):
        changed = panel.y.copy()
        if behind == "higher":
            changed[:, -back:] = changed[:, -back:] * 3 + 1000
        else:  # of some series only, so that others keep their scale
            changed[::2, -back:] = -500.0 if behind == "negative" else 0.0
        other = said_of(freq, name, panel.with_y(changed), origins=origins)
        np.testing.assert_array_equal(other.y_hat[:, : at + 1], plain.y_hat[:, : at + 1])


@every_candidate
def test_one_pass_says_what_each_origin_alone_says(freq, name):
    panel, origins = shops(freq), origins_of(freq)
    together = said_of(freq, name, panel, origins=origins)
    assert not together.reasons
    for at, back in enumerate(origins):
        alone = said_of(freq, name, panel.until(back), origins=(0,))
        np.testing.assert_allclose(
            alone.y_hat[:, 0], together.y_hat[:, at], rtol=1e-6, atol=1e-6, err_msg=str(back)
        )


@every_candidate
def test_a_change_of_unit_changes_nothing_else(freq, name):
    panel, origins = shops(freq), origins_of(freq)
    plain = said_of(freq, name, panel, origins=origins).y_hat
    for scale in (0.01, 1000.0):
        scaled = said_of(freq, name, panel.with_y(panel.y * scale), origins=origins).y_hat
        np.testing.assert_allclose(scaled, plain * scale, rtol=1e-5, atol=1e-5 * scale)


@every_candidate
def test_the_order_of_the_series_does_not_matter(freq, name):
    panel, origins = shops(freq), origins_of(freq)
    order = np.array([4, 0, 5, 2, 1, 3])
    plain = said_of(freq, name, panel, origins=origins).y_hat
    turned = said_of(freq, name, panel.rows(order), origins=origins).y_hat
    np.testing.assert_allclose(turned, plain[order], rtol=1e-6, atol=1e-6)


@every_candidate
@pytest.mark.parametrize("value", [0.0, 7.0, -7.0, 1e9])
def test_a_series_that_never_moves_goes_on(freq, name, value):
    panel = made_panel(freq, np.full((2, STEPS[freq]), value))
    said = said_of(freq, name, panel, origins=origins_of(freq))
    finite = np.isfinite(said.y_hat).all(axis=2)
    np.testing.assert_allclose(said.y_hat[finite], value, rtol=1e-6, atol=1e-6)
    assert {(int(row), int(at)) for row, at in np.argwhere(~finite)} == set(said.reasons)


@every_candidate
def test_two_points_give_numbers_or_a_reason(freq, name):
    for y in (np.array([[3.0, 5.0]]), np.full((2, STEPS[freq]), np.nan)):
        y[:, -2:] = [3.0, 5.0]
        panel = replace(made_panel(freq, y), holiday=None)
        said = said_of(freq, name, panel, origins=(1, 0))
        finite = np.isfinite(said.y_hat).all(axis=2)
        assert {(int(row), int(at)) for row, at in np.argwhere(~finite)} == set(said.reasons)
        assert all("known" in reason for reason in said.reasons.values())
