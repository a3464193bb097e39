"""The real server, asked over HTTP, with notebooks of its own."""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tornado.web import HTTPError

from workbench.dashboards import serve_dashboards
from workbench.dashboards.bundle import bundle_name
from workbench.dashboards.kernels import ViewerKernels
from workbench.errors import InputInvalid, PortTaken
from workbench.settings import Settings

ENVIRONMENT = """
import os

print("streams are not shown")
" ".join(f"{name}={os.environ.get(name)}" for name in ("KLAVIYO_API_KEY", "QUERY_STRING"))
"""


def write_notebook(folder: Path, name: str, source: str) -> None:
    notebook = new_notebook(
        cells=[new_markdown_cell(f"# {name}?"), new_code_cell(source)],
        metadata={
            "title": f"{name} & co",
            "kernelspec": {"name": "workbench", "display_name": "W", "language": "python"},
        },
    )
    nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, serve: Any) -> Iterator[str]:
    project = tmp_path_factory.mktemp("project")
    folder = project / "notebooks" / "dashboards"
    folder.mkdir(parents=True)
    write_notebook(folder, "environment", ENVIRONMENT)
    write_notebook(folder, "failing", "raise ValueError('told to nobody')")
    settings = Settings(project_dir=project, data_dir=project / "data", runs_dir=project / "runs")
    with serve(settings) as server:
        yield server.url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as client:
        yield client


def kernels(client: httpx.Client) -> int:
    return int(client.get("health").json()["kernels"])


def close(client: httpx.Client, page: str) -> None:
    """What the browser sends when the page is closed: no header, no cookie."""
    found = re.search(r'"kernelId": "([^"]+)"', page)
    assert found
    closed = httpx.post(f"{client.base_url}voila/api/shutdown/{found[1]}")
    assert closed.status_code == 204


def test_the_dashboards_are_listed_by_title(client: httpx.Client) -> None:
    page = client.get("/").text
    assert '<a href="/voila/render/environment.ipynb">environment &amp; co</a>' in page
    assert "failing &amp; co" in page


def test_a_kernel_sees_its_address_and_no_key_and_ends_with_its_page(client: httpx.Client) -> None:
    page = client.get("voila/render/environment.ipynb", params={"first": "2026-10-01"}).text
    assert "KLAVIYO_API_KEY=None QUERY_STRING=first=2026-10-01" in page
    assert "streams are not shown" not in page
    assert kernels(client) == 1
    close(client, page)
    assert kernels(client) == 0


def test_a_failing_cell_shows_neither_code_nor_traceback(client: httpx.Client) -> None:
    page = client.get("voila/render/failing.ipynb").text
    close(client, page)
    assert "This part of the dashboard could not be computed." in page
    for secret in ("ValueError", "told to nobody", "Traceback", "raise "):
        assert secret not in page


@pytest.mark.parametrize(
    "path",
    [
        "voila/files/environment.ipynb",
        "voila/api/contents/environment.ipynb",
        "voila/tree",
        "voila/render/unknown.ipynb",
        "api/contents",
        "api/kernels",
    ],
)
def test_nothing_else_is_served(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (403, 404)
    assert "KLAVIYO" not in answer.text


def test_no_page_may_load_anything_from_elsewhere(client: httpx.Client) -> None:
    for path in ("/", "voila/render/unknown.ipynb"):
        answer = client.get(path)
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_the_drawing_library_is_compressed_and_kept_by_the_browser(client: httpx.Client) -> None:
    answer = client.get(f"workbench/static/{bundle_name()}")
    assert answer.headers["content-encoding"] == "gzip"
    assert "max-age=315360000" in answer.headers["cache-control"]
    assert "export{" in answer.text


def test_a_name_that_is_not_this_machine_is_refused(client: httpx.Client) -> None:
    answer = client.get("/", headers={"Host": "attacker.example"})
    assert answer.status_code == 403


def test_a_taken_port_is_refused(embedded_settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"listens on 127.0.0.1:{port}"):
            serve_dashboards(embedded_settings, port=port)


def test_an_address_of_another_machine_is_refused(embedded_settings: Settings) -> None:
    with pytest.raises(InputInvalid, match="cannot listen on 192"):
        serve_dashboards(embedded_settings, host="192.0.2.1", port=0)


def test_no_more_pages_open_than_the_server_holds() -> None:
    with pytest.raises(HTTPError, match="503"):
        asyncio.run(ViewerKernels(max_kernels=0).start_kernel(env={}))
