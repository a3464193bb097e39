"""Tags, tag groups and templates: who carries what, seen from both sides."""

from __future__ import annotations

import httpx
import pytest

from workbench.sandbox import Shop
from workbench.sandbox.shop.tags import TAG_GROUPS, TAGS

from .conftest import resources

FOLDERS = ("campaigns", "flows", "lists", "segments")


def of_folder(client: httpx.Client, folder: str) -> list[str]:
    if folder != "campaigns":
        return [body["id"] for body in resources(client, f"/api/{folder}")]
    return [
        body["id"]
        for channel in ("email", "sms", "mobile_push")
        for body in resources(
            client, "/api/campaigns", filter=f"equals(messages.channel,'{channel}')"
        )
    ]


def test_every_tag_is_in_one_group(client: httpx.Client) -> None:
    groups = resources(client, "/api/tag-groups")
    assert [body["attributes"] for body in groups] == [
        {"name": each.name, "exclusive": each.is_exclusive, "default": each.is_default}
        for each in TAG_GROUPS
    ]
    assert sum(group["attributes"]["default"] for group in groups) == 1
    tags = {body["id"]: body for body in resources(client, "/api/tags")}
    assert {body["attributes"]["name"] for body in tags.values()} == {tag.name for tag in TAGS}
    listed = []
    for group in groups:
        mine = resources(client, f"/api/tag-groups/{group['id']}/tags")
        listed += [body["id"] for body in mine]
        for body in mine:
            said = client.get(f"/api/tags/{body['id']}/tag-group").json()["data"]
            assert said["id"] == group["id"]
    assert sorted(listed) == sorted(tags)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_tag_and_what_carries_it_agree(client: httpx.Client, folder: str) -> None:
    by_tag: dict[str, set[str]] = {}
    for body in resources(client, "/api/tags"):
        carriers = resources(client, f"/api/tags/{body['id']}/relationships/{folder}")
        by_tag[body["id"]] = {each["id"] for each in carriers}
        assert {each["type"] for each in carriers} <= {folder.removesuffix("s")}
    ids = of_folder(client, folder)[::7]
    assert ids
    for each in ids:
        tags = {body["id"] for body in resources(client, f"/api/{folder}/{each}/tags")}
        named = {b["id"] for b in resources(client, f"/api/{folder}/{each}/relationships/tags")}
        assert tags == named == {tag for tag, carriers in by_tag.items() if each in carriers}
    assert sum(map(len, by_tag.values())) > 0


def test_a_campaign_carries_one_tag_of_the_exclusive_group(shop: Shop) -> None:
    for campaign in shop.catalogue.campaigns:
        exclusive = [tag for tag in campaign.tags if TAG_GROUPS[TAGS[tag].group].is_exclusive]
        assert len(exclusive) == 1
        tested = bool(shop.catalogue.variations_of(campaign.message))
        assert ("test" in {TAGS[tag].name for tag in campaign.tags}) == tested


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("/api/tags?filter=contains(name,'fe')&sort=name", ["lifecycle", "offer"][:1]),
        ("/api/tags?filter=equals(name,['offer','test'])&sort=-name", ["test", "offer"]),
        ("/api/tags?filter=starts-with(name,'b')", ["brand"]),
        ("/api/tag-groups?filter=equals(exclusive,true)", ["Purpose"]),
        ("/api/tag-groups?filter=equals(default,true)", ["Default"]),
    ],
)
def test_tags_are_found_by_name(client: httpx.Client, url: str, names: list[str]) -> None:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    found = [body["attributes"]["name"] for body in answer.json()["data"]]
    if "contains" in url:
        assert found == [tag.name for tag in sorted(TAGS, key=lambda t: t.name) if "fe" in tag.name]
    else:
        assert found == names


def test_every_email_has_a_template_with_its_subject(client: httpx.Client, shop: Shop) -> None:
    shown = {body["id"]: body["attributes"] for body in resources(client, "/api/templates")}
    campaigns = shop.catalogue.campaigns
    for message in shop.catalogue.messages:
        if message.channel != "email":
            assert not message.template
            continue
        exists = message.campaign < 0 or campaigns[message.campaign].created_at <= shop.now
        assert (message.template in shown) == exists
        if exists:
            assert message.subject.split("'")[0] in shown[message.template]["text"]
            assert shown[message.template]["name"] == message.name
    emails = [m for m in shop.catalogue.messages if m.channel == "email"]
    assert len({message.template for message in emails}) == len(emails)


def test_a_message_leads_to_its_template(client: httpx.Client, shop: Shop) -> None:
    for message in shop.catalogue.messages[::11]:
        folder = "campaign-messages" if message.campaign >= 0 else "flow-messages"
        if client.get(f"/api/{folder}/{message.id}").status_code == 404:
            continue  # of a campaign that is not made yet
        answer = client.get(f"/api/{folder}/{message.id}/template")
        if message.template:
            assert answer.json()["data"]["id"] == message.template
        else:
            assert answer.status_code == 404


def test_a_send_job_and_an_estimation_belong_to_a_campaign(
    client: httpx.Client, shop: Shop
) -> None:
    wanted = {"Sent": "complete", "Scheduled": "queued", "Cancelled": "cancelled"}
    seen = set()
    for channel in ("email", "sms", "mobile_push"):
        for body in resources(
            client, "/api/campaigns", filter=f"equals(messages.channel,'{channel}')"
        ):
            status = body["attributes"]["status"]
            job = client.get(f"/api/campaign-send-jobs/{body['id']}")
            seen.add(status)
            if status == "Draft":
                assert job.status_code == 404
            else:
                assert job.json()["data"]["attributes"]["status"] == wanted[status]
            about = client.get(f"/api/campaign-recipient-estimations/{body['id']}").json()["data"]
            assert 0 < about["attributes"]["estimated_recipient_count"] < len(shop.people)
    assert {"Sent", "Scheduled"} <= seen
