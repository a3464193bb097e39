"""Every collection of an account at one instant, found by where the API keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property

import numpy as np

from workbench.sandbox.api import account_collections as account
from workbench.sandbox.api import message_collections as message
from workbench.sandbox.api.collections import Collection, Rows
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.event_collection import events
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

    def related(self, folder: str, resource_id: str, name: str) -> Collection:
        """What one resource is related to under a name, as a collection of those rows alone.

        Raises:
            Refusal: there is no such resource.
        """
        return self._relations[folder, name](int(self.one(folder, resource_id)[0]))

    def _part(self, folder: str, rows: Iterable[int]) -> Collection:
        """A collection reduced to some of its rows; those that do not show stay hidden."""
        whole = self.collection(folder)
        chosen = np.unique(np.array(list(rows), dtype=np.int64))
        return replace(whole, rows=chosen[np.isin(chosen, whole.rows)])

    @cached_property
    def _relations(self) -> dict[tuple[str, str], Callable[[int], Collection]]:
        """By folder and name of the relationship: from the row of a resource to its relatives."""
        campaigns = self.snapshot.shop.catalogue.campaigns
        steps = self._actions
        return {
            ("campaigns", "campaign-messages"): lambda row: self._part(
                "campaign-messages", [campaigns[row].message]
            ),
            ("flows", "flow-actions"): lambda row: self._part(
                "flow-actions", [at for at, step in enumerate(steps) if step.flow == row]
            ),
            # a flow message has the row of the step that sends it
            ("flow-actions", "flow-messages"): lambda row: self._part("flow-messages", [row]),
        }

    @cached_property
    def _collections(self) -> dict[str, Collection]:
        metrics = account.metrics(self.snapshot)
        profiles = account.profiles(self.snapshot)
        return {
            "accounts": account.accounts(self.snapshot),
            "metrics": metrics,
            "mapped-metrics": account.mapped_metrics(self.snapshot),
            "profiles": profiles,
            "events": events(
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
