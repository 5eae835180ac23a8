"""The door to what needs PyTorch, whose import takes a cold server some seconds.

Each page first draws what it can without PyTorch, and imports the rest of itself behind this door, in its function
`show`. Everywhere else imports stand at the top.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from streamlit.delta_generator import DeltaGenerator

from app.server.pytorch import is_warm


@contextlib.contextmanager
def waking(place: DeltaGenerator, what: str) -> Iterator[None]:
    """Says at an empty place that the user has to wait, if the block is going to import PyTorch."""
    if is_warm():
        yield
        return
    place.info(f"{what}. This takes a few seconds, once.", icon=":material/hourglass_top:")
    yield
    place.empty()
