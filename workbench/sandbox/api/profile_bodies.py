"""Profiles and their push tokens as the API writes them."""

from __future__ import annotations

import uuid
from functools import cached_property

import numpy as np
import numpy.typing as npt

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.collections import Ask, Rows
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.predictions import Predictions
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.subscriptions import Subscriptions
from workbench.sandbox.shop.people import DOMAINS, FIRST_NAMES, LAST_NAMES, PLACES

__all__ = ["TOKEN_PREFIX", "ProfileBodies", "push_token_id"]

TOKEN_PREFIX = "PT"  # of the id of a push token, before that of its profile

_LOCATION = (
    "address1",
    "address2",
    "city",
    "country",
    "latitude",
    "longitude",
    "region",
    "zip",
    "timezone",
    "ip",
)
_ADDRESS_BYTES = 64


class ProfileBodies:
    """Writes the profiles of an account at one instant.

    Args:
        snapshot: the account.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._people = snapshot.shop.people
        self.subscriptions = Subscriptions(snapshot)
        self._predictions = Predictions(snapshot)

    @cached_property
    def addresses(self) -> npt.NDArray[np.bytes_]:
        """The e-mail address of each profile, in a domain that can belong to nobody."""
        people, now = self._people, self._snapshot.now
        domains = np.array([f"@{name}".encode() for name, _, _ in DOMAINS])[people.domain]
        local = np.strings.add(b"customer.", np.strings.lower(people.external_id))
        addresses = np.strings.add(local, domains).astype(f"S{_ADDRESS_BYTES}")
        for row in np.flatnonzero(people.redacted_at <= now).tolist():
            name = uuid.uuid5(uuid.NAMESPACE_URL, people.id_of(row))
            addresses[row] = f"redacted.{name}@example.com".encode()
        return addresses

    @cached_property
    def numbers(self) -> npt.NDArray[np.bytes_]:
        """A number reserved for fiction for each profile that ever took text messages, or empty."""
        people, now = self._people, self._snapshot.now
        row = np.arange(len(people))
        area, last = 201 + row // 100 % 799, row % 100
        numbers = np.char.mod(b"+%d", 10_000_000_000 + area * 10**7 + 555_0100 + last)
        return np.where((people.sms_at <= now) & (people.redacted_at > now), numbers, b"")

    @cached_property
    def tokens(self) -> npt.NDArray[np.bytes_]:
        """The push token of each profile; empty where there is none."""
        tokens = np.strings.add(b"simulated-", self._people.ids)
        has_token = np.zeros(len(tokens), dtype=bool)
        has_token[self.token_rows] = True
        return np.where(has_token, tokens, b"")

    @cached_property
    def token_rows(self) -> Rows:
        """Rows of the profiles with a push token."""
        rows = self._snapshot.profiles
        kept = self._people.has_push[rows] & (self._people.redacted_at[rows] > self._snapshot.now)
        return rows[kept]

    def body(
        self, row: int, ask: Ask, *, related: dict[str, list[str]], joined_at: int = 0
    ) -> Body:
        """One profile.

        Args:
            row: of the profile.
            ask: how it is to be written.
            related: ids of what it is related to, where they are to be named.
            joined_at: UTC second since when it is in a group; 0 leaves that out.
        """
        people, last = self._people, int(self._snapshot.last_event_at[row])
        attributes: Body = {
            "email": self.addresses[row].decode(),
            "phone_number": self.numbers[row].decode() or None,
            "external_id": people.external_id[row].decode(),
            **self._names(row),
            "organization": None,
            "locale": None,
            "title": None,
            "image": None,
            "created": instant(int(people.created[row])),
            "updated": instant(int(self._snapshot.updated[row])),
            "last_event_date": instant(last) if last else None,
            "location": self._location(row),
            "properties": {"holdout": True} if people.is_holdout[row] else {},
        }
        if joined_at:
            attributes["joined_group_at"] = instant(joined_at)
        if "profile.subscriptions" in ask.query.additional:
            attributes["subscriptions"] = self.subscriptions.body(row)
        if "profile.predictive_analytics" in ask.query.additional:
            attributes["predictive_analytics"] = self._predictions.body(row)
        kinds = ["list", "segment", "push-token"]
        # not every place that shows profiles knows conversations
        kinds += ["conversation"] if "conversations" in related else []
        relations = [to_many(f"{kind}s", kind, related.get(f"{kind}s")) for kind in kinds]
        return resource(ask.base, "profile", people.id_of(row), attributes, relations)

    def _names(self, row: int) -> Body:
        people = self._people
        if people.first_name[row] < 0 or people.redacted_at[row] <= self._snapshot.now:
            return {"first_name": None, "last_name": None}
        return {
            "first_name": FIRST_NAMES[people.first_name[row]],
            "last_name": LAST_NAMES[people.last_name[row]],
        }

    def _location(self, row: int) -> Body:
        people = self._people
        location: Body = {
            **dict.fromkeys(_LOCATION),
            "country": people.countries[people.country[row]],
        }
        if (where := int(people.place[row])) >= 0:
            place = PLACES[where]
            location |= {
                "city": place.city,
                "region": place.region,
                "zip": place.zip,
                "timezone": place.timezone,
            }
        return location

    def token_body(self, row: int, *, base: str) -> Body:
        """The push token of one profile; its id is made from the profile's."""
        people = self._people
        token = self.tokens[row].decode()
        is_apple = bool(people.has_privacy[row])
        created = instant(int(people.created[row]))
        attributes = {
            "created": created,
            "token": token,
            "enablement_status": "AUTHORIZED",
            "platform": "ios" if is_apple else "android",
            "vendor": "APNs" if is_apple else "FCM",
            "background": "AVAILABLE",
            "recorded_date": created,
            "metadata": {
                "device_id": None,
                "klaviyo_sdk": "swift" if is_apple else "android",
                "sdk_version": None,
                "device_model": None,
                "os_name": "ios" if is_apple else "android",
                "os_version": None,
                "manufacturer": "Apple" if is_apple else None,
                "app_name": "Sandbox (simulated)",
                "app_version": None,
                "app_build": None,
                "app_id": None,
                "environment": "release",
            },
        }
        related = [to_one("profile", "profile", people.id_of(row))]
        return resource(base, "push-token", push_token_id(people.id_of(row)), attributes, related)


def push_token_id(profile_id: str) -> str:
    """The id of the push token of a profile."""
    return TOKEN_PREFIX + profile_id
