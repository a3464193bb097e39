"""Events as the API writes them, made from columns when a page is asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import orjson

from workbench.sandbox.api.event_properties import EventProperties
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import utc_text
from workbench.sandbox.shop.ids import event_ids, event_uuids

__all__ = ["EventBodies"]

_Ints = npt.NDArray[np.int64]
_EVENT, _PROFILE, _CREDIT = "<event>", "<profile>", "<credit>"  # places for ids; no host has one


class _Endings:
    """What follows the attributes of an event, written once a page with places for the ids.

    Making every relationship of a thousand events anew would take most of the time of a page.

    Args:
        base: scheme and host that the client used.
        shows_credit: whether events name their attributions.
    """

    def __init__(self, base: str, *, shows_credit: bool) -> None:
        self._base = base
        self._shows_credit = shows_credit
        self._links = orjson.dumps(resource(base, "event", _EVENT, {})["links"]).decode()
        self._pieces: dict[tuple[str, bool, bool], list[str]] = {}

    def links(self, event_id: str) -> orjson.Fragment:
        """The links of an event."""
        return orjson.Fragment(self._links.replace(_EVENT, event_id))

    def relationships(
        self, event_id: str, *, metric: str, profile: str | None, is_credited: bool, uuid: str
    ) -> orjson.Fragment:
        """The relationships of an event."""
        is_named = is_credited and self._shows_credit
        kind = metric, profile is not None, is_named
        if kind not in self._pieces:
            self._pieces[kind] = self._written(*kind).split(_EVENT)
        text = event_id.join(self._pieces[kind])
        if profile is not None:
            text = text.replace(_PROFILE, profile)
        if is_named:
            text = text.replace(_CREDIT, _attribution_id(uuid))
        return orjson.Fragment(text)

    def _written(self, metric: str, has_profile: bool, is_named: bool) -> str:
        related = [to_one("metric", "metric", metric)]
        if has_profile:
            related.append(to_one("profile", "profile", _PROFILE))
        credit = [_CREDIT] if is_named else []
        related.append(
            to_many("attributions", "attribution", credit if self._shows_credit else None)
        )
        body = resource(self._base, "event", _EVENT, {}, related)
        return orjson.dumps(body["relationships"]).decode()


class EventBodies:
    """Writes the events of one shop.

    Args:
        shop: whose columns are read.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._properties = EventProperties(shop)
        self._metric_ids = [metric.id for metric in shop.metrics]
        self._profile_ids = [*shop.people.ids, None]  # the last one answers for -1

    def bodies(self, rows: _Ints, *, base: str, shows_credit: bool) -> list[Body]:
        """One resource an event row.

        Args:
            rows: event rows, in the order served.
            base: scheme and host that the client used.
            shows_credit: whether each event names its attributions, or only where to ask for them.
        """
        events, metric_ids = self._shop.events, self._metric_ids
        at = events.at[rows]
        endings = _Endings(base, shows_credit=shows_credit)
        columns = zip(
            event_ids(rows, seed=self._shop.plan.seed),
            at.tolist(),
            utc_text(at, mark=" "),
            event_uuids(rows, at),
            self._properties.of(rows),
            events.kind[rows].tolist(),
            events.profile[rows].tolist(),
            (events.touch[rows] >= 0).tolist(),
            strict=True,
        )
        return [
            {
                "type": "event",
                "id": event_id,
                "attributes": {
                    "timestamp": second,
                    "event_properties": orjson.Fragment(properties),
                    "datetime": text,
                    "uuid": uuid,
                },
                "relationships": endings.relationships(
                    event_id,
                    metric=metric_ids[kind],
                    profile=self._profile_ids[profile],
                    is_credited=is_credited,
                    uuid=uuid,
                ),
                "links": endings.links(event_id),
            }
            for event_id, second, text, uuid, properties, kind, profile, is_credited in columns
        ]

    def attributions(self, rows: _Ints, *, base: str) -> list[Body]:
        """The attributions of those rows that are credited to a message."""
        events, seed = self._shop.events, self._shop.plan.seed
        credited = rows[events.touch[rows] >= 0]
        touches = events.touch[credited].astype(np.int64)
        columns = zip(
            event_uuids(credited, events.at[credited]),
            event_ids(credited, seed=seed),
            event_ids(touches, seed=seed),
            events.message[touches].tolist(),
            strict=True,
        )
        return [
            resource(
                base,
                "attribution",
                _attribution_id(uuid),
                None,
                [
                    to_one("event", "event", event_id),
                    to_one("attributed-event", "event", touch_id),
                    *self._sender(message),
                ],
            )
            for uuid, event_id, touch_id, message in columns
        ]

    def _sender(self, row: int) -> list[tuple[str, Body]]:
        catalogue = self._shop.catalogue
        message = catalogue.messages[row]
        if message.campaign >= 0:
            campaign = catalogue.campaigns[message.campaign]
            return [
                to_one("campaign", "campaign", campaign.id),
                to_one("campaign-message", "campaign-message", message.id),
            ]
        return [
            to_one("flow", "flow", catalogue.flows[message.flow].id),
            to_one("flow-message", "flow-message", message.id),
        ]


def _attribution_id(uuid: str) -> str:
    return uuid.replace("-", "")
