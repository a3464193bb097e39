"""What a page says about itself: whose data, how fresh, whether simulated, and what went wrong."""

from __future__ import annotations

from html import escape

from workbench.analytics.figures import day_text
from workbench.charts.headings import SIMULATED
from workbench.errors import WorkbenchError
from workbench.load import Account

__all__ = ["message_html", "notice_html", "stopped_html"]


def notice_html(account: Account) -> str:
    """Name and freshness of an account, and a banner where its data is simulated."""
    freshness = f"Data up to {day_text(account.last_day)} ({account.timezone})"
    banner = (
        f'<div class="wb-banner" role="note"><strong>Simulated data.</strong> {SIMULATED}</div>'
        if account.is_simulated
        else ""
    )
    return (
        f'{banner}<div class="wb-account"><strong>{escape(account.name)}</strong>'
        f'<span class="wb-freshness">{escape(freshness)}</span></div>'
    )


def message_html(error: WorkbenchError) -> str:
    """What happened and what to do, in place; the page goes on."""
    return f'<div class="wb-message" role="alert">{_told(error)}</div>'


def stopped_html(error: WorkbenchError) -> str:
    """What happened and what to do, instead of the page."""
    return f'<div class="wb-message wb-stop" role="alert">{_told(error)}</div>'


def _told(error: WorkbenchError) -> str:
    message = error.message[:1].upper() + error.message[1:]
    said = f"<strong>{escape(message)}</strong>"
    return f"{said}<span>{escape(error.hint)}</span>" if error.hint else said
