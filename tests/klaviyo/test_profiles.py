"""Rows of profiles, from items as the API gives them."""

from __future__ import annotations

from typing import Any

from workbench.klaviyo.pages import Page
from workbench.klaviyo.profiles import member_rows, prediction_rows, profile_rows
from workbench.klaviyo.records import TABLES, Rows


def named(rows: Rows, table: str) -> list[dict[str, Any]]:
    """Rows by the names of their columns."""
    return [dict(zip(TABLES[table].columns, row, strict=True)) for row in rows[table]]


def profile(profile_id: str = "P1", **attributes: Any) -> dict[str, Any]:
    return {"type": "profile", "id": profile_id, "attributes": attributes}


def test_consent_stands_in_columns() -> None:
    item = profile(
        email="a@b.example",
        subscriptions={
            "email": {
                "marketing": {
                    "can_receive_email_marketing": False,
                    "consent": "UNSUBSCRIBED",
                    "consent_timestamp": "2026-02-01 10:00:00+00:00",
                    "suppression": [
                        {"reason": "UNSUBSCRIBE", "timestamp": "2026-02-01T10:00:00+00:00"},
                        {"reason": "HARD_BOUNCE", "timestamp": "2026-03-01T10:00:00+00:00"},
                        {"reason": "USER_SUPPRESSED", "timestamp": None},
                    ],
                }
            },
            "sms": {"marketing": {"can_receive_sms_marketing": True, "consent": "SUBSCRIBED"}},
            "mobile_push": None,
        },
    )
    row = named(profile_rows(Page([item], []), account_id="A"), "klaviyo.profile")[0]
    assert (row["can_receive_email"], row["email_consent"]) == (False, "UNSUBSCRIBED")
    assert row["email_consent_at"] == "2026-02-01 10:00:00+00:00"
    assert row["email_suppression_reason"] == "HARD_BOUNCE"
    assert row["email_suppressed_at"] == "2026-03-01T10:00:00+00:00"
    assert (row["can_receive_sms"], row["sms_consent"]) == (True, "SUBSCRIBED")
    assert (row["can_receive_push"], row["push_consent"]) == (None, None)
    assert (row["is_redacted"], row["deleted_at"]) == (False, None)


def test_of_a_redacted_profile_nothing_personal_is_kept() -> None:
    items = [
        profile("P1", email="redacted.0f8fad5b-d9cb-469f-a165-70867728950e@example.com"),
        profile("P2", email="redacted.tales@example.com"),
        profile("P3", email=None),
    ]
    rows = profile_rows(Page(items, []), account_id="A")
    assert [row["is_redacted"] for row in named(rows, "klaviyo.profile")] == [True, False, False]
    personal = named(rows, "klaviyo.profile_personal")
    assert [row["profile_id"] for row in personal] == ["P2", "P3"]


def test_predictions_are_kept_where_there_are_any() -> None:
    names = TABLES["klaviyo.profile_prediction"].others
    items = [
        profile("P1", predictive_analytics={**dict.fromkeys(names), "historic_clv": 12.5}),
        profile("P2", predictive_analytics=dict.fromkeys(names)),
        profile("P3", predictive_analytics={**dict.fromkeys(names), "ranked_channel_affinity": []}),
        profile("P4"),
    ]
    rows = prediction_rows(Page(items, []), account_id="A")
    found = named(rows, "klaviyo.profile_prediction")
    assert [(row["profile_id"], row["historic_clv"]) for row in found] == [("P1", 12.5)]


def test_members_are_known_by_id_and_time_of_joining_alone() -> None:
    item = profile("P1", joined_group_at="2026-01-01T00:00:00+00:00", email="a@b.example")
    rows = member_rows(Page([item], []))
    assert rows == {"ops.group_member": [("P1", "2026-01-01T00:00:00+00:00")]}
