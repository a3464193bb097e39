"""What numbers say: changes against another period, figures as text, sentences. Pure."""

from workbench.analytics.bridges import BRIDGES, Bridge, bridge_frame
from workbench.analytics.changes import key_number_changes
from workbench.analytics.figures import (
    change_text,
    count_text,
    day_text,
    difference_text,
    figure_text,
    money_text,
    range_text,
    rate_text,
)
from workbench.analytics.weekly import weekly_sentences

__all__ = [
    "BRIDGES",
    "Bridge",
    "bridge_frame",
    "change_text",
    "count_text",
    "day_text",
    "difference_text",
    "figure_text",
    "key_number_changes",
    "money_text",
    "range_text",
    "rate_text",
    "weekly_sentences",
]
