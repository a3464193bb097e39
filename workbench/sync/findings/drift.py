"""What the API says that this code does not know: stored as it is, recorded, and told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from workbench.db import statement
from workbench.klaviyo.known import Surprise, surprises
from workbench.sync.run import Run

__all__ = ["watch", "watch_event"]


def watch(run: Run, items: Iterable[Mapping[str, Any]]) -> None:
    """Record in ops.drift what resources hold that is unknown, or lack though it was promised.

    Args:
        run: the sync.
        items: resources as received; what is no resource at all goes to quarantine elsewhere.
    """
    found = Counter(
        surprise for item in items if isinstance(item, dict) for surprise in surprises(item)
    )
    if not found:
        return
    with run.database.connection() as connection:
        for surprise, count in sorted(found.items()):  # in one order, as streams run side by side
            connection.execute(
                statement("writes/sync/record_drift"),
                {
                    "account_id": run.account_id,
                    **surprise._asdict(),
                    "count": count,
                    "as_of": run.as_of,
                },
            )
    for surprise in sorted(found):
        _tell(run, _sentence(surprise))


def watch_event(run: Run, attributes: bytes) -> None:
    """The same of one event; of each page the first one is enough, as all are made alike."""
    watch(run, [{"type": "event", "attributes": orjson.loads(attributes)}])


def _tell(run: Run, sentence: str) -> None:
    if sentence not in run.notes:
        run.note(sentence)


def _sentence(surprise: Surprise) -> str:
    if surprise.value == "null":
        return f"{surprise.resource}: {surprise.field} is missing, which Klaviyo promises to give"
    if surprise.field == "attributes":
        return f"{surprise.resource}: attribute {surprise.value!r} is new; it is kept in payload"
    return f"{surprise.resource}: {surprise.field} {surprise.value!r} is not known; kept as it is"
