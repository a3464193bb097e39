"""What is gone from the account: the API has no word for it, a whole listing lacks it."""

from __future__ import annotations

from collections.abc import Collection

from workbench.db import mark_gone, rows_not_met, unmark_gone
from workbench.errors import KlaviyoRefused
from workbench.klaviyo.records import TABLES
from workbench.sync.definition import Resource
from workbench.sync.run import Run

__all__ = ["mark_missing"]

_NOT_FOUND = 404


def mark_missing(run: Run, resource: Resource, met: Collection[str]) -> None:
    """Mark rows as deleted that a whole listing lacked, and unmark those that are there again.

    A row can be missed in a listing though it is there: it moves to another page, or into the
    archive, while the pages are read. So each one missing is asked for by its id first.

    Args:
        run: the sync.
        resource: read whole, to its last page.
        met: ids that its pages had.
    """
    table, id_column = resource.gone, TABLES[resource.gone].key[1]
    with run.database.connection() as connection, connection.cursor() as cursor:
        unmark_gone(cursor, table, id_column, account_id=run.account_id, met=met)
        missing = rows_not_met(cursor, table, id_column, account_id=run.account_id, met=met)
    if lost := [each for each in missing if _is_gone(run, resource, each)]:
        with run.database.connection() as connection, connection.cursor() as cursor:
            mark_gone(cursor, table, id_column, account_id=run.account_id, gone=lost, at=run.as_of)
        run.note(f"{resource.name}: {len(lost)} deleted since the last sync; their history stays")


def _is_gone(run: Run, resource: Resource, name: str) -> bool:
    try:
        run.client.get(f"{resource.path}/{name}")
    except KlaviyoRefused as error:
        if error.status != _NOT_FOUND:
            raise
        return True
    return False
