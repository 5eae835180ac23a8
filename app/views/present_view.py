"""The presentation on the Draw page: what it shows, and which digit comes next."""

from __future__ import annotations

import dataclasses

import numpy as np

from app.components.present import presentation
from app.look.hardest import first_misread, hardest_digits, misread_digits
from app.look.scene import Scene
from app.server.models import test_digits
from app.session import messages, picture, settings, widgets
from app.session.messages import Message
from app.views import digits_view
from app.views.asking import look_request
from ram.data.mnist import DataError

KEY = "presentation"
HARD = 100  # digits among which a hard one is chosen
MOST_LOOKS = 40  # until one is found that is misread


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


def _take_mode() -> None:
    if (mode := widgets.sent(KEY, "mode")) is None:
        return
    was_covered = settings.current().present == "cover"
    settings.present(mode)
    current = picture.current()
    if mode == "yes" and current is None and not was_covered:
        _take_digit(settings.current().next_kind)
    if mode == "cover" and current is not None and current.test_digit is not None:
        picture.show(None)  # nobody has seen it yet


def _take_next() -> None:
    if (kind := widgets.sent(KEY, "next")) is not None:
        settings.keep_next_kind(kind)
        _take_digit(kind)


def _take_digit(kind: str) -> None:
    try:
        current = picture.current()
        position = _choose(kind, settings.current().model or "", None if current is None else current.test_digit)
    except (DataError, ValueError) as error:  # a CheckpointError, too
        messages.say(picture.PAGE, Message(f"The test digits cannot be shown: {error}.", is_problem=True))
        return
    digits_view.take(position)


def _choose(kind: str, model: str, but: int | None) -> int:
    """A test digit of a kind by chance, another one than the one on show."""
    choice = np.arange(len(test_digits().labels)) if kind == "any" else hardest_digits(model)[:HARD]
    order = np.random.default_rng().permutation(choice[choice != but])
    misread = _misread(model, order, but) if kind == "misread" else None
    return int(order[0] if misread is None else misread)


def _misread(model: str, others: np.ndarray, but: int | None) -> int | None:
    """One that this model reads wrong as it looks on this page, not only where its first glimpse is in the centre."""
    now, known = settings.current(), misread_digits(model)
    likely = np.random.default_rng().permutation(known[known != but])
    positions = map(int, np.concatenate([likely, others])[:MOST_LOOKS])
    # The digit will lie where it was, and the model will look of its own accord.
    request, arrangement = look_request(model).before(1), dataclasses.replace(now.arrangement, place_seed=0)
    return first_misread(positions, model, request, arrangement, now.device)
