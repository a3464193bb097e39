"""Campaigns and their messages as the API writes them in revision 2026-07-15."""

from __future__ import annotations

from workbench.sandbox.api.account_bodies import instant
from workbench.sandbox.api.flow_bodies import SENDER
from workbench.sandbox.api.jsonapi import Body, resource, to_many, to_one
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_bodies import tag_id
from workbench.sandbox.shop.build import Shop
from workbench.sandbox.shop.days import HOUR
from workbench.sandbox.shop.messages import Campaign

__all__ = [
    "audience_ids",
    "campaign_body",
    "campaign_message_body",
    "estimation_body",
    "message_content",
    "send_job_body",
    "send_times",
]

_JOB_STATUS = {"Sent": "complete", "Scheduled": "queued", "Cancelled": "cancelled"}


def audience_ids(shop: Shop, names: tuple[str, ...]) -> list[str]:
    """Ids of lists and segments, by their names; a shop of real orders has none."""
    ids = {group.name: group.id for group in shop.groups}
    return [ids[name] for name in names if name in ids]


def campaign_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """One campaign, as it stands at the instant of the snapshot."""
    shop = snapshot.shop
    campaign = shop.catalogue.campaigns[row]
    message = shop.catalogue.messages[campaign.message]
    planned = campaign.send_at is not None
    attributes = {
        "name": campaign.name,
        "status": snapshot.campaign_status(campaign),
        "archived": campaign.is_archived,
        "audiences": {
            "included": audience_ids(shop, campaign.included),
            "excluded": audience_ids(shop, campaign.excluded),
        },
        "send_options": {"use_smart_sending": True},
        "tracking_options": _tracking(message.channel),
        "send_strategy": _strategy(shop, campaign),
        "created_at": instant(campaign.created_at),
        "scheduled_at": instant(campaign.created_at + HOUR) if planned else None,
        "updated_at": instant(snapshot.campaign_updated(campaign)),
        "send_time": instant(campaign.send_at) if campaign.send_at is not None else None,
    }
    related = [
        to_many("campaign-messages", "campaign-message", [message.id]),
        to_many("tags", "tag", [tag_id(snapshot, tag) for tag in campaign.tags]),
    ]
    return resource(base, "campaign", campaign.id, attributes, related)


def campaign_message_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """The message of a campaign; of a tested one, the first variation."""
    shop = snapshot.shop
    message = shop.catalogue.messages[row]
    campaign = shop.catalogue.campaigns[message.campaign]
    attributes = {
        "definition": _definition(shop, row),
        "send_times": send_times(campaign),
        "created_at": instant(campaign.created_at),
        "updated_at": instant(campaign.created_at + HOUR),
    }
    template = to_many("template", "template", None)
    if message.template:
        template = to_one("template", "template", message.template)
    related = [
        to_one("campaign", "campaign", campaign.id),
        template,
        to_many("image", "image", None),
    ]
    return resource(base, "campaign-message", message.id, attributes, related)


def message_content(shop: Shop, row: int, *, variation: int = -1) -> Body:
    """The words of a campaign's message, or of one of its variations."""
    message = shop.catalogue.messages[row]
    if message.channel == "sms":
        return {"body": message.subject, "media_url": None}
    if message.channel == "mobile_push":
        return {
            "title": shop.account.organization,
            "body": message.subject,
            "dynamic_image": None,
            "action_buttons": None,
        }
    tested = shop.catalogue.variations[variation].subject if variation >= 0 else message.subject
    return {
        "subject": tested,
        "preview_text": None,
        "from_email": SENDER,
        "from_label": shop.account.organization,
        "reply_to_email": None,
        "cc_email": None,
        "bcc_email": None,
    }


def send_times(campaign: Campaign) -> list[Body]:
    """When a campaign's message is sent; nothing for one that was never scheduled."""
    if campaign.send_at is None:
        return []
    return [{"datetime": instant(campaign.send_at), "is_local": False}]


def send_job_body(snapshot: Snapshot, row: int, *, base: str) -> Body:
    """How far the sending of a campaign is; the job has the id of the campaign."""
    campaign = snapshot.shop.catalogue.campaigns[row]
    attributes = {"status": _JOB_STATUS[snapshot.campaign_status(campaign)]}
    return resource(base, "campaign-send-job", campaign.id, attributes)


def estimation_body(snapshot: Snapshot, row: int, count: int, *, base: str) -> Body:
    """To how many profiles a campaign would go now."""
    campaign = snapshot.shop.catalogue.campaigns[row]
    attributes = {"estimated_recipient_count": count}
    return resource(base, "campaign-recipient-estimation", campaign.id, attributes)


def _strategy(shop: Shop, campaign: Campaign) -> Body:
    if campaign.send_at is None:
        return {"method": "immediate"}
    if shop.catalogue.variations_of(campaign.message):
        return {"method": "ab_test_campaign"}
    return {
        "method": "static",
        "datetime": instant(campaign.send_at),
        "options": {"is_local": False},
    }


def _tracking(channel: str) -> Body | None:
    if channel == "mobile_push":
        return None
    tracking: Body = {"add_tracking_params": True, "custom_tracking_params": []}
    if channel == "email":
        tracking |= {"is_tracking_clicks": True, "is_tracking_opens": True}
    return tracking


def _definition(shop: Shop, row: int) -> Body:
    message = shop.catalogue.messages[row]
    tested = shop.catalogue.variations_of(row)
    content = message_content(shop, row, variation=tested[0] if tested else -1)
    if message.channel == "email":
        return {"channel": "email", "label": message.name, "content": content}
    if message.channel == "sms":
        render = {
            "shorten_links": True,
            "add_org_prefix": True,
            "add_info_link": True,
            "add_opt_out_language": False,
        }
        return {"channel": "sms", "content": content, "render_options": render}
    return {
        "channel": "mobile_push",
        "notification_type": "standard",
        "content": content,
        "kv_pairs": None,
        "options": {"on_open": {"type": "open_app"}, "badge": None, "play_sound": False},
    }
