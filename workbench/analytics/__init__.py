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
from workbench.analytics.scorecards import (
    forecast_scorecard,
    reached_coverage,
    scorecard_sentences,
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
    "forecast_scorecard",
    "key_number_changes",
    "money_text",
    "range_text",
    "rate_text",
    "reached_coverage",
    "scorecard_sentences",
    "weekly_sentences",
]
