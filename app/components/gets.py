"""The image that the model gets, beside the viewer, which brings it: an element of its own would cost each drawing."""

from __future__ import annotations

from typing import Any, NamedTuple

from app.components import component
from app.look.scene import Floats

VIEWER = "viewer"  # the key of the Draw page's viewer: the charts, the inside and what the model gets follow it

_mount = component("gets")


class ModelInput(NamedTuple):
    """What a model gets, and what it is in words."""

    image: Floats
    """(H, W), grey levels in [0, 1]."""
    width: int
    """In which it is shown, in pixels of the page."""
    alt: str
    lines: list[str]
    made_for: str
    """What the model was made for; empty if nothing needs to be said."""


def model_input(viewer: str, *, key: str) -> Any:
    """Shows the `ModelInput` that the viewer of that key was given."""
    return _mount(data={"viewer": viewer}, key=key)
