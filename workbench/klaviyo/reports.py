"""Klaviyo's reports: what each is asked for, and its answer as cells.

A report counts messages on the day on which they were sent; its days are the account's own. Both
ends of a period are included and the end runs to the last second of its hour, so that a period
ends at 23:59:59 of its last day.

Source: Klaviyo's OpenAPI specification, revision 2026-07-15.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from workbench.errors import KlaviyoUnavailable
from workbench.klaviyo.pages import Page
from workbench.klaviyo.records import Rows

__all__ = ["REPORTS", "Report", "report_pages", "report_rows"]

# statistics that depend on which metric is the conversion
_CONVERSIONS = frozenset(
    {
        "average_order_value",
        "conversion_rate",
        "conversion_uniques",
        "conversion_value",
        "conversions",
        "revenue_per_recipient",
        "text_message_roi",
    }
)
_COUNTS = (
    *("bounced", "clicks", "clicks_unique", "conversion_uniques", "conversion_value"),
    *("conversions", "delivered", "failed", "opens", "opens_unique", "recipients"),
    *("spam_complaints", "unsubscribe_uniques", "unsubscribes"),
)
_MESSAGES = (
    *_COUNTS,
    *("average_order_value", "bounce_rate", "bounced_or_failed", "bounced_or_failed_rate"),
    *("click_rate", "click_to_open_rate", "conversion_rate", "delivery_rate", "failed_rate"),
    *("message_segment_count_sum", "open_rate", "revenue_per_recipient", "spam_complaint_rate"),
    *("text_message_credit_usage_amount", "text_message_roi", "text_message_spend"),
    *("unsubscribe_rate",),
)
_FORMS = (
    *("closed_form", "closed_form_uniques", "qualified_form", "qualified_form_uniques"),
    *("submit_rate", "submits", "submitted_form_step", "submitted_form_step_uniques"),
    *("viewed_form", "viewed_form_step", "viewed_form_step_uniques", "viewed_form_uniques"),
)
_SEGMENTS = ("members_added", "members_removed", "net_members_changed", "total_members")


@dataclass(frozen=True, slots=True)
class Report:
    """What one report is asked for.

    Attributes:
        name: of its stream.
        endpoint: under /api/.
        statistics: all of them.
        groups: one result each; those that sum to a message's own numbers stand together.
        interval: unit of a series; "" for one value a period.
        has_conversions: whether it must be told which metric is the conversion.
        earliest: first day that Klaviyo has data of.
    """

    name: str
    endpoint: str
    statistics: tuple[str, ...]
    groups: tuple[str, ...]
    interval: str = ""
    has_conversions: bool = False
    earliest: dt.date = dt.date.min

    @property
    def path(self) -> str:
        """Where it is asked for."""
        return f"/api/{self.endpoint}"

    def body(
        self, first: dt.date, last: dt.date, *, conversion_metric_id: str | None
    ) -> dict[str, Any]:
        """The question for account days from first to last, both included."""
        attributes: dict[str, Any] = {
            "statistics": list(self.statistics),
            # the offset must be written and is ignored: both are clock of the account
            "timeframe": {"start": f"{first}T00:00:00+00:00", "end": f"{last}T23:59:59+00:00"},
            "group_by": list(self.groups),
        }
        if self.interval:
            attributes["interval"] = self.interval
        if self.has_conversions:
            attributes["conversion_metric_id"] = conversion_metric_id
        return {"data": {"type": self.endpoint.removesuffix("s"), "attributes": attributes}}


# a campaign is sent to a profile once, so its variations share no recipient; a flow message may
# reach a profile again with another variation, so that uniques are asked for by message
REPORTS: Mapping[str, Report] = {
    report.name: report
    for report in (
        Report(
            "campaign_reports",
            "campaign-values-reports",
            _MESSAGES,
            ("campaign_id", "campaign_message_id", "send_channel", "variation"),
            has_conversions=True,
        ),
        Report(
            "flow_reports",
            "flow-values-reports",
            _MESSAGES,
            ("flow_id", "flow_message_id", "send_channel"),
            has_conversions=True,
        ),
        Report(
            "flow_series",
            "flow-series-reports",
            _COUNTS,
            ("flow_id", "flow_message_id", "send_channel", "variation"),
            interval="daily",
            has_conversions=True,
        ),
        Report("form_reports", "form-values-reports", _FORMS, ("form_id", "form_version_id")),
        Report(
            "segment_reports",
            "segment-series-reports",
            _SEGMENTS,
            ("segment_id",),
            interval="daily",
            earliest=dt.date(2023, 6, 1),
        ),
    )
}


def report_pages(
    report: Report,
    first: dt.date,
    last: dt.date,
    *,
    through: dt.date,
    conversion_metric_id: str | None,
    ask: Callable[[dict[str, Any], dict[str, str]], Mapping[str, Any]],
) -> Iterator[Page]:
    """Each page of a report; its data are cells, as ``report_rows`` takes them.

    Args:
        report: which.
        first: first account day of the period.
        last: last one.
        through: the last one that is over, up to which it is asked for.
        conversion_metric_id: the metric whose events are conversions; None where there are none.
        ask: sends a body with query parameters to the report's path and gives the answer.

    Raises:
        KlaviyoUnavailable: an answer has no results.
    """
    body = report.body(first, through, conversion_metric_id=conversion_metric_id)
    params: dict[str, str] = {}
    while True:
        answer = ask(body, params)
        cells = _cells(report, answer, first, last, conversion_metric_id=conversion_metric_id)
        yield Page(list(cells), [])
        following = _cursor((answer.get("links") or {}).get("next"))
        if not following:
            return
        params = {"page_cursor": following}


def report_rows(page: Page, *, account_id: str) -> Rows:
    """Cells as rows of klaviyo.report_value, without when and by whom they were read."""
    return {"klaviyo.report_value": [(account_id, *cell.values()) for cell in page.data]}


def _cells(
    report: Report,
    answer: Mapping[str, Any],
    first: dt.date,
    last: dt.date,
    *,
    conversion_metric_id: str | None,
) -> Iterator[dict[str, Any]]:
    """One cell a result, statistic and, of a series, day."""
    said = (answer.get("data") or {}).get("attributes") or {}
    results, days = said.get("results"), said.get("date_times") or []
    if results is None or (results and report.interval and not days):
        raise KlaviyoUnavailable(
            f"{report.path} answered without results",
            hint="the next sync goes on from here; if it stays, please report this",
            endpoint=report.path,
        )
    # the first ten characters of a date time are the account's day
    spans = [(day[:10], day[:10]) for day in days] if report.interval else [(first, last)]
    for result in results:
        groupings = orjson.dumps(result["groupings"], option=orjson.OPT_SORT_KEYS).decode()
        for statistic, told in (result.get("statistics") or {}).items():
            values = told if report.interval else [told]
            for (begin, end), value in zip(spans, values, strict=True):
                yield {
                    "first_on": begin,
                    "last_on": end,
                    "groupings": groupings,
                    "statistic": statistic,
                    "value": _exact(value),
                    "conversion_metric_id": (
                        conversion_metric_id if statistic in _CONVERSIONS else None
                    ),
                }


def _exact(value: object) -> str | None:
    """The number as text: a float's shortest spelling is the one it was read from."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return repr(value)


def _cursor(following: str | None) -> str | None:
    """The cursor of the next page, which may come alone or in an address."""
    if following and "://" in following:
        return dict(parse_qsl(urlsplit(following).query)).get("page_cursor")
    return following
