"""Reports of campaigns and flows: statistics by message, by the date of the send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workbench.sandbox.api.filters import Condition
from workbench.sandbox.api.flow_bodies import FLOW_TAGS
from workbench.sandbox.api.jsonapi import Body, identifier
from workbench.sandbox.api.message_counts import Conversions, message_counts
from workbench.sandbox.api.report_queries import ReportQuery, ReportRules, refused
from workbench.sandbox.api.report_statistics import MESSAGE_STATISTICS, message_statistics
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.api.tag_bodies import tag_id
from workbench.sandbox.shop.tags import TAGS

__all__ = ["CAMPAIGN_VALUES", "FLOW_SERIES", "FLOW_VALUES", "message_report", "related"]

_SEND_CHANNELS = {"email": "email", "sms": "sms", "mobile_push": "push-notification"}
_ALL_CHANNELS = (*_SEND_CHANNELS.values(), "whatsapp")
_TEXT_FORMAT = "SMS"  # no text has a picture
_SCALAR, _LIST = ("equals", "contains-any"), ("contains-any", "contains-all")
_TAGS = ("tag_id", "tag_name")
_SHARED = ("send_channel", *_TAGS, "text_message_format", "variation", "variation_name")


def _rules(kind: str, groups: Sequence[str], *, owner: str) -> ReportRules:
    scalars = set(groups) - {*_TAGS, "group", "group_name"}
    required = (f"{owner}_id", f"{owner}_message_id")
    return ReportRules(
        kind,
        MESSAGE_STATISTICS,
        groups,
        usual=(*required, "send_channel"),
        required=required,
        filters=dict.fromkeys(scalars, _SCALAR) | dict.fromkeys(_TAGS, _LIST),
    )


_CAMPAIGN = (
    *("campaign_id", "campaign_message_id", "campaign_message_name", "group", "group_name"),
    *_SHARED,
)
_FLOW = ("flow_id", "flow_message_id", "flow_message_name", "flow_name", *_SHARED)
CAMPAIGN_VALUES = _rules("campaign-values-report", _CAMPAIGN, owner="campaign")
FLOW_VALUES = _rules("flow-values-report", _FLOW, owner="flow")
FLOW_SERIES = _rules("flow-series-report", _FLOW, owner="flow")


def message_report(
    snapshot: Snapshot, query: ReportQuery, *, owner: str, conversions: Conversions
) -> list[Body]:
    """One result a group of messages that were sent in the time frame.

    A message with several tags stands under each when grouped by tag, and under null without one.

    Args:
        snapshot: the account at its instant.
        query: the report.
        owner: campaign or flow.
        conversions: events of the conversion metric.

    Raises:
        Refusal: a filter names a channel that does not exist.
    """
    _check_channels(query.wanted)
    asked = {*query.groups, *(each.field for each in query.wanted)}
    table = message_counts(
        snapshot,
        query,
        conversions=conversions,
        by_variation=bool(asked & {"variation", "variation_name"}),
    )
    results = []
    for group, (message, variation) in enumerate(
        zip(table.message.tolist(), table.variation.tolist(), strict=True)
    ):
        described = _described(snapshot, message, variation, owner=owner)
        if described is None or not query.accepts(described):
            continue
        statistics = message_statistics(table.of(group), query.statistics)
        for groupings in _groupings(described, query.groups):
            results.append({"groupings": groupings, "statistics": statistics})
    return results


def related(results: Sequence[Body], *, owner: str) -> Body:
    """References to what the results are about, each once."""
    names = [(f"{owner}s", owner, f"{owner}_id")]
    if owner == "flow":
        names.append(("flow-messages", "flow-message", "flow_message_id"))
    return {
        name: {
            "data": [
                identifier(kind, each)
                for each in dict.fromkeys(result["groupings"][key] for result in results)
            ]
        }
        for name, kind, key in names
    }


def _described(
    snapshot: Snapshot, message: int, variation: int, *, owner: str
) -> dict[str, Any] | None:
    """Every attribute of a message; None when it is of the other kind of owner."""
    catalogue = snapshot.shop.catalogue
    sent = catalogue.messages[message]
    row = getattr(sent, owner)
    if row < 0:
        return None
    campaign = catalogue.campaigns[row] if owner == "campaign" else None
    holder, tags = (campaign, campaign.tags) if campaign else (catalogue.flows[row], FLOW_TAGS)
    tested = catalogue.variations[variation] if variation >= 0 else None
    return {
        f"{owner}_id": holder.id,
        f"{owner}_name": holder.name,
        f"{owner}_message_id": sent.id,
        f"{owner}_message_name": sent.name,
        "group": None,
        "group_name": None,
        "send_channel": _SEND_CHANNELS[sent.channel],
        "text_message_format": _TEXT_FORMAT if sent.channel == "sms" else None,
        "variation": tested.id if tested else None,
        "variation_name": tested.name if tested else None,
        "tag_id": [tag_id(snapshot, tag) for tag in tags],
        "tag_name": [TAGS[tag].name for tag in tags],
    }


def _groupings(described: dict[str, Any], groups: Sequence[str]) -> Iterator[Body]:
    """The attributes grouped by; once a tag where a tag is among them."""
    by_tag = set(groups) & set(_TAGS)
    tags = range(len(described["tag_id"])) if by_tag and described["tag_id"] else [None]
    for tag in tags:
        one = {name: None if tag is None else described[name][tag] for name in _TAGS}
        yield {name: {**described, **one}[name] for name in groups}


def _check_channels(wanted: Sequence[Condition]) -> None:
    for condition in wanted:
        values = condition.value if isinstance(condition.value, list) else [condition.value]
        if condition.field == "send_channel" and (unknown := set(values) - set(_ALL_CHANNELS)):
            raise refused(
                f"'{min(map(str, unknown))}' is not a channel: {', '.join(_ALL_CHANNELS)}.",
                attribute="filter",
            )
