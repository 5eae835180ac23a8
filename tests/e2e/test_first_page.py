"""What is painted before Streamlit's scripts are there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from app.components import address, scripts, styles
from app.components.charts import library
from app.server.shell import HEADINGS, INDEX, TAGLINE, first_page
from tests.e2e.drawing import see
from tests.e2e.windows import Scheme, each_window, resize
from tests.measure.page_speed import Traffic

EVERYWHERE = [*scripts("history"), *scripts("downloads")]
WINDOWS: list[tuple[Scheme, int]] = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)]

LOOKS = """(element) => {
  const { x, y, height } = element.getBoundingClientRect();
  const { color, fontSize, fontWeight, fontFamily } = getComputedStyle(element);
  return { box: [x, y, height].map(Math.round), color, fontSize, fontWeight, font: fontFamily.split(",")[0] };
}"""
CORNER = "(element) => ['x', 'y'].map((side) => Math.round(element.getBoundingClientRect()[side]))"


def place(page: Page, selector: str) -> dict[str, Any]:
    """Where something stands, and how its letters look."""
    found = page.locator(selector)
    see(found)
    return found.evaluate(LOOKS)


@pytest.mark.parametrize("name", ["draw", "train"])
def test_heading_and_outlines_stand_where_they_will_stay(page: Page, server: str, name: str) -> None:
    page.route("**/*.js", lambda route: route.abort())
    resize(page, *WINDOWS[0])
    page.goto(f"{server}/{name}")
    outlines = corners(page.locator("#shell i"))
    early = []
    for scheme, width in WINDOWS:
        resize(page, scheme, width)
        early.append(place(page, "#shell h1"))
    assert page.title() == "Glimpse Playground"
    page.unroute("**/*.js")
    resize(page, *WINDOWS[0])
    page.reload()
    see(page.locator("#root h1"))
    if name == "draw":
        outlined = page.locator("canvas.upper-canvas, .viewer")
        see(outlined.nth(1))
        assert corners(outlined) == outlines
    assert [place(page, "#root h1") for _ in each_window(page, *WINDOWS)] == early
    expect(page.locator("#shell")).to_be_hidden()


def corners(parts: Locator) -> list[list[int]]:
    return [part.evaluate(CORNER) for part in parts.all()]


def test_each_page_has_its_heading_and_streamlits_scripts(page: Page, server: str) -> None:
    html = INDEX.read_text(encoding="utf-8")
    head = html.split("</head>")[0].replace("Streamlit</title>", "Glimpse Playground</title>")
    for name in HEADINGS:
        answer = page.request.get(f"{server}/{name}")
        without = re.sub('<link rel="[a-z]+" href="parts/[^>]*>', "", answer.text())
        assert without == first_page(name, before=EVERYWHERE)
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.text().startswith(head)
    page.goto(server)
    for link, (name, heading) in enumerate(HEADINGS.items()):
        page.get_by_role("navigation").get_by_role("link").nth(link).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        expect(page.get_by_text(TAGLINE).filter(visible=True)).to_have_count(int(name == "draw"))


@pytest.mark.parametrize(("name", "component"), [("draw", "viewer"), ("train", "learning")])
def test_component_takes_the_files_that_were_fetched_early(page: Page, server: str, name: str, component: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/parts/" in request.url else None)
    page.goto(f"{server}/{name}")
    see(page.locator(f".{component}").first)
    links = page.locator("link[rel=modulepreload], link[rel=preload][as=style]")
    early = [url for url in links.evaluate_all("(links) => links.map((link) => link.href)") if "/parts/" in url]
    assert {f"{server}/{address(f'{component}.{kind}')}" for kind in ("js", "css")} <= set(early)
    # One request each: neither is any missing from the early ones, nor fetched again. Train's charts come with a run.
    later = [*scripts("charts"), *styles("charts"), *EVERYWHERE, library()[0]]
    others = {f"{server}/{file}" for file in later} - set(early)
    assert sorted(url for url in asked if url not in others) == sorted(early)


MOST_REQUESTS, MOST_KB = 160, 1_550  # of a first visit: 157 and 1,490 when this was written
KEPT = "/parts/", "/static/"


def test_first_visit_is_light_and_a_reload_asks_for_nothing_that_is_kept(page: Page, server: str) -> None:
    traffic = Traffic(page.context.new_cdp_session(page))
    page.goto(server)
    see(page.locator(".gallery button").first)
    page.wait_for_load_state("networkidle")
    assert traffic.requests <= MOST_REQUESTS
    assert traffic.bytes.total() <= 1000 * MOST_KB
    assert [file for file in traffic.bytes if "Italic" in file] == []
    asked: list[str] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.responseReceived",
        lambda event: None if event["response"]["fromDiskCache"] else asked.append(event["response"]["url"]),
    )
    page.reload()
    see(page.locator(".gallery button").first)
    page.wait_for_load_state("networkidle")
    assert f"{server}/_stcore/health" in asked
    assert [url for url in asked if any(part in url for part in KEPT)] == []
