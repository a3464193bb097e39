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
_Pieces = tuple[list[str], list[str]]  # before and after the profile's id, cut at the event's
_EVENT, _PROFILE, _CREDIT = "<event>", "<profile>", "<credit>"  # places for ids; no host has one


class EventBodies:
    """Writes the events of one shop.

    Args:
        shop: whose columns are read.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._properties = EventProperties(shop)

    def text(
        self, rows: _Ints, *, base: str, shows_credit: bool, owner: npt.NDArray[np.int32]
    ) -> str:
        """A JSON list of one resource an event row.

        Args:
            rows: event rows, in the order served.
            base: scheme and host that the client used.
            shows_credit: whether each event names its attributions, or only where to ask for them.
            owner: the profile that the events of each profile belong to by now, or -1.
        """
        events = self._shop.events
        at, profile = events.at[rows], events.profile[rows]
        holder = np.where(profile >= 0, owner[profile], -1)
        credited = (events.touch[rows] >= 0) & shows_credit
        uuids = event_uuids(rows, at)
        columns = zip(
            event_ids(rows, seed=self._shop.plan.seed),
            at.tolist(),
            self._properties.of(rows),
            utc_text(at, mark=" "),
            uuids,
            self._profile_ids(holder),
            self._endings(
                events.kind[rows], holder >= 0, credited, base=base, shows_credit=shows_credit
            ),
            strict=True,
        )
        written = [
            f'{{"type":"event","id":"{event_id}","attributes":{{"timestamp":{second}'
            f',"event_properties":{properties},"datetime":"{text}","uuid":"{uuid}"}}'
            f",{event_id.join(before)}{profile_id}{event_id.join(after)}"
            for event_id, second, properties, text, uuid, profile_id, (before, after) in columns
        ]
        for place in np.flatnonzero(credited).tolist():
            written[place] = written[place].replace(_CREDIT, _attribution_id(uuids[place]))
        return f"[{','.join(written)}]"

    def _profile_ids(self, profile: npt.NDArray[np.int32]) -> list[str]:
        """The id of each profile; empty for -1."""
        ids = np.where(profile >= 0, self._shop.people.ids[profile], b"")
        return list(ids.astype(np.str_).tolist())

    def _endings(
        self,
        kind: npt.NDArray[np.uint8],
        has_profile: npt.NDArray[np.bool_],
        credited: npt.NDArray[np.bool_],
        *,
        base: str,
        shows_credit: bool,
    ) -> list[_Pieces]:
        """What follows the attributes of each event, with places for the ids.

        Making every relationship of a thousand events anew would take most of the time of a page,
        so those that are alike share one.
        """
        alike = kind.astype(np.int64) << 2 | has_profile.astype(np.int64) << 1 | credited
        made = {
            each: self._ending(
                each >> 2,
                has_profile=bool(each & 2),
                credit=([_CREDIT] if each & 1 else []) if shows_credit else None,
                base=base,
            )
            for each in np.unique(alike).tolist()
        }
        return [made[each] for each in alike.tolist()]

    def _ending(
        self, kind: int, *, has_profile: bool, credit: list[str] | None, base: str
    ) -> _Pieces:
        related = [to_one("metric", "metric", self._shop.metrics[kind].id)]
        if has_profile:
            related.append(to_one("profile", "profile", _PROFILE))
        related.append(to_many("attributions", "attribution", credit))
        body = resource(base, "event", _EVENT, {}, related)
        kept = {name: body[name] for name in ("relationships", "links")}
        before, _, after = orjson.dumps(kept).decode().removeprefix("{").partition(_PROFILE)
        return before.split(_EVENT), after.split(_EVENT)

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
            events.variation[touches].tolist(),
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
                    *self._sender(message, variation),
                ],
            )
            for uuid, event_id, touch_id, message, variation in columns
        ]

    def _sender(self, row: int, variation: int) -> list[tuple[str, Body]]:
        catalogue = self._shop.catalogue
        message = catalogue.messages[row]
        if message.campaign >= 0:
            campaign = catalogue.campaigns[message.campaign]
            return [
                to_one("campaign", "campaign", campaign.id),
                to_one("campaign-message", "campaign-message", message.id),
            ]
        sender = [
            to_one("flow", "flow", catalogue.flows[message.flow].id),
            to_one("flow-message", "flow-message", message.id),
        ]
        if variation >= 0:
            version = catalogue.variations[variation].id
            sender.append(to_one("flow-message-variation", "flow-message", version))
        return sender


def _attribution_id(uuid: str) -> str:
    return uuid.replace("-", "")
