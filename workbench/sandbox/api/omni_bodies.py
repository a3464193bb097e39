"""Campaigns as revision 2026-10-15 writes them: campaign, audience, message and variation apart.

A campaign has one audience and one message. A message that is not tested has one variation, which
carries the id of the message.

Source: the models of the official SDK, klaviyo-api 25.0.0.
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.message_bodies import audience_ids, message_content
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_bodies import tag_id
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.messages import Campaign

__all__ = [
    "audience_body",
    "audience_id",
    "campaign_body",
    "campaign_message_body",
    "message_status",
    "variation_body",
    "variation_ids",
]

BUILDER = "wizard"


def audience_id(shop: Shop, campaign: Campaign) -> str:
    """The id of the audience of a campaign."""
    return str(uuid5(NAMESPACE_URL, f"{shop.account.id}/campaign-audience/{campaign.id}"))


def variation_ids(shop: Shop, message: int) -> list[str]:
    """The ids of the variations of a campaign's message: one where nothing is tested."""
    tested = [shop.catalogue.variations[row].id for row in shop.catalogue.variations_of(message)]
    return tested or [shop.catalogue.messages[message].id]


def message_status(snapshot: Snapshot, campaign: Campaign) -> str:
    """The status of a campaign, which its message carries."""
    return snapshot.campaign_status(campaign).lower()


def campaign_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One campaign; its status, send time and audience stand elsewhere."""
    shop = snapshot.shop
    campaign = shop.catalogue.campaigns[row]
    attributes = {
        "created_at": instant(campaign.created_at),
        "updated_at": instant(snapshot.campaign_updated(campaign)),
        "definition": {
            "name": campaign.name,
            "builder": BUILDER,
            "archived": campaign.is_archived,
            "color": None,
            "description": None,
            "send_settings": None,
        },
    }
    message = shop.catalogue.messages[campaign.message]
    related = [
        to_many("campaign-audiences", "campaign-audience", [audience_id(shop, campaign)]),
        to_many("campaign-messages", "campaign-message", [message.id]),
        to_many("tags", "tag", [tag_id(snapshot, tag) for tag in campaign.tags]),
    ]
    return resource(base, "campaign", campaign.id, attributes, related)


def audience_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """Whom a campaign goes to, by the row of the campaign."""
    shop = snapshot.shop
    campaign = shop.catalogue.campaigns[row]
    attributes = {
        **_dates(campaign),
        "definition": {
            "name": " or ".join(campaign.included),
            "included": audience_ids(shop, campaign.included),
            "excluded": audience_ids(shop, campaign.excluded),
            "priority": 0,
        },
    }
    message = shop.catalogue.messages[campaign.message]
    related = [
        to_one("campaign", "campaign", campaign.id),
        to_many("campaign-messages", "campaign-message", [message.id]),
    ]
    return resource(base, "campaign-audience", audience_id(shop, campaign), attributes, related)


def campaign_message_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """The message of a campaign: when and how it is sent."""
    shop = snapshot.shop
    message = shop.catalogue.messages[row]
    campaign = shop.catalogue.campaigns[message.campaign]
    tested = shop.catalogue.variations_of(row)
    sent_at = instant(campaign.send_at) if campaign.send_at is not None else None
    attributes = {
        **_dates(campaign),
        "definition": {
            "name": message.name,
            "status": message_status(snapshot, campaign),
            "tracking_options": {
                "is_add_utm": True,
                "is_tracking_clicks": message.channel == "email",
                "is_tracking_opens": message.channel == "email",
            },
            "send_options": {
                "send_time": sent_at,
                "send_times": None,
                "send_strategy": "content_variation" if tested else "static",
                "recipient_percentage": None,
                "throttling_type": "throttle-for-campaigns",
                "throttle_unit": None,
                "is_ignoring_unsubscribes": False,
            },
            "ab_test": None,
        },
    }
    if tested:
        # everybody is sent one of the versions under test: no part is kept for the winner
        attributes["definition"]["ab_test"] = {
            "winner_metric": "opens_unique",
            "winner_percentage": 0,
            "winner_wait_hours": 0,
        }
    related = [
        to_one("campaign", "campaign", campaign.id),
        to_one("campaign-audience", "campaign-audience", audience_id(shop, campaign)),
        to_many("campaign-variations", "campaign-variation", variation_ids(shop, row)),
    ]
    return resource(base, "campaign-message", message.id, attributes, related)


def variation_body(snapshot: Snapshot, message: int, variation: int, *, base: str) -> Body:
    """The words of a campaign's message.

    Args:
        snapshot: the account at its instant.
        message: row of the message.
        variation: row of the variation; -1 for the only one of a message without a test.
        base: scheme and host that the client used.
    """
    shop = snapshot.shop
    sent = shop.catalogue.messages[message]
    version = shop.catalogue.variations[variation] if variation >= 0 else None
    content = message_content(shop, message, variation=variation)
    attributes = {
        **_dates(shop.catalogue.campaigns[sent.campaign]),
        "definition": {
            "name": version.name if version else sent.name,
            "details": {
                "channel": sent.channel,
                **content,
                "template_id": sent.template or None,
            },
        },
    }
    related = [to_one("campaign-message", "campaign-message", sent.id)]
    related += [to_many(name, name, None) for name in ("image", "translation")]
    own = version.id if version else sent.id
    return resource(base, "campaign-variation", own, attributes, related)


def _dates(campaign: Campaign) -> Body:
    return {
        "created": instant(campaign.created_at),
        "updated": instant(campaign.created_at + HOUR),
    }
