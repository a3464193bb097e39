"""What the POST endpoints answer: reports by send date, and aggregates by event time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence

import orjson

from workbench.sandbox.api import message_reports
from workbench.sandbox.api.aggregate_queries import parsed_aggregate
from workbench.sandbox.api.aggregates import aggregate_page
from workbench.sandbox.api.contract import Endpoint
from workbench.sandbox.api.form_reports import FORM_SERIES, FORM_VALUES, form_report
from workbench.sandbox.api.jsonapi import Body, Refusal
from workbench.sandbox.api.message_counts import Conversions
from workbench.sandbox.api.metric_bodies import (
    CUSTOM_METRICS,
    custom_metric_created,
    custom_metric_id,
)
from workbench.sandbox.api.queries import Query
from workbench.sandbox.api.report_queries import ReportQuery, ReportRules, parsed_report, refused
from workbench.sandbox.api.segment_reports import (
    SEGMENT_SERIES,
    SEGMENT_VALUES,
    segment_report,
)
from workbench.sandbox.api.snapshot import Snapshot
from workbench.sandbox.shop.events import Kind

__all__ = ["Reports"]

PAGE_RESULTS = 100  # Klaviyo does not say how many results a page holds


class Reports:
    """Reports about an account at one instant.

    Args:
        snapshot: the account at its instant.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._answers: Mapping[str, Callable[[Body, str], Body]] = {
            "metric-aggregates": self._aggregate,
            "campaign-values-reports": self._messages(message_reports.CAMPAIGN_VALUES, "campaign"),
            "flow-values-reports": self._messages(message_reports.FLOW_VALUES, "flow"),
            "flow-series-reports": self._messages(message_reports.FLOW_SERIES, "flow"),
            "form-values-reports": self._others(FORM_VALUES, form_report),
            "form-series-reports": self._others(FORM_SERIES, form_report),
            "segment-values-reports": self._others(SEGMENT_VALUES, segment_report),
            "segment-series-reports": self._others(SEGMENT_SERIES, segment_report),
        }

    def content(self, endpoint: Endpoint, query: Query, asked: Body, *, base: str) -> Body:
        """The content of one report.

        Args:
            endpoint: that was asked.
            query: its query string.
            asked: its body.
            base: scheme and host that the client used.

        Raises:
            Refusal: the body asks for what the endpoint does not offer.
        """
        folder = endpoint.path.removeprefix("/api/")
        content = self._answers[folder](asked, query.cursor)
        data = content["data"]
        if (wanted := query.fields.get(data["type"])) is not None:
            data["attributes"] = {
                name: value for name, value in data["attributes"].items() if name in wanted
            }
        data["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{folder}/{_digest(asked)}"))
        data["links"] = {"self": f"{base}{endpoint.path}/"}
        return content

    def _aggregate(self, asked: Body, cursor: str) -> Body:
        query = parsed_aggregate(asked, self._snapshot)
        offset = _offset(query.cursor or cursor, asked)
        attributes, following = aggregate_page(self._snapshot, query, offset=offset)
        return _answer("metric-aggregate", attributes, _links(asked, following))

    def _messages(self, rules: ReportRules, owner: str) -> Callable[[Body, str], Body]:
        """The report of campaigns or of flows."""

        def answered(asked: Body, cursor: str) -> Body:
            query = parsed_report(rules, asked, self._snapshot)
            results = message_reports.message_report(
                self._snapshot, query, owner=owner, conversions=self._conversions(query)
            )
            offset = _offset(cursor, asked)
            shown, following = _page(results, offset)
            content = _answer(rules.kind, _attributes(query, shown), _links(asked, following))
            content["data"]["relationships"] = message_reports.related(shown, owner=owner)
            return content

        return answered

    def _others(
        self, rules: ReportRules, report: Callable[[Snapshot, ReportQuery], list[Body]]
    ) -> Callable[[Body, str], Body]:
        """A report of forms or of segments, all on one page."""

        def answered(asked: Body, cursor: str) -> Body:
            query = parsed_report(rules, asked, self._snapshot)
            results = report(self._snapshot, query)
            return _answer(rules.kind, _attributes(query, results), _links(asked, None))

        return answered

    def _conversions(self, query: ReportQuery) -> Conversions:
        """The events of the conversion metric, which may be a custom one."""
        asked, shop = query.attributes.get("conversion_metric_id"), self._snapshot.shop
        for kind, metric in enumerate(shop.metrics):
            if metric.id == asked:
                return Conversions((Kind(kind),))
        for custom in CUSTOM_METRICS:
            is_made = custom_metric_created(shop, custom) <= self._snapshot.now
            if is_made and custom_metric_id(shop, custom) == asked:
                return Conversions(custom.kinds, (custom.least or 0) * 10**shop.decimals)
        raise refused(f"There is no metric '{asked}'.", attribute="conversion_metric_id")


def _answer(kind: str, attributes: Body, links: Body) -> Body:
    return {"data": {"type": kind, "attributes": attributes}, "links": links}


def _attributes(query: ReportQuery, results: Sequence[Body]) -> Body:
    """Results with one number a statistic, or one a bucket where there are date times."""
    if query.date_times:
        return {"results": list(results), "date_times": query.date_times}
    return {
        "results": [
            {
                "groupings": result["groupings"],
                "statistics": {name: each[0] for name, each in result["statistics"].items()},
            }
            for result in results
        ]
    }


def _page(results: Sequence[Body], offset: int) -> tuple[Sequence[Body], int | None]:
    """One page of results, and where the next one begins; None after the last."""
    end = offset + PAGE_RESULTS
    return results[offset:end], end if end < len(results) else None


def _links(asked: Body, following: int | None) -> Body:
    """Cursors of the pages around this one; none leads back."""
    return {"prev": None, "next": None if following is None else _cursor(asked, following)}


def _cursor(asked: Body, offset: int) -> str:
    content = orjson.dumps([_digest(asked), offset])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _offset(cursor: str, asked: Body) -> int:
    """How many rows come before the page of a cursor, which is bound to its body."""
    if not cursor:
        return 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        digest, offset = orjson.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, orjson.JSONDecodeError, TypeError, ValueError):
        digest, offset = "", 0
    if digest != _digest(asked) or not isinstance(offset, int):
        raise Refusal.invalid("Invalid cursor provided.")
    return offset


def _digest(asked: Body) -> str:
    """A few letters that are equal for equal bodies, whatever page they ask for."""
    data = asked.get("data", {})
    attributes = {**data.get("attributes", {}), "page_cursor": None}
    content = orjson.dumps({**data, "attributes": attributes}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:12]
