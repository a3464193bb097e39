"""Roles by name: both the names before and those after Klaviyo's renaming of July 2026."""

from __future__ import annotations

import pytest

from workbench.metrics import MAPPED_ROLES, NAMED_ROLES

RENAMED = {
    "Received SMS": "Received Text Message",
    "Clicked SMS": "Clicked Text Message",
    "Failed to Deliver SMS": "Failed to Deliver Text Message",
    "Unsubscribed from SMS": "Unsubscribed from Text Messages",
    "Unsubscribed from SMS Marketing": "Unsubscribed from Text Messages",
    "Unsubscribed from Email": "Unsubscribed from Email Marketing",
}


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_renamed_metric_keeps_its_role(old: str, new: str) -> None:
    assert NAMED_ROLES[old] == NAMED_ROLES[new]


def test_message_metrics_have_a_channel_and_others_none() -> None:
    of_messages = {"received", "opened", "clicked", "bounced", "unsubscribed", "marked_spam"}
    for name, (role, channel) in NAMED_ROLES.items():
        assert (channel is not None) == (role in of_messages), name
        assert channel in {"email", "sms", "mobile_push", None}


def test_names_never_say_what_is_revenue() -> None:
    assert MAPPED_ROLES["revenue"] == "revenue"
    assert not set(MAPPED_ROLES.values()) & {role for role, _ in NAMED_ROLES.values()}
    assert "Placed Order" not in NAMED_ROLES


def test_roles_cannot_be_changed_in_passing() -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        NAMED_ROLES["Placed Order"] = ("revenue", None)  # type: ignore[index]
