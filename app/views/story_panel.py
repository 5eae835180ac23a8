"""A unit's story on the page: the test digits, and the places in them, that excite it most."""

from __future__ import annotations

import base64
import html

from app.figures.excited import example_png, patch_png
from app.look.formula import plain
from app.look.stories import Example, Story


def story_in_html(found: Story) -> str:
    """What excites a unit, in words and pictures."""
    if not found.examples:
        return (
            "<div class='story'><h3>A dead unit</h3>"
            f"<p>None of the glimpses at {found.digits} test digits makes it active.</p></div>"
        )
    strongest = sorted(range(len(found.by_label)), key=lambda label: -found.by_label[label])[:2]
    means = " and ".join(f"{label} ({plain(float(found.by_label[label]), 2)})" for label in strongest)
    figures = "".join(map(_figure, found.examples))
    return (
        f"<div class='story'><h3>What excites it most</h3><p>It is active at {found.active} of {found.digits} test "
        f"digits, and by their mean most at {means}.</p><div class='examples'>{figures}</div></div>"
    )


def _figure(example: Example) -> str:
    x, y = example.corner
    alt = f"Test digit {example.position}, a {example.label}: glimpse {example.glimpse}, window at column {x}, row {y}"
    return (
        f"<figure><img src='{_data_url(example_png(example))}' alt='{html.escape(alt)}'>"
        f"<img src='{_data_url(patch_png(example))}' alt='' class='patch'>"
        f"<figcaption><b>{plain(example.activation, 2)}</b> {example.label}, glimpse {example.glimpse}</figcaption>"
        "</figure>"
    )


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
