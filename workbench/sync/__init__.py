"""Klaviyo to database: what is read, in which windows of time, and how it is merged."""

from workbench.sync.engine import SyncSummary, sync_account
from workbench.sync.progress import Progress
from workbench.sync.run import Asked, StreamCount

__all__ = ["Asked", "Progress", "StreamCount", "SyncSummary", "sync_account"]
