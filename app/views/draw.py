"""The Draw page: a picture on the left, on the right the model looking at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from app.components.gets import VIEWER, model_input
from app.components.pad import drawing_pad, pad_tools
from app.look.field import Field
from app.server.one_at_a_time import turn
from app.server.pytorch import is_warm
from app.server.shell import heading
from app.session import address, look_on_show, picture, settings, widgets
from app.session.canvas import Report
from app.session.settings import BRUSHES
from app.views import controls, field_view
from app.views.waking import waking

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.look.scene import Scene
    from app.views.look_view import FoundField


class _Places(NamedTuple):
    """Where what follows from a stroke is shown, beside the canvas."""

    waiting: DeltaGenerator
    """Beside the viewer, never in its place: a placeholder would take the viewer off the page."""
    stage: DeltaGenerator


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    picture.note_sources(None)
    look_on_show.current().in_table = None
    found = _find_field()
    field = Field() if found is None else found.field
    with st.container(key="draw_page"):
        st.container(key="title").html(heading("draw"))
        with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
            controls.show()
        # In this order the keys go through them.
        draw = st.container(key="draw")
        with st.container(key="tools", horizontal=True, vertical_alignment="bottom", gap="small"):
            _canvas_tools()
        stage = st.container(key="stage")
        with st.container(key="gets"):
            model_input(VIEWER, key="model_input")
        with stage:
            with st.container(key="stage_title", horizontal=True, vertical_alignment="center"):
                st.html("<h2>What the model looks at</h2>", width="content")
                field_view.show_tools(field)
                present = st.container(width="content")
            waiting = st.empty()
        sources = st.container(key="other_sources")
    # Outside of that container: for each drawing, Streamlit copies those around the fragment, and all around each.
    with draw:
        title = "Draw anywhere, small" if field.is_larger else "Draw here"
        st.html(
            f"<h2>{title}</h2><p class='spoken'>With mouse, pen or finger. Without one, take a test digit or "
            "upload an image below.</p>"
        )
        _canvas_and_viewer(found, _Places(waiting, stage))
    with stage:
        from app.views import numbers_view, present_view

        look = look_on_show.current()
        with present:
            present_view.show(look.hidden)
        model = settings.current().model
        numbers_view.show_charts(VIEWER, model)
        numbers_view.show_table_and_files(look, model)
    with sources:
        from app.views import other_sources

        other_sources.show()


def _canvas_tools() -> None:
    pad_tools(picture.CANVAS.key, key="canvas_tools")
    st.select_slider("Brush size", BRUSHES, key="brush", width=84)


@st.fragment
def _canvas_and_viewer(found: FoundField | None, places: _Places) -> None:
    """The canvas and what follows from a drawing: a fragment, because all else stays as it is while one draws.

    Each element costs a message, and some tenths of a millisecond: here are only those that a stroke changes.
    """
    with turn():
        canvas = _show_canvas(Field() if found is None else found.field)
        with waking(places.waiting, "Waking the model"):
            from app.views import look_view

            look_view.take_picture(canvas)
        with settings.read_once():
            look_on_show.show(_look(found, places), is_hidden=settings.current().present != "no")
            # A drawing may be on its way when somebody presents.
            is_missed = settings.current().present == "yes" and widgets.comes_from_a_fragment()
            address.write("draw")
    if picture.sources_are_outdated() or look_on_show.table_is_outdated() or is_missed:
        st.rerun()


def _look(found: FoundField | None, places: _Places) -> Scene | None:
    """Returns what the model saw, if it looked; everybody may see it only where nothing is presented."""
    with waking(places.waiting, "Waking the model"):
        from app.views import inside_view, look_view

        expected = Field() if found is None else found.field
        if found is None:
            found = look_view.find_field(settings.current().model)
        laid = look_view.lay_out_picture(found)
        with places.stage:
            scene = look_view.look_at(laid, settings.current().model)
    if found.field != expected:
        st.rerun()  # The canvas was there before the model: only now is it known how large to draw.
    with places.stage:
        gets = field_view.what_the_model_gets(picture.current(), laid.field, laid.image)
        look_view.show_viewers(scene, found.field, gets)
        if settings.current().present == "no":
            inside_view.show(scene, settings.current().model)
    return scene


def _find_field() -> FoundField | None:
    """The field of the chosen model; None as long as finding it would mean waiting for PyTorch."""
    if not is_warm():
        return None
    from app.views import look_view

    return look_view.find_field(settings.current().model)


def _show_canvas(field: Field) -> Report:
    return picture.show_canvas(drawing_pad, field_view.stroke_width(settings.brush(), field))
