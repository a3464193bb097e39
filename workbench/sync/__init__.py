"""Klaviyo to database: what is read, in which windows of time, and how it is merged."""

from workbench.sync.engine import Found, SyncSummary, find_account, sync_account
from workbench.sync.progress import Progress
from workbench.sync.resources import RESOURCES
from workbench.sync.run import Asked, Proof, StreamCount, StreamEnd

__all__ = [
    "RESOURCES",
    "Asked",
    "Found",
    "Progress",
    "Proof",
    "StreamCount",
    "StreamEnd",
    "SyncSummary",
    "find_account",
    "sync_account",
]
