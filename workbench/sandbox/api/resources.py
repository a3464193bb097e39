"""Every collection of an account at one instant, found by where the API keeps it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from workbench.sandbox.api import account_collections as account
from workbench.sandbox.api import message_collections as message
from workbench.sandbox.api.collections import Collection, Rows
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.message_bodies import FlowAction, flow_actions
from workbench.sandbox.api.snapshot import Snapshot

__all__ = ["Resources"]


class Resources:
    """The collections by folder: accounts, events, campaigns and so on.

    Args:
        snapshot: the account at its instant.
        written: writes its events.
    """

    def __init__(self, snapshot: Snapshot, *, written: EventBodies) -> None:
        self.snapshot = snapshot
        self._written = written

    def collection(self, folder: str) -> Collection:
        """The collection of a folder."""
        return self._collections[folder]

    def one(self, folder: str, resource_id: str) -> Rows:
        """The row of an id, alone.

        Raises:
            Refusal: there is none, or it does not show yet.
        """
        collection = self.collection(folder)
        row = collection.row_of(resource_id)
        if row is None or not np.isin(row, collection.rows):
            raise Refusal.missing(f"{folder}/{resource_id}")
        return np.array([row], dtype=np.int64)

    def children(self, folder: str, resource_id: str, child: str) -> Rows:
        """The rows of ``child`` that belong to one resource.

        Raises:
            Refusal: there is no such resource.
        """
        parent = int(self.one(folder, resource_id)[0])
        rows = self.collection(child).rows
        if child == "campaign-messages":
            parent = self.snapshot.shop.catalogue.campaigns[parent].message
        if child == "flow-actions":
            owners = np.array([action.flow for action in self._actions])
            return np.flatnonzero(owners == parent)
        # a flow message has the row of the step that sends it
        return np.array([row for row in rows if row == parent], dtype=np.int64)

    @cached_property
    def _collections(self) -> dict[str, Collection]:
        metrics = account.metrics(self.snapshot)
        profiles = account.profiles(self.snapshot)
        return {
            "accounts": account.accounts(self.snapshot),
            "metrics": metrics,
            "mapped-metrics": account.mapped_metrics(self.snapshot),
            "profiles": profiles,
            "events": account.events(
                self.snapshot, written=self._written, metrics=metrics, profiles=profiles
            ),
            "campaigns": message.campaigns(self.snapshot),
            "campaign-messages": message.campaign_messages(self.snapshot),
            "flows": message.flows(self.snapshot, actions=self._actions),
            "flow-actions": message.flow_actions_of(self.snapshot, actions=self._actions),
            "flow-messages": message.flow_messages(self.snapshot, actions=self._actions),
        }

    @cached_property
    def _actions(self) -> list[FlowAction]:
        return flow_actions(self.snapshot.shop)
