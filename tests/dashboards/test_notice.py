from dataclasses import replace

from workbench.dashboards.notice import message_html, notice_html, stopped_html
from workbench.errors import AccountMissing
from workbench.load import Account


def test_simulated_data_is_labelled_and_real_data_is_not(account: Account) -> None:
    assert "Simulated data." in notice_html(account)
    assert "Simulated" not in notice_html(replace(account, is_simulated=False))


def test_freshness_names_the_day_and_its_zone(account: Account) -> None:
    html = notice_html(account)
    assert "Data up to Sunday 1 November 2026 (America/New_York)" in html
    assert "Fern &amp; Field" in html


def test_a_refusal_says_what_happened_and_what_to_do() -> None:
    error = AccountMissing("no account <x> is in the database", hint="type: workbench sync")
    html = message_html(error)
    assert "No account &lt;x&gt; is in the database" in html
    assert "type: workbench sync" in html
    assert "wb-stop" not in html
    assert 'class="wb-message wb-stop"' in stopped_html(error)
