"""What a browser paints at once: the page's heading and the outlines of what comes, in Streamlit's own first page.

A browser needs a second for Streamlit's scripts. Until they show the page's own heading, this one stands in its
place, with the same size and colours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route
from streamlit import config

HEADINGS = {
    "draw": "Glimpse Playground",
    "train": "Train",
    "learning": "Learning",
    "drawings": "My drawings",
    "model": "The model",
}
TAGLINE = "Draw a digit, and watch a network look."
INDEX = Path(streamlit.__file__).with_name("static") / "index.html"

STYLE = """<style>
html { color-scheme: light dark; }
body { margin: 0; background: light-dark(#ffffff, #12141c); }
#shell { position: absolute; inset: 0; z-index: 1; pointer-events: none; overflow: hidden; box-sizing: border-box;
  max-width: 1600px; margin: 0 auto; padding: 4.2rem 2.5rem 2rem; color: light-dark(#12141c, #eceef6);
  font-family: "Source Sans", system-ui, sans-serif; }
#shell h1 { margin: 0 0 0.2rem; font-size: 1.5rem; font-weight: 700; line-height: 1.6; letter-spacing: -0.02em; }
#shell p { margin: 0; font-size: 0.875rem; line-height: 1.4; opacity: 0.65; }
#shell div { display: grid; grid-template-columns: 280px minmax(0, 1fr); gap: 2.75rem;
  position: absolute; inset: 11.73rem 2.5rem auto; }
#shell i { font-style: normal; height: 280px; border-radius: 10px; background: light-dark(#f3f3f8, #1d2030);
  animation: breathe 1.6s ease-in-out infinite alternate; }
@keyframes breathe { to { opacity: 0.5; } }
@media (prefers-reduced-motion: reduce) { #shell i { animation: none; } }
@media (max-width: 1250px) { #shell div { top: 14.73rem; } }
@media (max-width: 900px) {
  #shell { padding: 4rem 1rem 2rem; }
  #shell div { grid-template-columns: 280px; inset: 11.1rem 1rem auto; }
  #shell i + i { display: none; }
}
body:has(#root :is(h1, [role="dialog"], [role="alert"])) #shell { display: none; }
body:not(:has(#root h1)) [data-testid="stAppSkeleton"] { visibility: hidden; }
</style>
<noscript><style>#shell div { display: none; }</style></noscript>"""


def heading(name: str) -> str:
    """The HTML of a page's heading, by the page's name in the URL."""
    tagline = f"<p class='tagline'>{TAGLINE}</p>" if name == "draw" else ""
    return f'<h1 class="wordmark">{HEADINGS[name]}</h1>{tagline}'


def first_page(name: str, files: Sequence[str] = (), before: Sequence[str] = ()) -> str:
    """Streamlit's first page with the heading of one of our pages and the outlines of its content.

    The browser runs the scripts `before` Streamlit's have asked the server for anything. It fetches the `files`,
    scripts and style sheets, at once, while the server prepares what needs them.
    """
    outlines = "<div><i></i><i></i></div>" if name == "draw" else ""
    shell = f'{STYLE}<div id="shell" aria-busy="true">{heading(name)}{outlines}</div>'
    page = INDEX.read_text(encoding="utf-8").replace("<title>Streamlit</title>", "<title>Glimpse Playground</title>")
    early = "".join(_fetched_early(file) for file in files)
    run = "".join(f'<script type="module" src="{script}"></script>' for script in before)
    return page.replace("</head>", f"{early}{run}</head>").replace("</body>", f"{shell}</body>")


def _fetched_early(file: str) -> str:
    how = "preload" if file.endswith(".css") else "modulepreload"
    return f'<link rel="{how}" href="{file}"{" as=style" if how == "preload" else ""}>'


def routes(files: Mapping[str, Sequence[str]], before: Sequence[str] = ()) -> list[Route]:
    """Routes for the address of each page, where a browser asks for the first page.

    Args:
        files: addresses of the modules and style sheets that each page needs, by the page's name.
        before: addresses of the modules that each page runs before Streamlit's have asked the server for anything.
    """
    base = base_path()
    names = {"": "draw", **{name: name for name in HEADINGS}}
    pages = [_route(f"{base}/{end}", first_page(name, files.get(name, ()), before)) for end, name in names.items()]
    return [*pages, *(_without_slash(base, name) for name in HEADINGS)]


def base_path() -> str:
    """The path below which the server's own setting has the app: empty, or without a slash at its end."""
    path = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def _without_slash(base: str, name: str) -> Route:
    """Leads from the address with a slash at its end to the one without."""

    async def answer(request: Request) -> RedirectResponse:
        # Relative: a proxy may have taken a path away that the browser knows of.
        return RedirectResponse(f"../{name}{'?' if request.url.query else ''}{request.url.query}", 308)

    return Route(f"{base}/{name}/", answer)


def scripts_in_place() -> list[str]:
    """The scripts that stand in the first page itself, which browsers run only if they are told to."""
    return re.findall("<script>(.*?)</script>", INDEX.read_text(encoding="utf-8"), re.DOTALL)


def _route(path: str, page: str) -> Route:

    async def answer(_request: Request) -> HTMLResponse:
        # As with Streamlit's own first page: it names the scripts of one version, and must not be cached.
        return HTMLResponse(page, headers={"Cache-Control": "no-cache"})

    return Route(path, answer)
