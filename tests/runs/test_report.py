"""The page of a run: prose and outputs, nothing else, and nothing from elsewhere."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from workbench.runs.report import report_html
from workbench.runs.tables import aligned_tables

FACTS: dict[str, Any] = {
    "run_id": "0a1b2c3d",
    "notebook": "report_weekly",
    "notebook_sha256": "f" * 64,
    "parameters": {"week": "2026-W44", "account": "", "note": "<b>&"},
    "account_id": None,
    "data_as_of": "2026-11-01T04:05:00+00:00",
    "started_at": "2026-11-02T06:00:00+00:00",
    "packages": {"python": "3.11.7", "workbench": "0.1.0"},
    "status": "succeeded",
    "failed_cell": None,
    "error": None,
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>Revenue</title></svg>'


def shown(**data: str) -> Any:
    return new_output("display_data", {key.replace("_", "/"): text for key, text in data.items()})


def page(*outputs: Any, prose: str = "# Weekly", facts: dict[str, Any] = FACTS) -> str:
    cells = [new_markdown_cell(prose), new_code_cell("hidden_code()", outputs=list(outputs))]
    return report_html(new_notebook(cells=cells), title="Weekly <report>", facts=facts)


def test_outputs_show_and_code_does_not() -> None:
    html = page(
        new_output("stream", name="stdout", text="said <aloud>"),
        new_output("stream", name="stderr", text="a warning"),
        shown(text_html="<p>from html</p>", text_plain="not this"),
        shown(text_markdown="from **markdown**", text_plain="not this"),
        shown(text_plain="from text"),
        new_output("execute_result", {"text/plain": "from the last line"}, execution_count=1),
        prose="# Weekly\n\nProse with a [link](https://example.com).",
    )
    for text in ("<h1", "Prose with", "said &lt;aloud&gt;", "from html", "from text"):
        assert text in html
    assert "<strong>markdown</strong>" in html
    assert "from the last line" in html
    for text in ("hidden_code", "a warning", "not this", "In [", "Out[", "¶", "<script"):
        assert text not in html


def test_svg_is_preferred_and_embedded() -> None:
    output = shown(text_plain="not this", image_png="bm90IHRoaXM=")
    output.data["image/svg+xml"] = SVG
    html = page(output)
    assert 'src="data:image/svg+xml;base64,' in html
    assert "bm90IHRoaXM=" not in html


def test_nothing_is_fetched() -> None:
    html = page(shown(text_html=SVG), prose="[a link](https://example.com)")
    assert re.findall(r'https?://[^"\s<]+', html) == [
        "https://example.com",
        "http://www.w3.org/2000/svg",
    ]
    assert "default-src 'none'" in html


def test_footer_says_what_it_was_made_from() -> None:
    html = page()
    assert "<title>Weekly &lt;report&gt;</title>" in html
    assert "Run 0a1b2c3d of report_weekly, 2 November 2026, 06:00 UTC." in html
    assert "Data as of 1 November 2026, 04:05 UTC." in html
    assert "week: 2026-W44, account: none given, note: &lt;b&gt;&amp;" in html
    assert "python 3.11.7, workbench 0.1.0, notebook sha256 ffffffffffff" in html


def test_without_a_sync_the_footer_says_so() -> None:
    assert "No sync was recorded before it." in page(facts=FACTS | {"data_as_of": None})


def test_failure_stands_first_with_its_traceback() -> None:
    facts = FACTS | {"status": "failed", "failed_cell": 3, "error": "ValueError: <none>"}
    error = new_output("error", ename="ValueError", evalue="x", traceback=["\x1b[31mline 1\x1b[0m"])
    html = page(error, facts=facts)
    assert html.index("This run failed in cell 3.") < html.index("<h1")
    assert "ValueError: &lt;none&gt;" in html
    assert re.search(r'<pre class="traceback">line 1\s*</pre>', html)


def test_columns_of_words_stand_left() -> None:
    frame = pd.DataFrame(
        {
            "campaign": ["Autumn edit 1", "Sale 20 % off"],
            "channel": ["email", ""],
            "revenue": ["$1,200.50", "n/a"],
            "rate": [0.25, 0.5],
        }
    )
    html = aligned_tables(frame.to_html(index=False, border=0))
    marked = re.findall(r'class="text">([^<]*)<', html)
    assert marked == ["campaign", "channel", "Autumn edit 1", "email", "Sale 20 % off", ""]


def test_merged_cells_are_left_alone() -> None:
    html = '<table><tr><td colspan="2">x</td></tr><tr><td>y</td><td>z</td></tr></table>'
    assert "text" not in aligned_tables(html)


@pytest.fixture
def requests_seen() -> Iterator[tuple[int, list[str]]]:
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, seen
        server.shutdown()
        thread.join()


@pytest.mark.browser
def test_browser_sends_no_request(tmp_path: Path, requests_seen: tuple[int, list[str]]) -> None:
    port, seen = requests_seen
    asks = "".join(
        f'<{tag} src="http://127.0.0.1:{port}/{tag}"></{tag}>'
        for tag in ("img", "script", "iframe")
    )
    html = page(shown(text_html=f"{asks}<p>the output</p>"))
    assert "the output" in opened(html, tmp_path / "report.html")
    assert seen == []
    opened(re.sub("<meta[^>]*Content-Security-Policy[^>]*>", "", html), tmp_path / "open.html")
    assert sorted(seen) == ["/iframe", "/img", "/script"]


def opened(html: str, path: Path) -> str:
    browser = os.environ.get("WORKBENCH_CHROMIUM") or shutil.which("chromium")
    if browser is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no chromium")
        pytest.skip("no chromium")
    path.write_text(html)
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    profile = f"--user-data-dir={path.parent / 'profile'}"
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", *quiet, profile, "--dump-dom"]
    done = subprocess.run(
        [browser, *arguments, path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout
