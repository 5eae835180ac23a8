"""axe-core, the field's automatic accessibility checker, in a page."""

from __future__ import annotations

from importlib import resources
from typing import Any

from playwright.sync_api import Page

SCRIPT = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
FOUND = """async (context) => {
  const { violations } = await axe.run(context ?? document, { resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}"""


def violations(page: Page, context: dict[str, Any] | None = None) -> list[tuple[str, list[str]]]:
    """The rules that a page breaks, or a part of it, and the elements that break them; a page reads the script once."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(SCRIPT)
    return [(rule, elements) for rule, elements in page.evaluate(FOUND, context)]
