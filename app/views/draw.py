"""The Draw page: a picture on the left, on the right the model looking at it."""

from __future__ import annotations

import functools
import html
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import CanvasResult

from app.components.gallery import digit_gallery
from app.components.viewer import glimpse_viewer
from app.look.field import Field, Picture, lay_out
from app.server import resources
from app.server.one_at_a_time import turn
from app.server.shell import heading
from app.session import address, picture
from app.session.address import BRUSHES, DIGIT_KINDS, LARGEST_SEED
from app.views.field_view import arrangement, field_of_model, show_tools, show_what_the_model_gets, stroke_width

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.look.looking import Settings
    from app.look.scene import Scene

PROMPT = "Draw a digit, or take one of the test digits"
PROMPT_FOR_LARGER = "Draw a digit anywhere, small, or take one of the test digits"
GALLERY_SIZE = 12
HEAD_START = 0.035  # seconds


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    st.session_state.pop("extras_show", None)
    with st.container(key="desk"):
        st.container(key="title").html(heading("draw"))
        with st.container(key="controls", horizontal=True, vertical_alignment="bottom"):
            _controls()
        bench = st.container()
        with st.container(key="tools", horizontal=True, vertical_alignment="center", gap="small"):
            _canvas_tools()
        with bench:
            _bench()
        with st.container(key="extras"):
            _other_ways_in()


@st.fragment
def _bench() -> None:
    """The canvas and what follows from a drawing: a fragment, because all else stays as it is while one draws."""
    with turn():
        scene, numbers = _look_at_the_picture()
    if scene is not None:
        # The charts keep the browser busy for a tenth of a second: the viewer's first frame goes before.
        time.sleep(HEAD_START)
        with turn(), numbers:
            _show_numbers(scene)
    address.write("draw")
    now = _extras_state()
    if st.session_state.get("extras_show", now) != now:
        st.rerun()  # They lie outside, and still mark a test digit or complain of an upload.


def _look_at_the_picture() -> tuple[Scene | None, DeltaGenerator]:
    """Returns the scene, if there is one, and the place for its numbers."""
    # A session's canvas is forgotten when its page is left: without one, the page was just opened.
    entering = "canvas" not in st.session_state
    picture.restore_drawing()
    field = field_of_model(st.session_state.model)
    with st.container(key="bench"):
        draw, stage, gets = (st.container(key=key) for key in ("draw", "stage", "gets"))
    with draw:
        title = "Draw anywhere, small" if field.is_larger else "Draw here"
        st.html(
            f"<h2>{title}</h2><p class='spoken'>With mouse, pen or finger. Without one, take a test digit or upload "
            "an image below.</p>"
        )
        canvas = picture.show_canvas(stroke_width(st.session_state.brush, field), entering=entering)
    with stage:
        with st.container(key="stage_title", horizontal=True, vertical_alignment="center"):
            st.html("<h2>What the model looks at</h2>", width="content")
            show_tools(field)
        # Beside the viewer, never in its place: a placeholder would take the viewer off the page at every rerun.
        waking = st.empty()
    if not resources.is_warm():
        waking.info("Waking the model. This takes a few seconds, once.", icon=":material/hourglass_top:")

    _take_picture(canvas)
    with stage:
        scene = _look(picture.current_picture(), st.session_state.model)
        waking.empty()
        if field != field_of_model(st.session_state.model):
            st.rerun()  # The frame was there before the model: now it is known what to draw for.
        if _is_comparing():
            _show_both(scene, field)
        else:
            _show_viewer(scene, "viewer", field)
    with gets:
        show_what_the_model_gets(picture.current_picture(), field)
    return scene, stage


def _take_picture(canvas: CanvasResult) -> None:
    from ram.data.mnist import DataError

    picture.take_drawing(canvas)
    try:
        picture.restore_test_digit()
    except DataError as error:
        st.session_state.problem = f"The test digits cannot be shown: {error}."


def _controls() -> None:
    names = resources.model_labels()
    st.selectbox(
        "Model",
        [*names],
        key="model",
        width=170,
        placeholder="none found",
        format_func=lambda name: names[name],
        help="mnist reads MNIST's digits and what people draw. The others find a digit in a larger field, or were "
        "trained here.",
    )
    if _can_compare():
        st.segmented_control(
            f"Compare with {resources.DEFAULT_MODEL}",
            ["no", "yes"],
            required=True,
            key="compare",
            help="Shows what the pretrained model does with the same picture beside it.",
        )
    st.segmented_control(
        "First glimpse",
        ["random", "centre", "place"],
        required=True,
        key="first",
        help="Where the first glimpse falls. For a place, click on the digit in the viewer.",
    )
    st.segmented_control(
        "Gaze",
        ["mean", "sampled"],
        required=True,
        key="gaze",
        help="Look at the mean of the location policy, or at samples of it.",
    )
    st.button("Look again", on_click=_look_again, icon=":material/visibility:", help="The same picture, the next seed.")
    with st.popover("More", icon=":material/tune:"):
        # Made in the browser only when opened: without a default, they would not know their values by then.
        state = st.session_state
        st.segmented_control(
            "Device",
            resources.device_names(),
            default=state.device,
            required=True,
            key="device",
        )
        st.number_input("Seed", 0, LARGEST_SEED, state.seed, key="seed", help="Decides everything random.")
        st.slider("First glimpse, x", -1.0, 1.0, state.x, 0.01, key="x", on_change=_choose_place)
        st.slider("First glimpse, y", -1.0, 1.0, state.y, 0.01, key="y", on_change=_choose_place)


def _look_again() -> None:
    st.session_state.seed = (st.session_state.seed + 1) % (LARGEST_SEED + 1)


def _choose_place() -> None:
    st.session_state.first = "place"


def _canvas_tools() -> None:
    st.button("Undo", key="undo", on_click=picture.undo, icon=":material/undo:")
    st.button("Clear", key="clear", on_click=picture.clear, icon=":material/delete:")
    st.select_slider(
        "Brush size",
        BRUSHES,
        key="brush",
        label_visibility="collapsed",
        width=84,
    )


def _other_ways_in() -> None:
    chosen, problem = st.session_state.extras_show = _extras_state()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            "Test digits",
            DIGIT_KINDS,
            key="digits",
            width=140,
            help="Hardest: those whose right class this model thinks least likely; in a larger field, of the first "
            f"{resources.HARDEST_OF:,}.",
        )
        st.button("Others", on_click=_shuffle, icon=":material/shuffle:", help="Show other digits")
    _show_gallery(kind, chosen)
    if problem:
        st.warning(problem, icon=":material/image_not_supported:")
    with st.popover("Upload an image", icon=":material/upload:"):
        st.file_uploader(
            "PNG or JPEG, at most 5 MB; dark on light or light on dark",
            type=["png", "jpg", "jpeg"],
            max_upload_size=5,
            key="upload",
            on_change=_upload,
        )


def _extras_state() -> tuple[int | None, str]:
    """What the extras show of the picture: the test digit that it is, and what is wrong with an upload."""
    current = picture.current_picture()
    return None if current is None else current.test_digit, st.session_state.get("problem", "")


def _show_gallery(kind: str, chosen: int | None) -> None:
    from ram.data.mnist import DataError

    try:
        positions = _gallery_positions(kind)
    except (ValueError, DataError) as error:  # a CheckpointError, too
        st.warning(f"No test digits: {error}.", icon=":material/image_not_supported:")
        return
    digits = resources.test_digits()
    digit_gallery(
        digits.images[positions].numpy(),
        keys=positions,
        names=[f"test digit {position}, a {int(digits.labels[position])}" for position in positions],
        chosen=chosen,
        label="Test digits",
        key="gallery",
        on_pick=_pick,
    )


def _gallery_positions(kind: str) -> list[int]:
    page = st.session_state.get("gallery_page", 0)
    labels = resources.test_digits().labels.numpy()
    if kind == "hardest":
        order = resources.hardest_digits(st.session_state.model)
    else:
        order = np.random.default_rng(0).permutation(len(labels))
    if kind.isdecimal():
        order = order[labels[order] == int(kind)]
    start = page * GALLERY_SIZE % len(order)
    return [int(position) for position in order[start : start + GALLERY_SIZE]]


def _shuffle() -> None:
    st.session_state.gallery_page = st.session_state.get("gallery_page", 0) + 1


def _pick() -> None:
    st.session_state.spot = 0
    picture.take_test_digit(st.session_state.gallery.pick)


def _upload() -> None:
    file = st.session_state.upload
    if file is not None:
        picture.take_upload(file.getvalue())


def _can_compare() -> bool:
    return st.session_state.model != resources.DEFAULT_MODEL and resources.DEFAULT_MODEL in resources.model_names()


def _is_comparing() -> bool:
    return _can_compare() and st.session_state.compare == "yes"


def _show_both(scene: Scene | None, field: Field) -> None:
    """The chosen model's viewer and the pretrained one's, both at the same picture, each in its own field."""
    chosen, pretrained = st.columns(2, gap="medium")
    other = field_of_model(resources.DEFAULT_MODEL)
    label = resources.model_label(st.session_state.model)
    with chosen:
        st.html(f"<h3>{html.escape(label)}{_side(field, other)}</h3>")
        _show_viewer(scene, "viewer", field)
    with pretrained:
        st.html(f"<h3>{resources.DEFAULT_MODEL}, pretrained{_side(other, field)}</h3>")
        _show_viewer(_look(picture.current_picture(), resources.DEFAULT_MODEL), "pretrained", other)


def _side(field: Field, beside: Field) -> str:
    """The size of a field, where the one beside it has another."""
    return f" · {field.side}×{field.side} pixels" if field.side != beside.side else ""


def _look(current: Picture | None, name: str | None) -> Scene | None:
    """Loads the model and lets it look; an error becomes one sentence on the page."""
    from app.look.looking import look
    from ram.data.mnist import DataError

    if name is None:
        st.error("There is no model: put a checkpoint into the folder checkpoints/.", icon=":material/error:")
        return None
    try:
        model, info = resources.load_model(name, st.session_state.device), resources.model_info(name)
        field, wanted = resources.model_field(name), arrangement()
        if current is None:
            return None
        image, decided = lay_out(current, field, wanted), wanted.decisions(field)
        return look(model, image, _settings(name), current.origin, info.class_names(), arranged=decided)
    except (ValueError, DataError) as error:  # a CheckpointError, too
        st.error(f"{error}. Choose another model or device.", icon=":material/error:")
        return None


def _settings(name: str) -> Settings:
    from app.look.looking import Settings

    state = st.session_state
    return Settings(
        model=resources.model_label(name),
        first=state.first,
        place=(state.x, state.y),
        gaze=state.gaze,
        seed=int(state.seed),
    )


def _show_viewer(scene: Scene | None, key: str, field: Field) -> None:
    glimpse_viewer(
        scene,
        prompt=PROMPT_FOR_LARGER if field.is_larger else PROMPT,
        key=key,
        speed=st.session_state.speed,
        only_seen=st.session_state.seen == "only",
        on_place=functools.partial(_place_clicked, key),
        on_option=functools.partial(_keep_options, key),
    )


def _keep_options(key: str) -> None:
    """The viewer's own options travel in the URL too."""
    chosen = st.session_state[key]
    if chosen.get("speed"):
        st.session_state.speed = chosen["speed"]
    if chosen.get("only_seen") is not None:
        st.session_state.seen = "only" if chosen["only_seen"] else "all"


def _place_clicked(key: str) -> None:
    place = st.session_state[key].place
    st.session_state.x, st.session_state.y = round(place["x"], 2), round(place["y"], 2)
    st.session_state.first = "place"


def _show_numbers(scene: Scene) -> None:
    from app.components.charts import charts_data, live_charts
    from app.figures import belief, exports, table

    figures = {"value": belief.value_figure(scene), "probabilities": belief.probabilities_figure(scene)}
    alts = {
        "value": "The value after each glimpse",
        "probabilities": "The probability of each class after each glimpse",
    }
    live_charts(charts_data(figures, alts), key="charts")
    # Built when opened: a table takes the server and the browser longer than both charts.
    numbers = st.expander("The same as numbers", key="numbers", on_change="rerun")
    if numbers.open:
        numbers.dataframe(table.scene_rows(scene), hide_index=True, column_config=_number_formats(scene))
    with st.container(horizontal=True):
        for label, build, name, kind in (
            ("Animated GIF", exports.animated_gif, "glimpses.gif", "image/gif"),
            ("PNG film strip", exports.film_strip, "glimpses.png", "image/png"),
            ("JSON", exports.rollout_json, "glimpses.json", "application/json"),
        ):
            # Built when clicked, not at every rerun.
            st.download_button(
                label, functools.partial(build, scene), name, kind, on_click="ignore", icon=":material/download:"
            )


def _number_formats(scene: Scene) -> dict[str, Any]:
    two, three = (st.column_config.NumberColumn(format=f"%.{digits}f") for digits in (2, 3))
    classes = {f"p({name})": three for name in scene.class_names}
    return {"x": two, "y": two, "value": three, "probability (%)": two, **classes}
