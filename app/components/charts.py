"""Plotly charts that stay on the page while their figures change.

`st.plotly_chart` makes the figure part of the element's identity, even with a key (Streamlit 1.67): at
every change the browser takes the chart off the page and builds a new one, which flickers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import plotly

from app.components import component
from app.figures.chart import Figure

# Without a shadow root, because Plotly puts its own style sheet into the document's head.
_mount = component("charts", html='<div class="live-charts" hidden></div>', isolate_styles=False)


def library() -> tuple[str, Path]:
    """Address and place of plotly.js, which comes from the installed package; the address names its version."""
    return f"parts/plotly-{plotly.__version__}.js", Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def live_charts(charts: dict[str, Any], *, key: str) -> None:
    """Shows what `charts_data` made in two columns, one where it is narrow; what changes is redrawn in place.

    `key` identifies the charts on the page.
    """
    _mount(data=charts, key=key)


def belief_charts(viewer: str, *, key: str) -> None:
    """Shows what the model believes in the look that the viewer of that key shows; the browser makes these charts."""
    _mount(data={**charts_data({}, {}), "viewer": viewer}, key=key)


def charts_data(
    figures: dict[str, Figure], alts: dict[str, str], captions: dict[str, str] | None = None
) -> dict[str, Any]:
    """What the browser needs: each figure as JSON text, which is quickly compared, and where plotly.js is.

    Args:
        figures: by name; a chart is moved on as long as its name stays. Colours and fonts that a figure leaves
            open are those of the page, in the manner of `st.plotly_chart`.
        alts: what each chart shows, in words.
        captions: what stands beneath each chart, if anything does.
    """
    return {
        "viewer": "",
        "library": library()[0],
        "charts": [
            {
                "name": name,
                "alt": alts[name],
                "caption": captions[name] if captions else "",
                "height": figure.layout["height"],
                "figure": json.dumps(figure._asdict(), allow_nan=False, separators=(",", ":")),
            }
            for name, figure in figures.items()
        ],
    }
