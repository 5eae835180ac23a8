"""The app in other engines than Chromium's: what a visitor does first, and no script fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.browsers.engines import Engine, firefox, line, press, wait_for, webkit
from tests.processes import end_runs
from tests.servers import started_server

ENGINES: dict[str, Callable[[Path], AbstractContextManager[Engine]]] = {"Firefox": firefox, "WebKit": webkit}
LEFT, HOME, END = "\ue012", "\ue011", "\ue010"  # as WebDriver writes these keys

# Finds elements in components, too, which have a tree of their own each, and listens for what fails.
PREPARED = """(() => {
  window.failures ??= [];
  const note = ({ error, reason }) => (error ?? reason) && window.failures.push(String(error ?? reason));
  window.all ??= (addEventListener("error", note), addEventListener("unhandledrejection", note), (selector) => {
    const found = [];
    const search = (root) => {
      found.push(...root.querySelectorAll(selector));
      for (const element of root.querySelectorAll("*")) if (element.shadowRoot) search(element.shadowRoot);
    };
    search(document);
    return found.filter((element) => element.getClientRects().length);
  });
  return true;
})()"""
SCRUB = "Number(all('.viewer .scrub')[0]?.value)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app; its log must end without a traceback."""
    folder = tmp_path_factory.mktemp("server")
    with started_server(folder) as server:
        yield server.address
    end_runs(folder / "runs")
    assert "Traceback" not in (folder / "log").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each browser in turn."""
    with ENGINES[request.param](tmp_path_factory.mktemp("browser")) as engine:
        yield engine


def open_page(engine: Engine, address: str, awaited: str) -> None:
    """Loads a page and waits until this is on it."""
    engine.open(address)
    engine.ask(PREPARED)
    wait_for(engine, f"all({awaited!r}).length > 0", seconds=120)


def draw(engine: Engine, *points: tuple[float, float]) -> None:
    """Draws a line on the canvas of 280 pixels."""
    left, top = engine.ask("(({ x, y }) => [x, y])(all('canvas.upper-canvas')[0].getBoundingClientRect())")
    engine.act(line(*((left + x, top + y) for x, y in points)))


def assert_nothing_failed(engine: Engine) -> None:
    assert engine.ask("window.failures") == []
    assert engine.ask("all('.stException').length") == 0


def test_digit_is_drawn_played_and_stepped_through(engine: Engine, server: str) -> None:
    open_page(engine, f"{server}/?speed=4", ".viewer .empty:not(:empty)")
    wait_for(engine, "all('canvas.upper-canvas').length > 0")
    draw(engine, (70, 70), (140, 70), (210, 70), (170, 150), (130, 230))
    wait_for(engine, f"{SCRUB} > 0")
    wait_for(engine, "all('.answer')[0].textContent.startsWith('RAM says 7 (')")
    wait_for(engine, f"{SCRUB} === 5")  # the last of six glimpses
    engine.act(press(LEFT))
    wait_for(engine, f"{SCRUB} === 4")
    engine.act(press(HOME))
    wait_for(engine, f"{SCRUB} === 0")
    assert_nothing_failed(engine)


def test_undo_takes_the_drawing_back(engine: Engine, server: str) -> None:
    open_page(engine, server, ".tools .undo")
    wait_for(engine, "all('canvas.upper-canvas').length > 0")
    draw(engine, (140, 40), (140, 240))
    wait_for(engine, "all('.viewer .empty').every((element) => !element.textContent)")
    engine.ask("all('.tools .undo')[0].click() ?? null")
    wait_for(engine, "all('.viewer .empty:not(:empty)').length > 0")
    assert_nothing_failed(engine)


def test_train_page_opens(engine: Engine, server: str) -> None:
    open_page(engine, f"{server}/train", ".st-key-start_training button")
    assert_nothing_failed(engine)


def test_drawing_is_kept(engine: Engine, server: str) -> None:
    open_page(engine, f"{server}/drawings", ".classes button")
    wait_for(engine, "all('canvas.upper-canvas').length > 0")
    draw(engine, (140, 40), (140, 240))
    engine.act(press("1"))
    wait_for(engine, "document.body.textContent.includes('Kept as 1.')")
    wait_for(engine, "all('.gallery button').length === 1")
    assert_nothing_failed(engine)
