"""What must not leave a run: secrets, and the paths of the machine it ran on."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from workbench.settings import Settings

__all__ = ["holds_secret", "names_secret", "redacted", "redaction", "secret_values"]

_MASK = "***"
_NAME = re.compile(r"password|passwd|secret|credential|api_?key|(^|_)(key|token)s?$", re.IGNORECASE)
_KLAVIYO_KEY = re.compile(r"\bpk_[A-Za-z0-9_]{16,}")
_URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):[^\s/@]+@")
# A shorter one would be masked inside ordinary words and figures; in a URL it still is masked.
_SHORTEST = 8


def names_secret(name: str) -> bool:
    """Whether a parameter of this name would carry a secret.

    >>> names_secret("api_key"), names_secret("key_metric")
    (True, False)
    """
    return bool(_NAME.search(name))


def holds_secret(text: str) -> bool:
    """Whether the text holds a Klaviyo private key or a URL with a password."""
    return bool(_KLAVIYO_KEY.search(text) or _URL_PASSWORD.search(text))


def secret_values(settings: Settings, *, password: str) -> tuple[str, ...]:
    """Secrets of this process, as they may turn up in a notebook's output.

    Args:
        settings: whose keys and database URL are secret.
        password: the one the open database connection was made with; may be empty.
    """
    escaped = urlsplit(settings.database_url or "").password or ""
    found = {*settings.klaviyo_keys, escaped, unquote(escaped), password}
    return tuple(sorted((s for s in found if len(s) >= _SHORTEST), key=len, reverse=True))


def redaction(*, secrets: Iterable[str], project_dir: Path) -> Callable[[str], str]:
    """A function that masks secrets in a text and shortens the paths of this machine.

    Args:
        secrets: values to mask wherever they stand, the longest first.
        project_dir: shown as ``.``; the environment and the home folder have short names too.
    """
    masks = [re.compile(re.escape(secret)) for secret in secrets]
    folders = {str(Path.home()): "~", sys.prefix: "(environment)", str(project_dir): "."}
    paths = [
        (re.compile(rf"(?<![\w.-]){re.escape(folder)}(?![\w-])"), short)
        for folder, short in sorted(folders.items(), key=lambda item: -len(item[0]))
        if len(folder) > 1  # the home of some containers is /
    ]

    def redact(text: str) -> str:
        for mask in masks:
            text = mask.sub(_MASK, text)
        text = _URL_PASSWORD.sub(rf"\1:{_MASK}@", _KLAVIYO_KEY.sub(_MASK, text))
        for path, short in paths:
            text = path.sub(short, text)
        return text

    return redact


def redacted(node: Any, *, redact: Callable[[str], str]) -> Any:
    """A copy of nested dicts and lists with every string redacted."""
    if isinstance(node, str):
        return redact(node)
    if isinstance(node, dict):
        # the same class of dict: a notebook node is read by attribute
        return type(node)({key: redacted(value, redact=redact) for key, value in node.items()})
    if isinstance(node, list):
        return [redacted(value, redact=redact) for value in node]
    return node
