"""``workbench forecast`` as installed and typed, on a synced account."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY
from test_command_line import environment

from workbench.db import open_database
from workbench.load import load_account, load_forecast, use_database
from workbench.settings import Settings


def typed(line: str, *, settings: Settings) -> subprocess.CompletedProcess[str]:
    """The line as a shell would run it, with the installed command on the path."""
    told = environment(settings, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    told["COLUMNS"] = "200"
    return subprocess.run(
        shlex.split(line),
        cwd=REPOSITORY,
        env={name: value for name, value in (os.environ | told).items() if value is not None},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def example(settings: Settings) -> str:
    shown = typed("workbench forecast --help", settings=settings).stdout
    found = re.search(r"^ *Example: (workbench forecast .+?) *$", shown, re.MULTILINE)
    assert found, shown
    return found[1]


def test_the_example_of_its_help_runs(synced_settings: Settings) -> None:
    line = example(synced_settings)
    assert line == "workbench forecast revenue orders --by channel --horizon 28"
    done = typed(line, settings=synced_settings)
    assert (done.returncode, done.stderr) == (0, "")  # no bar where the output is piped
    assert re.findall(r"(\S+), next 28 \(D\)", done.stdout) == ["revenue", "orders"]
    said = dict.fromkeys(re.findall(r"^registered as (\S+): ", done.stdout, re.MULTILINE))
    with open_database(synced_settings) as database:
        use_database(database)
        account = load_account()
        whole = {name: load_forecast(account, name) for name in ("revenue", "orders")}
    assert [set(rows["forecast_id"]) for rows in whole.values()] == [{each} for each in said]
    tomorrow = pd.Timestamp(account.last_day) + pd.Timedelta(days=1)
    for rows in whole.values():
        assert rows["ds"].tolist() == list(pd.date_range(tomorrow, periods=28))

    # typed again it says the same, to a program too
    again = typed(f"{line} --processes 1 --json", settings=synced_settings)
    told = json.loads(again.stdout)
    assert [each["forecast_id"] for each in told] == list(said)
    for each, rows in zip(told, whole.values(), strict=True):
        expected = {one["unique_id"]: one["expected"] for one in each["series"]}
        total = expected.pop(each["metric"])
        assert len(expected) > 1
        assert total == pytest.approx(rows["y_hat"].sum())
        assert np.isclose(sum(expected.values()), total)
