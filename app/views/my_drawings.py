"""The My drawings page: a small set of own drawings, each labelled by whoever drew it."""

from __future__ import annotations

import functools
import html
import re
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.components.classes import class_buttons
from app.components.gallery import digit_gallery
from app.server import resources
from app.server.shell import heading
from app.session import drawings
from app.session.address import BRUSHES
from app.session.drawings import Note, count_drawings

if TYPE_CHECKING:
    from ram.data.collection import Collection

INVITATION = "Draw a digit and say what it is. With about ten of each class a model can be fine-tuned on your hand."
FILE_NAME = "my-drawings.safetensors"


def show() -> None:
    """Draws the page. What needs PyTorch comes last, so that the frame is there at once."""
    # A session's canvas is forgotten when its page is left: without one, the page was just opened.
    entering = drawings.CANVAS not in st.session_state
    with st.container(key="labelling"):
        st.container(key="label_title").html(heading("drawings"))
        draw = st.container(key="label_draw")
        keep = st.container(key="label_keep")
        kept = st.container(key="label_kept")
        more = st.container(key="label_more")
    with draw:
        st.html("<h2>Draw here</h2><p class='spoken'>With mouse, pen or finger.</p>")
        canvas = drawings.show_canvas(st.session_state.brush, entering=entering)
        _canvas_tools()
    with keep:
        st.html("<h2>Keep it as</h2>")
        waking = st.empty()
    if not resources.is_warm():
        waking.info("Getting ready. This takes a few seconds, once.", icon=":material/hourglass_top:")
    collection = drawings.current_collection()
    waking.empty()
    drawings.keep_pressed(canvas)
    with keep:
        _class_buttons(collection)
        with st.container(key="canvas_note"):
            _say("canvas", "Press a class, or its key 0 to 9.")
    with kept:
        _show_set(collection)
    with more:
        _fine_tuning(collection)
        _files(collection)
        _names(collection)


def _canvas_tools() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Undo", key="label_undo", on_click=drawings.undo_stroke, icon=":material/undo:")
        st.button("Clear", key="label_clear", on_click=drawings.clear_canvas, icon=":material/delete:")
        st.select_slider("Brush size", BRUSHES, key="brush", label_visibility="collapsed", width=84)


def _class_buttons(collection: Collection) -> None:
    class_buttons(collection.classes, collection.counts, label="Keep it as", key="class_buttons", on_press=_press)


def _press() -> None:
    drawings.press(st.session_state.class_buttons.press)


def _fine_tuning(collection: Collection) -> None:
    """The way to the Train page, with everything chosen."""
    if not len(collection.digits.labels):
        return
    from app.pages import pages
    from app.session import recipe

    if st.button("Fine-tune a model on these", icon=":material/model_training:", type="primary", key="fine-tune"):
        recipe.take_own_drawings()
        st.switch_page(pages()["train"])


def _show_set(collection: Collection) -> None:
    count, held_back = len(collection.digits.labels), int(collection.held_back.sum())
    st.html("<h2>What is kept</h2>")
    if count:
        st.caption(
            f"{count_drawings(count)}. Every fourth of a class is held back to measure with: {held_back} so far"
            + (", marked with a dot." if held_back else ".")
        )
    else:
        ghosts = "".join(f"<span>{html.escape(name[:2])}</span>" for name in collection.classes)
        st.html(f"<p class='invitation'>{INVITATION}</p><div class='ghosts' aria-hidden='true'>{ghosts}</div>")
    with st.container(key="set_note"):
        _chosen_bar(collection)
    marked = collection.held_back.tolist()
    width = 12 + 9 * max(map(len, collection.classes))
    for label, name in enumerate(collection.classes):
        positions = (collection.digits.labels == label).nonzero().squeeze(dim=1).tolist()
        if positions:
            with st.container(key=f"kept_row_{label}", horizontal=True):
                st.text(name, width=width)
                _show_class(collection, positions, name, [marked[position] for position in positions], label)


def _show_class(collection: Collection, positions: list[int], name: str, marked: list[bool], label: int) -> None:
    digit_gallery(
        collection.digits.images[positions].numpy(),
        keys=positions,
        names=[
            f"{name}, drawing {number} of {len(positions)}{', held back' if held_back else ''}"
            for number, held_back in enumerate(marked, 1)
        ],
        chosen=drawings.chosen(),
        label=f"Drawings kept as {name}",
        key=f"kept_{label}",
        on_pick=functools.partial(_pick, f"kept_{label}"),
        marked=marked,
        dense=True,
    )


def _pick(gallery: str) -> None:
    drawings.choose(st.session_state[gallery].pick)


def _chosen_bar(collection: Collection) -> None:
    position = drawings.chosen()
    if position is None:
        _say("set", "Pick a drawing to remove it." if len(collection.digits.labels) else "")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        name = collection.classes[int(collection.digits.labels[position])]
        st.text(f"A drawing of {name} is chosen.", width="content")
        st.button("Remove it", on_click=drawings.remove_chosen, icon=":material/delete:", key="remove_chosen")


def _files(collection: Collection) -> None:
    from ram.data.collection import collection_bytes

    empty = not len(collection.digits.labels)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.download_button(
            "Download",
            # Not built when clicked: each rerun would replace that offer, and a click on the one before would fail.
            b"" if empty else collection_bytes(collection),
            FILE_NAME,
            "application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
            disabled=empty,
            key="download_drawings",
        )
        # With each upload the dialog becomes a new one: it closes, and takes the same file again.
        number = st.session_state.get("uploads", 0)
        with st.popover("Add a file", icon=":material/upload:", key=f"add_file_{number}"):
            st.file_uploader(
                f"A file that was downloaded here ({FILE_NAME}), at most 2 MB",
                type=["safetensors"],
                max_upload_size=2,
                key=f"drawings_file_{number}",
                on_change=_upload,
                args=(f"drawings_file_{number}",),
            )
        st.button(
            "Remove all", key="remove_all", on_click=drawings.remove_all, icon=":material/delete_sweep:", disabled=empty
        )
    _say("file", "")


def _upload(key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        drawings.add_file(file.getvalue())
        st.session_state.uploads = st.session_state.get("uploads", 0) + 1


def _names(collection: Collection) -> None:
    from ram.data.collection import LONGEST_NAME

    state = st.session_state
    # The fields follow the set when it changes by a file or an undo, but not while somebody corrects a name.
    fresh = state.get("names_shown") != collection.classes
    state.names_shown = collection.classes
    with st.expander("Own symbols", icon=":material/edit:"):
        st.markdown(
            "Draw something else than digits: give a class another name, such as *cat*. It then replaces its digit, "
            "and the digit's own images are no longer used in training."
        )
        with st.container(key="class_names"):
            for label, name in enumerate(collection.classes):
                key = f"class_name_{label}"
                if fresh or key not in state:
                    state[key] = name
                st.text_input(f"Class {label}", state[key], max_chars=LONGEST_NAME, key=key, on_change=_rename)
        _say("names", "")


def _rename() -> None:
    collection = drawings.current_collection()
    state = st.session_state
    drawings.rename([state.get(f"class_name_{label}", name) for label, name in enumerate(collection.classes)])


def _say(place: str, otherwise: str) -> None:
    """What was done last here, with the way back; or what can be done."""
    last = drawings.note()
    if last is not None and last.place == place:
        _show_note(last)
    elif otherwise:
        st.caption(otherwise)


def _show_note(last: Note) -> None:
    if last.problem and last.place == "canvas":
        st.markdown(f":material/info: {_plain(last.text)}")
        return
    if last.problem:
        st.warning(_plain(last.text), icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="center", key="note"):
        st.text(last.text, width="content")
        if last.before is not None:
            st.button("Take back", key="take_back", on_click=drawings.undo_change, icon=":material/undo:")


def _plain(text: Any) -> str:
    """Text in which nothing is Markdown: names are whatever somebody types."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", str(text))
