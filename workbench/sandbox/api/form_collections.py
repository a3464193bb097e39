"""Forms and their versions as collections."""

from __future__ import annotations

import numpy as np

from workbench.sandbox.api.collections import (
    Ask,
    Collection,
    Rows,
    flag_field,
    instant_field,
    nothing,
    text_field,
)
from workbench.sandbox.api.form_bodies import (
    encoded_form_body,
    form_body,
    form_status,
    form_updated,
    form_version_body,
    version_status,
    version_updated,
    versions_of,
)
from workbench.sandbox.api.jsonapi import Body
from workbench.sandbox.api.snapshot import Snapshot

__all__ = ["form_versions", "forms"]


def forms(snapshot: Snapshot) -> Collection:
    """The forms created so far."""
    found = snapshot.shop.forms.forms
    created = np.array([form.created_at for form in found], dtype=np.int64)
    rows = range(len(found))
    tested = [
        any(snapshot.shop.forms.versions[each].variation for each in versions_of(snapshot, row))
        for row in rows
    ]
    return Collection(
        rows=np.flatnonzero(created <= snapshot.now),
        row_of={form.id: row for row, form in enumerate(found)}.get,
        bodies=lambda chosen, ask: [
            form_body(snapshot, row, base=ask.base) for row in chosen.tolist()
        ],
        alone=lambda chosen, ask: [
            encoded_form_body(snapshot, row, base=ask.base) for row in chosen.tolist()
        ],
        included=nothing,
        fields={
            "id": text_field([form.id for form in found]),
            "name": text_field([form.name for form in found]),
            "ab_test": flag_field(tested),
            "status": text_field([form_status(snapshot, row) for row in rows]),
            "created_at": instant_field(created),
            "updated_at": instant_field([form_updated(snapshot, row) for row in rows]),
        },
    )


def form_versions(snapshot: Snapshot, *, of: Collection) -> Collection:
    """The versions created so far.

    Args:
        snapshot: the account at its instant.
        of: the forms to include.
    """
    found = snapshot.shop.forms.versions
    created = np.array([version.created_at for version in found], dtype=np.int64)

    def included(rows: Rows, ask: Ask) -> list[Body]:
        owners = np.array(sorted({found[row].form for row in rows.tolist()}), dtype=np.int64)
        return of.bodies(owners, ask) if "form" in ask.query.includes else []

    return Collection(
        rows=np.flatnonzero(created <= snapshot.now),
        row_of={version.id: row for row, version in enumerate(found)}.get,
        bodies=lambda rows, ask: [
            form_version_body(snapshot, row, base=ask.base) for row in rows.tolist()
        ],
        included=included,
        fields={
            "form_type": text_field([version.form_type for version in found]),
            "status": text_field([version_status(snapshot, version) for version in found]),
            "created_at": instant_field(created),
            "updated_at": instant_field([version_updated(snapshot, version) for version in found]),
        },
    )
