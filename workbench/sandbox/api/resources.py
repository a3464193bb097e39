"""Every collection of an account at one instant, found by where the API keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property

import numpy as np

from workbench.sandbox.api import account_collections as account
from workbench.sandbox.api import flow_collections as flow
from workbench.sandbox.api import form_collections as form
from workbench.sandbox.api import message_collections as message
from workbench.sandbox.api import metric_collections as metric
from workbench.sandbox.api import tag_collections as tag
from workbench.sandbox.api.collections import Collection, Rows
from workbench.sandbox.api.event_bodies import EventBodies
from workbench.sandbox.api.event_collection import events
from workbench.sandbox.api.flow_bodies import FlowAction, flow_actions
from workbench.sandbox.api.form_bodies import versions_of
from workbench.sandbox.api.group_collections import group_relations, groups
from workbench.sandbox.api.jsonapi import Refusal
from workbench.sandbox.api.message_relations import message_relations
from workbench.sandbox.api.metric_bodies import CUSTOM_METRICS, MAPPED_METRICS
from workbench.sandbox.api.profile_bodies import ProfileBodies
from workbench.sandbox.api.profile_collections import Profiles
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.template_collections import templates

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
        if row is None or not _shows(collection, row):
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
        return {
            **self._metric_relations,
            **group_relations(self.snapshot, profiles=self._profiles, part=self._part),
            **self._form_relations,
            **message_relations(
                self.snapshot, actions=self._actions, part=self._part, whole=self.collection
            ),
        }

    @cached_property
    def _metric_relations(self) -> dict[tuple[str, str], Callable[[int], Collection]]:
        """Those of events, metrics, their properties, and what is made of them."""
        events, owner = self.snapshot.shop.events, self.snapshot.owner
        described = self.collection("metric-properties").fields["metric"].values.astype(np.int64)
        mapped = list(MAPPED_METRICS.values())
        return {
            ("events", "metric"): lambda row: self._part("metrics", [int(events.kind[row])]),
            ("events", "profile"): lambda row: self._part(
                "profiles", [int(owner[each]) for each in events.profile[[row]] if each >= 0]
            ),
            ("metrics", "flow-triggers"): lambda row: self._part(
                "flows", metric.started_flows(self.snapshot.shop, row)
            ),
            ("metrics", "metric-properties"): lambda row: self._part(
                "metric-properties", np.flatnonzero(described == row)
            ),
            ("metric-properties", "metric"): lambda row: self._part("metrics", described[[row]]),
            ("custom-metrics", "metrics"): lambda row: self._part(
                "metrics", CUSTOM_METRICS[row].kinds
            ),
            ("mapped-metrics", "metric"): lambda row: self._part(
                "metrics", [kind for kind in mapped[row : row + 1] if kind is not None]
            ),
            ("mapped-metrics", "custom-metric"): lambda row: self._part("custom-metrics", []),
        }

    @cached_property
    def _form_relations(self) -> dict[tuple[str, str], Callable[[int], Collection]]:
        versions = self.snapshot.shop.forms.versions
        return {
            ("forms", "form-versions"): lambda row: self._part(
                "form-versions", versions_of(self.snapshot, row)
            ),
            ("form-versions", "form"): lambda row: self._part("forms", [versions[row].form]),
        }

    @cached_property
    def _collections(self) -> dict[str, Collection]:
        flows = flow.flows(self.snapshot, actions=self._actions)
        metrics = metric.metrics(self.snapshot, flows=flows)
        profiles = self._profiles.every()
        forms = form.forms(self.snapshot)
        return {
            "accounts": account.accounts(self.snapshot),
            "metrics": metrics,
            "metric-properties": metric.metric_properties(self.snapshot, metrics=metrics),
            "custom-metrics": metric.custom_metrics(self.snapshot, metrics=metrics),
            "mapped-metrics": metric.mapped_metrics(self.snapshot, metrics=metrics),
            "profiles": profiles,
            "push-tokens": self._profiles.push_tokens(),
            **self._profiles.groups,
            "events": events(
                self.snapshot, written=self._written, metrics=metrics, profiles=profiles
            ),
            "campaigns": message.campaigns(self.snapshot),
            "campaign-messages": message.campaign_messages(self.snapshot),
            "campaign-audiences": message.campaign_audiences(self.snapshot),
            "campaign-variations": message.campaign_variations(self.snapshot),
            "campaign-send-jobs": message.send_jobs(self.snapshot),
            "campaign-recipient-estimations": message.estimations(self.snapshot),
            "tags": tag.tags(self.snapshot),
            "tag-groups": tag.tag_groups(self.snapshot),
            "templates": templates(self.snapshot),
            "images": message.images(),
            "forms": forms,
            "form-versions": form.form_versions(self.snapshot, of=forms),
            "flows": flows,
            "flow-actions": flow.flow_actions_of(self.snapshot, actions=self._actions),
            "flow-messages": flow.flow_messages(self.snapshot, actions=self._actions),
        }

    @cached_property
    def _profiles(self) -> Profiles:
        folders = {
            "lists": groups(self.snapshot, is_list=True),
            "segments": groups(self.snapshot, is_list=False),
        }
        return Profiles(self.snapshot, ProfileBodies(self.snapshot), folders)

    @cached_property
    def _actions(self) -> list[FlowAction]:
        return flow_actions(self.snapshot.shop)


def _shows(collection: Collection, row: int) -> bool:
    if collection.masses:
        return collection.masses.shows(row)
    return bool(np.isin(row, collection.rows))
