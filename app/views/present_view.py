"""The presentation on the Draw page: what it shows, and which digit comes next."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.components.present import presentation
from app.look.hardest import hardest_digits, misread_digits
from app.look.scene import Scene
from app.look.sources import digit_picture
from app.server.models import test_digits
from app.session import messages, picture, settings, widgets
from app.session.messages import Message
from ram.data.mnist import DataError

KEY = "presentation"
HARD = 100  # digits among which a hard one is chosen


def show(scene: Scene | None) -> None:
    """Draws the button, and the presentation if it is open."""
    now = settings.current()
    presentation(
        scene,
        mode=now.present,
        label="" if scene is None or scene.truth is None else scene.class_names[scene.truth],
        kind=now.next_kind,
        key=KEY,
        on_mode=_take_mode,
        on_next=_take_next,
    )


def show_cover() -> None:
    """What stands in the viewer's place while nobody is to see it."""
    st.html(
        "<div class='cover'><h3>Covered</h3><p>Draw a digit. Nobody sees what the model makes of it before you press "
        "<b>Reveal it</b>.</p></div>"
    )


def _take_mode() -> None:
    mode = widgets.value(KEY).mode
    settings.present(mode)
    current = picture.current()
    if mode == "yes" and current is None:
        _take_digit(settings.current().next_kind)
    if mode == "cover" and current is not None and current.test_digit is not None:
        picture.show(None)  # nobody has seen it yet


def _take_next() -> None:
    kind = widgets.value(KEY).next
    settings.keep_next_kind(kind)
    _take_digit(kind)


def _take_digit(kind: str) -> None:
    try:
        digits = test_digits()
        current = picture.current()
        position = _choose(kind, settings.current().model or "", None if current is None else current.test_digit)
    except (DataError, ValueError) as error:  # a CheckpointError, too
        messages.say(picture.PAGE, Message(f"The test digits cannot be shown: {error}.", is_problem=True))
        return
    picture.show_where_it_lay(digit_picture(digits, position))


def _choose(kind: str, model: str, but: int | None) -> int:
    """A test digit of a kind by chance, another one than the one on show."""
    if kind == "hardest":
        choice = hardest_digits(model)[:HARD]
    elif kind == "misread" and len(misread_digits(model)) > 1:
        choice = misread_digits(model)
    else:
        choice = np.arange(len(test_digits().labels))
    return int(np.random.default_rng().choice(choice[choice != but]))
