"""The model looking at the picture: from what was drawn to the viewers, one step after the other."""

from __future__ import annotations

import html
from typing import NamedTuple

import streamlit as st

from app.components.gets import VIEWER, ModelInput
from app.look.field import Arrangement, Field
from app.look.layout import lay_out, model_field
from app.look.looking import LookRequest, look
from app.look.picture import Picture
from app.look.scene import Floats, Scene
from app.look.sources import digit_picture, drawn_picture
from app.server.catalogue import DEFAULT_MODEL, model_label
from app.server.models import load, test_digits
from app.session import messages, picture, settings
from app.session.canvas import Report
from app.session.messages import Message, plain_text
from app.views.asking import look_request, show_viewer
from app.views.controls import is_comparing
from ram.data.mnist import DataError
from ram.value_fit import expected_by_value

EXAMPLE, EXAMPLE_SEED = 187, 5  # a five whose class the shipped models find out step by step


class FoundField(NamedTuple):
    """The images that a model was trained on; those of plain digits if it has none that can be made."""

    field: Field = Field()
    problem: str = ""
    """Why there are none, in words."""


class LaidOut(NamedTuple):
    """The picture as a model gets it."""

    field: Field
    image: Floats
    problem: str
    """Why nothing can look at it, in words; empty if something can."""


def take_picture(canvas: Report) -> None:
    """Makes what was drawn the picture, or, in a new session, the test digit that the URL names."""
    if (levels := picture.new_drawing(canvas)) is not None:
        picture.show_drawing(drawn_picture(levels))
    if (position := picture.take_requested_digit()) is not None:
        try:
            picture.show(digit_picture(test_digits(), position))
        except DataError as error:
            text = f"The test digits cannot be shown: {error}."
            messages.say(picture.PAGE, Message(text, is_problem=True))


def find_field(name: str | None) -> FoundField:
    """The field of a model."""
    if name is None:
        return FoundField()
    try:
        return FoundField(model_field(name))
    except ValueError as error:  # a CheckpointError, too
        return FoundField(problem=str(error))


def lay_out_picture(found: FoundField) -> LaidOut:
    """Lays the current picture out in a field."""
    current, wanted = picture.current(), settings.current().arrangement
    try:
        digits = test_digits() if wanted.count_pieces(found.field) else None
    except DataError as error:
        bare = lay_out(current, found.field, Arrangement("no", place_seed=wanted.place_seed))
        return LaidOut(found.field, bare, found.problem or str(error))
    return LaidOut(found.field, lay_out(current, found.field, wanted, digits), found.problem)


def look_at(laid: LaidOut, name: str | None) -> Scene | None:
    """Loads the model and lets it look; an error becomes one sentence on the page."""
    if name is None:
        st.error("There is no model: put a checkpoint into the folder checkpoints/.", icon=":material/error:")
        return None
    now, current = settings.current(), picture.current()
    try:
        model, check, info = load(name, now.device)
    except ValueError as error:  # a CheckpointError, too
        _complain(str(error))
        return None
    if laid.problem:
        _complain(laid.problem)
    if laid.problem or current is None or not current.is_one:
        return None
    try:
        return look(
            model,
            laid.image,
            look_request(name),
            current.origin,
            info.class_names(),
            check=check,
            drawing=current.image,
            arranged=now.arrangement.decisions(laid.field),
            reward=expected_by_value(info),
            truth=_right_class(current, info.class_names()),
        )
    except ValueError as error:
        _complain(str(error))
        return None


def _right_class(current: Picture, names: tuple[str, ...]) -> int | None:
    """The class of a test digit, if the model has one of that name."""
    if current.test_digit is None:
        return None
    label = str(int(test_digits().labels[current.test_digit]))
    return names.index(label) if label in names else None


def _complain(problem: str) -> None:
    st.error(f"{plain_text(problem)}. Choose another model or device.", icon=":material/error:")


def _example(name: str | None, field: Field) -> Scene | None:
    """A look of this model at a test digit; None where there is no such look."""
    try:
        model, _, info = load(name or "", settings.current().device)
        digits = test_digits()
        digit = digit_picture(digits, EXAMPLE)
        image = lay_out(digit, field, Arrangement(), digits)
        request = LookRequest(model_label(name or ""), seed=EXAMPLE_SEED)
        return look(model, image, request, digit.origin, info.class_names(), reward=expected_by_value(info))
    except (ValueError, DataError):  # a CheckpointError, too: the page has said so already
        return None


def show_viewers(scene: Scene | None, field: Field, gets: ModelInput) -> None:
    """The chosen model's viewer, and the pretrained one's where both look at the picture, each in its own field.

    While something is presented there is only a covered one.
    """
    name = settings.current().model
    if settings.current().present != "no":
        show_viewer(None, VIEWER, field, name, gets=gets, is_covered=True)
        return
    if not is_comparing():
        example = _example(name, field) if picture.current() is None else None
        show_viewer(scene, VIEWER, field, name, gets=gets, example=example)
        return
    chosen, pretrained = st.columns(2, gap="medium")
    other = find_field(DEFAULT_MODEL)
    label = model_label(name or "")
    with chosen:
        st.html(f"<h3>{html.escape(label)}{_side(field, other.field)}</h3>")
        show_viewer(scene, VIEWER, field, name, gets=gets)
    with pretrained:
        st.html(f"<h3>{DEFAULT_MODEL}, pretrained{_side(other.field, field)}</h3>")
        show_viewer(look_at(lay_out_picture(other), DEFAULT_MODEL), "pretrained", other.field, DEFAULT_MODEL)


def _side(field: Field, beside: Field) -> str:
    """The size of a field, where the one beside it has another."""
    return f" · {field.side}×{field.side} pixels" if field.side != beside.side else ""
