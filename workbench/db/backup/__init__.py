"""Backups that prove themselves: dump, restore, and the drill that compares the two.

A backup is a folder, which appears whole or not at all:

    database.dump     pg_dump's custom format, compressed
    manifest.json     what it is of, and for each table its rows and a checksum of them

Dump and manifest are taken in one snapshot, so syncs may go on writing meanwhile. A restore is
compared with the manifest, not with the live database, which has moved on.
"""

from workbench.db.backup.dumping import back_up
from workbench.db.backup.manifest import (
    MANIFEST,
    Manifest,
    TableSum,
    Told,
    Verdict,
    read_manifest,
)
from workbench.db.backup.restoring import drill, restore

__all__ = [
    "MANIFEST",
    "Manifest",
    "TableSum",
    "Told",
    "Verdict",
    "back_up",
    "drill",
    "read_manifest",
    "restore",
]
