"""Secrets are masked and paths shortened wherever they stand in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.runs.redaction import redacted, redaction, secret_values
from workbench.settings import Settings


@pytest.fixture
def redact(tmp_path: Path) -> Callable[[str], str]:
    settings = Settings(
        project_dir=tmp_path,
        data_dir=tmp_path,
        runs_dir=tmp_path,
        database_url="postgresql://me:p%40ss-word-1@localhost/shop",
        klaviyo_keys=("key-without-a-known-shape",),
    )
    secrets = secret_values(settings, password="from-the-passfile")
    return redaction(secrets=secrets, project_dir=Path("/srv/shop"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key-without-a-known-shape.", "***."),
        ("a p@ss-word-1 and its p%40ss-word-1", "a *** and its ***"),
        ("password=from-the-passfile", "password=***"),
        ("pk_0123456789abcdef0123 was rejected", "*** was rejected"),
        ("postgresql://me:short@host/shop", "postgresql://me:***@host/shop"),
        ("http://127.0.0.1:8866/a@b", "http://127.0.0.1:8866/a@b"),
        ('File "/srv/shop/notebooks/x.py"', 'File "./notebooks/x.py"'),
        ("file:///srv/shop", "file://."),
        ("/srv/shopping and x/srv/shop", "/srv/shopping and x/srv/shop"),
        (f"{Path.home()}/data", "~/data"),
        ("revenue 1,234.50", "revenue 1,234.50"),
    ],
)
def test_text(text: str, expected: str, redact: Callable[[str], str]) -> None:
    assert redact(text) == expected


def test_short_secrets_are_not_masked_inside_figures(tmp_path: Path) -> None:
    settings = Settings(project_dir=tmp_path, data_dir=tmp_path, runs_dir=tmp_path)
    assert secret_values(settings, password="1234") == ()


def test_nested(redact: Callable[[str], str]) -> None:
    node = {"text": ["x /srv/shop", {"n": 1}], "path": "/srv/shop/a"}
    assert redacted(node, redact=redact) == {"text": ["x .", {"n": 1}], "path": "./a"}
    assert node["path"] == "/srv/shop/a"
