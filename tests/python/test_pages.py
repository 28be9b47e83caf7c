"""The report's pages in a real browser: offline, without errors, without anybody's address."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PROJECT, run_lifecycle

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
ORDERS = (
    "order_id,customer_id,ordered_at,status,gross_amount\n"
    "o1,c1,2024-03-01 10:00,paid,-5\n"
    "o2,c1,ada@example.org,paid,5\n"
    'o3,c1,2024-03-01 10:00,"<script>document.title = ""owned""</script>",5\n'
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a check that found something."""
    folder = tmp_path_factory.mktemp("a report")
    (folder / "in").mkdir()
    (folder / "in" / "customers.csv").write_text("customer_id\nc1\n")
    (folder / "in" / "orders.csv").write_text(ORDERS)
    done = run_lifecycle(
        "check", folder / "in", "--report", folder / "out",
        cwd=folder, LIFECYCLE_PROJECT=PROJECT,
        LIFECYCLE_DUCKDB=folder / "company.duckdb",
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return folder / "out" / "data_docs"


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """A Chromium that is on this machine."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


def test_every_page_opens_offline(report: Path, browser: object) -> None:
    pages = sorted(report.rglob("*.html"))
    assert len(pages) > 2
    asked: set[str] = set()
    wrong: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.add(request.url.split(":")[0]))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for file in pages:
        page.goto(file.as_uri(), wait_until="load")
        assert page.title() != "owned"
        text = page.inner_text("body")
        assert "ada@example.org" not in text
        # Bootstrap is there: without it the page would be naked.
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px"
    assert asked <= {"file", "data"}
    assert wrong == []


def test_the_first_page_says_what_is_wrong(report: Path, browser: object) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((report / "index.html").as_uri(), wait_until="load")
    text = page.inner_text("body")
    assert "orders" in text
    assert "gross_amount" in text
    kept = os.environ.get("LIFECYCLE_SCREENSHOTS")
    if kept:
        page.screenshot(path=str(Path(kept) / "report.png"), full_page=True)
