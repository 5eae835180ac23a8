"""The model looking at the picture: from what was drawn to the viewers, one step after the other."""

from __future__ import annotations

import functools
import html
from typing import NamedTuple

import streamlit as st
from streamlit_drawable_canvas import CanvasResult

from app.components.viewer import glimpse_viewer
from app.look.field import Arrangement, Field
from app.look.layout import lay_out, model_field
from app.look.looking import LookRequest, look
from app.look.scene import Floats, Scene
from app.look.sources import digit_picture, drawn_picture
from app.server.catalogue import DEFAULT_MODEL, model_label
from app.server.models import digit_check, load_model, model_info, test_digits
from app.session import messages, picture, settings, widgets
from app.session.messages import Message, plain_text
from app.views.controls import is_comparing
from ram.data.mnist import DataError
from ram.value_fit import expected_by_value

PROMPT = "Draw a digit, or take one of the test digits"
PROMPT_FOR_LARGER = "Draw a digit anywhere, small, or take one of the test digits"


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


def take_picture(canvas: CanvasResult) -> None:
    """Makes what was drawn the picture, or, in a new session, the test digit that the URL names."""
    if (pixels := picture.new_drawing(canvas)) is not None:
        picture.show_drawing(drawn_picture(pixels))
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
        model, check, info = load_model(name, now.device), digit_check(name), model_info(name)
    except ValueError as error:  # a CheckpointError, too
        _complain(str(error))
        return None
    if laid.problem:
        _complain(laid.problem)
    if laid.problem or current is None:
        return None
    request = LookRequest(model_label(name), now.first, (now.x, now.y), now.gaze, int(now.seed))
    try:
        return look(
            model,
            laid.image,
            request,
            current.origin,
            info.class_names(),
            check=check,
            arranged=now.arrangement.decisions(laid.field),
            reward=expected_by_value(info),
        )
    except ValueError as error:
        _complain(str(error))
        return None


def _complain(problem: str) -> None:
    st.error(f"{plain_text(problem)}. Choose another model or device.", icon=":material/error:")


def show_viewers(scene: Scene | None, field: Field) -> None:
    """The chosen model's viewer, and the pretrained one's where both look at the picture, each in its own field."""
    if not is_comparing():
        _show_viewer(scene, "viewer", field)
        return
    chosen, pretrained = st.columns(2, gap="medium")
    other = find_field(DEFAULT_MODEL)
    label = model_label(settings.current().model or "")
    with chosen:
        st.html(f"<h3>{html.escape(label)}{_side(field, other.field)}</h3>")
        _show_viewer(scene, "viewer", field)
    with pretrained:
        st.html(f"<h3>{DEFAULT_MODEL}, pretrained{_side(other.field, field)}</h3>")
        _show_viewer(look_at(lay_out_picture(other), DEFAULT_MODEL), "pretrained", other.field)


def _side(field: Field, beside: Field) -> str:
    """The size of a field, where the one beside it has another."""
    return f" · {field.side}×{field.side} pixels" if field.side != beside.side else ""


def _show_viewer(scene: Scene | None, key: str, field: Field) -> None:
    now = settings.current()
    glimpse_viewer(
        scene,
        prompt=PROMPT_FOR_LARGER if field.is_larger else PROMPT,
        key=key,
        speed=now.speed,
        only_seen=now.seen == "only",
        on_place=functools.partial(_take_place, key),
        on_option=functools.partial(_take_options, key),
    )


def _take_place(key: str) -> None:
    place = widgets.value(key).place
    settings.choose_place(place["x"], place["y"])


def _take_options(key: str) -> None:
    chosen = widgets.value(key)
    settings.keep_viewer_options(chosen.get("speed"), chosen.get("only_seen"))
